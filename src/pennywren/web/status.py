"""Whether Pennywren keeps its promise: how many alerts, how fast, and which parts answer."""

import asyncio
from typing import Final

import asyncpg
from litestar import Response, get
from redis.exceptions import RedisError

from pennywren.errors import Unavailable
from pennywren.postgres.pool import Pool, transaction
from pennywren.store.connect import Client
from pennywren.web.negotiation import prefers_html
from pennywren.web.pages import html_page
from pennywren.web.resources import resources_of
from pennywren.web.types import Answer, Request
from pennywren.web.views import HealthView, StatusView, TimeToAlert

_STATES: Final = ("decided", "sending", "delivered", "failed")
_PATIENCE: Final = 3


@get("/status")
async def show_status(request: Request) -> Answer:
    """The alerts of the last day, by state, and the time from a price seen to an alert delivered."""
    view = await _read(resources_of(request).pool)
    headers = {"cache-control": "public, max-age=10", "vary": "Accept"}
    if prefers_html(request.headers.get("accept")):
        return html_page("status.html", headers=headers, view=view)
    return Response(view, headers=headers)


@get("/healthz")
async def show_health(request: Request) -> Answer:
    """Whether the parts answer: 200, or 503 where one does not."""
    resources = resources_of(request)
    redis, postgres = await asyncio.gather(_redis_answers(resources.client), _postgres_answers(resources.pool))
    return Response(HealthView(redis, postgres), status_code=200 if redis and postgres else 503)


async def _read(pool: Pool) -> StatusView:
    async with transaction(pool) as connection:
        counted = await connection.fetch(
            "select state, count(*) from alerts where decided_at > now() - interval '1 day' group by state"
        )
        times = await connection.fetchrow(
            """
            select percentile_cont(array[0.5, 0.95]) within group (order by seconds) as quantiles
            from (
                select extract(epoch from min(deliveries.attempted_at) - alerts.seen_at)::float8 as seconds
                from alerts join deliveries on deliveries.alert_id = alerts.id and outcome = 'delivered'
                where alerts.decided_at > now() - interval '1 day' and alerts.change_id <> 'created'
                group by alerts.id
            ) as delivered
            """
        )
    quantiles = (times["quantiles"] if times else None) or (None, None)
    by_state = {row["state"]: row["count"] for row in counted}
    return StatusView(
        alerts={state: by_state.get(state, 0) for state in _STATES},
        time_to_alert=TimeToAlert(*(None if one is None else round(one, 3) for one in quantiles)),
    )


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
