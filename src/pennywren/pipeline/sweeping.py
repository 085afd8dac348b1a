"""Finding what fell between two steps, so that nothing is ever lost with a process or a message."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from pennywren.errors import BadSetting
from pennywren.match import hints as match_hints
from pennywren.model.clock import SECOND, Clock, system_clock
from pennywren.notify import fan_outs, waiting
from pennywren.pipeline.queueing import enqueue_alerts
from pennywren.postgres.pool import Pool, open_pool, transaction
from pennywren.settings import Settings
from pennywren.store.connect import connect
from pennywren.workqueue import WorkQueue

AT_ONCE: Final = 5_000
"""Overdue alerts that one sweep takes: more would only wait in the queue instead."""

FAN_OUT_PAGES: Final = 50
"""Pages of forgotten fan-outs that one sweep works off."""

_FORGOTTEN: Final = timedelta(seconds=60)

_log = logging.getLogger(__name__)


class Sweeper:
    """Enqueues alerts that no job will come for, and goes on with fan-outs that nobody works on."""

    def __init__(
        self,
        pool: Pool,
        queue: WorkQueue,
        clock: Clock,
        *,
        cooldown: timedelta,
        page: int = 1_000,
        every: int = 30,
        lost_after: timedelta = waiting.LOST_AFTER,
    ) -> None:
        """`every` is the seconds from one sweep to the next."""
        self._pool = pool
        self._queue = queue
        self._clock = clock
        self._cooldown = cooldown
        self._page = page
        self._every = every
        self._lost_after = lost_after

    async def sweep(self) -> int:
        """Sweep once; how many alerts were enqueued.

        Raises:
            Unavailable, RedisError: a part is down; the next sweep does it.
        """
        slot = self._clock() // (self._every * SECOND)
        async with transaction(self._pool) as connection:
            overdue = await waiting.overdue(
                connection,
                AT_ONCE,
                unqueued_after=timedelta(seconds=self._every),
                lost_after=self._lost_after,
            )
        await enqueue_alerts(self._queue, self._pool, overdue, slot=slot)
        if overdue:
            _log.info("%d alerts were overdue", len(overdue))
        return len(overdue) + await self._go_on_with_fan_outs()

    async def _go_on_with_fan_outs(self) -> int:
        count = 0
        for _ in range(FAN_OUT_PAGES):
            async with transaction(self._pool) as connection:
                if not await fan_outs.any_open(connection, _FORGOTTEN):
                    break
                page = await fan_outs.decide_page(connection, self._cooldown, self._page)
            if page is None:
                break
            await enqueue_alerts(self._queue, self._pool, page.decided.alert_ids)
            count += len(page.decided.alert_ids)
        return count


@asynccontextmanager
async def open_sweeper(settings: Settings) -> AsyncGenerator[Sweeper]:
    """A sweeper of this installation.

    Raises:
        BadSetting: an address that it needs is not set.
        Unavailable: PostgreSQL does not answer.
    """
    if not (settings.queue_url and settings.postgres_url):
        raise BadSetting("PENNYWREN_QUEUE_URL and PENNYWREN_POSTGRES_URL: a sweep needs them")
    pool = await open_pool(settings.postgres_url, size=2)
    queue = WorkQueue(settings.queue_url)
    try:
        yield Sweeper(
            pool,
            queue,
            system_clock,
            cooldown=timedelta(seconds=settings.alert_cooldown),
            every=settings.sweep_every,
            lost_after=timedelta(seconds=settings.queue_lost_after),
        )
    finally:
        await asyncio.to_thread(queue.close)
        await pool.close()


async def sweep(settings: Settings) -> int:
    """One sweep job: alerts."""
    async with open_sweeper(settings) as sweeper:
        return await sweeper.sweep()


async def sweep_changes(settings: Settings) -> int:
    """Give lost hints of changes again, and forget the changes that everybody has handled; how many were hinted.

    Raises:
        BadSetting: the address of Redis is not set.
        Unavailable, RedisError: Redis does not answer.
    """
    if not settings.redis_url:
        raise BadSetting("PENNYWREN_REDIS_URL: a sweep needs it")
    client = connect(settings.redis_url)
    try:
        seconds, _ = await client.time()
        now = seconds * SECOND
        hinted = await match_hints.sweep(client, now)
        groups, retired = match_hints.GROUPS, ()
        if settings.archive_address is None:
            groups, retired = (match_hints.GROUP,), (match_hints.ARCHIVE,)
        await match_hints.trim(client, now - settings.changes_kept * SECOND, groups, retired)
    finally:
        await client.aclose()
    return hinted
