"""The figures of the status page, worked out now and then: whoever asks in between is told the same."""

import asyncio
from typing import Final

import asyncpg
from redis.exceptions import RedisError

from pennywren.errors import Unavailable
from pennywren.model.clock import SECOND, Clock
from pennywren.pipeline.alert_times import Promptness, last_day_and_month
from pennywren.pipeline.crawl_status import CrawlStatus, crawl_status
from pennywren.postgres.pool import Pool, transaction
from pennywren.settings import Settings
from pennywren.store.connect import Client
from pennywren.web.shapes.views import CrawlView, StatusView, TimeToAlert

STATES: Final = ("decided", "held", "sending", "delivered", "failed", "dropped")
"""What may have become of an alert."""
_FRESH: Final = 10 * SECOND

_LATE: Final = """
select count(*) filter (where decided_at > now() - interval '1 day') as day, count(*) as month from alerts
where state in ('decided', 'sending') and about = 'change' and held_for is null
  and seen_at < now() - interval '1 hour' and decided_at > now() - interval '30 days'
"""


class StatusBoard:
    """How alerts fare and crawling stands, read at most every ten seconds, and once for all who ask meanwhile."""

    def __init__(self, pool: Pool, client: Client, settings: Settings, clock: Clock) -> None:
        self._pool = pool
        self._client = client
        self._settings = settings
        self._clock = clock
        self._lock = asyncio.Lock()
        self._view: StatusView | None = None
        self._read_at = 0

    async def read(self) -> StatusView:
        """The figures, ten seconds old at most, without those of a part that does not answer."""
        async with self._lock:
            if self._view is None or self._clock() - self._read_at >= _FRESH:
                self._view, self._read_at = await self._look(), self._clock()
            return self._view

    async def _look(self) -> StatusView:
        known, counted = await asyncio.gather(self._alerts(), self._counted())
        missing = [name for name, part in (("redis", counted), ("postgres", known)) if part is None]
        alerts, late = known or (None, (0, 0))
        if counted is None:
            return StatusView(missing, alerts, None, None, None)
        times, crawl = counted
        day, month = (_view(each.and_waiting(waiting)) for each, waiting in zip(times, late, strict=True))
        return StatusView(missing, alerts, day, month, crawl)

    async def _alerts(self) -> tuple[dict[str, int], tuple[int, int]] | None:
        """What PostgreSQL says, and how many alerts of the last day and of 30 days have waited for more than an hour;
        None while it does not."""
        try:
            async with transaction(self._pool) as connection:
                counted = await connection.fetch(
                    "select state, count(*) from alerts where decided_at > now() - interval '1 day' group by state"
                )
                late = await connection.fetchrow(_LATE)
        except (Unavailable, asyncpg.PostgresError, asyncpg.InterfaceError):
            return None
        by_state = {row["state"]: row["count"] for row in counted}
        assert late is not None  # an aggregate has one row
        return {state: by_state.get(state, 0) for state in STATES}, (late["day"], late["month"])

    async def _counted(self) -> tuple[tuple[Promptness, Promptness], CrawlView] | None:
        """What Redis says; None while it does not."""
        now = self._clock()
        try:
            times = await last_day_and_month(self._client, now)
            crawl = await crawl_status(self._client, self._settings, now)
        except (Unavailable, RedisError, OSError):
            return None
        return times, crawl_view(crawl)


def crawl_view(status: CrawlStatus) -> CrawlView:
    """What of it is for everybody."""
    pages, unreadable = sum(line.pages for line in status.pages), sum(line.unreadable for line in status.pages)
    return CrawlView(
        products=status.frontier.products,
        requests_last_minute=status.frontier.spent_last_minute,
        requests_per_minute=status.frontier.budget_per_minute,
        unreadable_share=_rounded(unreadable / pages if pages else None, 4),
        egresses_held=len({line.egress for line in status.egresses if line.circuit == "open"}),
        oldest_due_seconds=max(status.frontier.oldest_due_seconds.values(), default=0.0),
    )


def _view(of: Promptness) -> TimeToAlert:
    return TimeToAlert(
        _rounded(of.p50, 3), _rounded(of.p95, 3), _rounded(of.p99, 3), _rounded(of.within_hour, 5), of.count, of.missed
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
