"""Whether Pennywren keeps its promise: how many alerts, how fast, and which parts answer."""

import asyncio
from typing import Final

import asyncpg
from litestar import Response, get
from redis.exceptions import RedisError

from pennywren.errors import Unavailable
from pennywren.postgres.migrate import missing_migrations
from pennywren.postgres.pool import Pool, transaction
from pennywren.store.connect import Client
from pennywren.web.rendering.pages import VARY, html_page
from pennywren.web.resources import resources_of
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.shapes.views import HealthView, ReadyView
from pennywren.web.types import Answer, Request
from pennywren.workqueue import WorkQueue

_PATIENCE: Final = 3


@get("/status")
async def show_status(request: Request) -> Answer:
    """The alerts of the last day, by state, the time from a price seen to an alert delivered, and crawling."""
    view = await resources_of(request).status.read()
    headers = {"cache-control": "public, max-age=10", "vary": VARY}
    if prefers_html(request.headers.get("accept")):
        return html_page(request, "status.html", headers=headers, view=view)
    return Response(view, headers=headers)


@get("/healthz", uncounted=True)
async def show_health(request: Request) -> Answer:
    """Whether the parts answer: 200, or 503 where one does not."""
    resources = resources_of(request)
    redis, postgres = await asyncio.gather(_redis_answers(resources.client), _postgres_answers(resources.pool))
    return Response(HealthView(redis, postgres), status_code=200 if redis and postgres else 503)


@get("/readyz")
async def show_readiness(request: Request) -> Answer:
    """Whether requests may be sent here: 200; 503 where a part is missing, the schema is not the newest, or it ends."""
    resources = resources_of(request)
    redis, queue, schema = await asyncio.gather(
        _redis_answers(resources.client), _queue_answers(resources.queue), _schema_is_new(resources.pool)
    )
    ready = redis and queue and schema and not request.app.state.is_ending()
    return Response(ReadyView(redis, queue, schema), status_code=200 if ready else 503)


async def _queue_answers(queue: WorkQueue) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await asyncio.to_thread(queue.answers)
    except TimeoutError:
        return False


async def _schema_is_new(pool: Pool) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE), transaction(pool) as connection:
            return not await missing_migrations(connection)
    except (Unavailable, asyncpg.PostgresError, TimeoutError):
        return False


async def _redis_answers(client: Client) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            return bool(await client.ping())  # pyright: ignore[reportGeneralTypeIssues, reportUnknownArgumentType]
    except (RedisError, OSError, TimeoutError):
        return False


async def _postgres_answers(pool: Pool) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE), transaction(pool) as connection:
            return await connection.fetchval("select true")
    except (Unavailable, asyncpg.PostgresError, TimeoutError):
        return False
