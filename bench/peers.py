"""The production app, and beside it, behind the same server and framework, its peers: a no-op and PostgreSQL."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.types import Receive, Scope, Send

from pennywren.local.collecting import settle
from pennywren.postgres.pool import Pool, open_pool
from pennywren.settings import load_settings
from pennywren.web.app import create_app

DAILY = """
select date_bin('1 day', at, timestamptz '2000-01-03') as bucket, avg(price)::bigint, min(price), max(price)
from bench_samples where product_id = $1 and at >= $2::timestamptz and at < $3::timestamptz
group by bucket order by bucket
"""
DAYS = """
select bucket, price, low, high from bench_daily
where product_id = $1 and bucket >= $2::timestamptz and bucket < $3::timestamptz order by bucket
"""


@get("/bench/noop")
async def noop() -> Response[bytes]:
    """What the framework costs."""
    return Response(b"{}", media_type="application/json")


@get("/bench/date_bin")
async def date_bin(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The same two years daily, from PostgreSQL with date_bin over the samples."""
    return await _daily(request, DAILY, "us:B000000001")


@get("/bench/date_bin/{product:str}")
async def date_bin_of(request: Request[Any, Any, Any], product: str) -> Response[bytes]:
    """Two years daily of any product, from PostgreSQL with date_bin over the samples."""
    return await _daily(request, DAILY, product)


@get("/bench/daily/{product:str}")
async def daily(request: Request[Any, Any, Any], product: str) -> Response[bytes]:
    """The same from a table that has the days already."""
    return await _daily(request, DAYS, product)


async def _daily(request: Request[Any, Any, Any], query: str, product: str) -> Response[bytes]:
    pool: Pool = request.app.state.pool
    rows = await pool.fetch(query, product, *request.app.state.range)
    history = [{"timestamp": row[0], "price": row[1], "low": row[2], "high": row[3]} for row in rows]
    return Response(msgspec.json.encode({"history": history}), media_type="application/json")


@asynccontextmanager
async def _pool(app: Litestar) -> AsyncGenerator[None]:
    app.state.pool = await open_pool(load_settings().postgres_url or "", size=10)
    bounds: Any = await app.state.pool.fetchrow("select min(at), max(at) from bench_samples")
    app.state.range = (bounds[0], bounds[1])
    yield
    await app.state.pool.close()


def create_bench_app() -> "Beside":
    """For the server: `bench.peers:create_bench_app`."""
    app = Beside()
    settle()
    return app


class Beside:
    """Sends /bench/… to the peers and everything else to the production app."""

    def __init__(self) -> None:
        self._ours = create_app()
        self._peers = Litestar([noop, date_bin, date_bin_of, daily], lifespan=[_pool], openapi_config=None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI; only the production app sees the server's own start and end."""
        if scope["type"] != "http":
            async with self._peers.lifespan():
                await self._ours(scope, receive, send)
        elif scope["path"].startswith("/bench/"):
            await self._peers(scope, receive, send)
        else:
            await self._ours(scope, receive, send)
