"""What happens regularly: one scheduler at a time enqueues one job for each slot of time."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from redis.exceptions import LockError, RedisError

from pennywren import keyspace
from pennywren.model.clock import SECOND, Clock
from pennywren.pipeline.correcting import CORRECT_EVERY
from pennywren.pipeline.purging import PURGE_EVERY
from pennywren.pipeline.report_logging import FORGET_EVERY
from pennywren.pipeline.rescoring import RESCORE_EVERY
from pennywren.pipeline.signs_of_life import Sign, unseen
from pennywren.pipeline.warming import COOL_EVERY
from pennywren.settings import Settings
from pennywren.store.connect import Client
from pennywren.workqueue import WAITS, WorkQueue

LEASE: Final = 15.0
"""Seconds after which a scheduler that died is replaced."""

RENEW_EVERY: Final = 5.0
"""Seconds between two renewals of the lease."""

SITEMAPS_EVERY: Final = 6 * 3600

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Regular:
    """A job that is enqueued every so many seconds."""

    kind: str
    """Names the job and its slots: letters, digits, `_`, `-`."""
    every: int
    queue: str
    function: str
    args: tuple[Any, ...] = ()
    timeout: int = 120
    one_at_a_time: bool = False
    """Not enqueued while the one before still waits or runs."""
    waits: int = WAITS
    """Seconds after which one that nobody started is forgotten, and enqueued anew."""


def regulars(settings: Settings) -> tuple[Regular, ...]:
    """Everything that happens regularly here."""
    crawls = [
        Regular(
            f"crawl-{group[0]}",
            3,
            "crawl",
            "jobs.crawl.crawl",
            (list(group),),
            300,
            one_at_a_time=True,
            waits=settings.worker_silent_for,
        )
        for group in settings.egress_groups
    ]
    return (
        *crawls,
        Regular("forget-reports", FORGET_EVERY, "upkeep", "jobs.forget_reports.forget_reports"),
        Regular("correct", CORRECT_EVERY, "upkeep", "jobs.correct.correct"),
        Regular("cool", COOL_EVERY, "upkeep", "jobs.cool.cool", timeout=300),
        Regular("sweep", settings.sweep_every, "upkeep", "jobs.sweep.sweep"),
        Regular("read-sitemaps", SITEMAPS_EVERY, "upkeep", "jobs.read_sitemaps.read_sitemaps", timeout=300),
        Regular("purge", PURGE_EVERY, "upkeep", "jobs.purge.purge", timeout=3600),
        Regular("rescore", RESCORE_EVERY, "upkeep", "jobs.rescore.rescore", timeout=300),
        Regular("sweep-hints", settings.sweep_every, "upkeep", "jobs.sweep_hints.sweep_hints"),
    )


class ClockSteps:
    """Notices that the clock was set: it has moved otherwise than the time that passed."""

    def __init__(self, clock: Clock, passed: Clock) -> None:
        """`passed` is a clock that nobody sets (ms)."""
        self._clock = clock
        self._passed = passed
        self._offset = clock() - passed()

    def stepped(self) -> bool:
        """Whether the clock was set, by more than a second, since this was last asked."""
        before, self._offset = self._offset, self._clock() - self._passed()
        return abs(self._offset - before) > SECOND


class Scheduler:
    """Enqueues regular jobs while it has the lease. `client` is connected to the Redis of `queue`."""

    def __init__(self, client: Client, queue: WorkQueue, clock: Clock, *, sign: Sign = unseen) -> None:
        """`sign` is called whenever RQ's Redis has said who has the lease."""
        self._client = client
        self._queue = queue
        self._clock = clock
        self._lease = client.lock(keyspace.schedule_lease(), timeout=LEASE, blocking=False)
        self._leads = False
        self._sign = sign

    async def lead(self) -> bool:
        """Take or renew the lease; whether this scheduler has it now."""
        try:
            if self._leads:
                self._leads = await self._lease.reacquire()
            else:
                self._leads = await self._lease.acquire()
        except LockError:
            self._leads = False
        except (RedisError, OSError) as error:
            _log.warning("the scheduler's lease cannot be renewed: %s", error)
            self._leads = False
            return False
        self._sign()
        return self._leads

    async def tick(self, regular: Regular) -> bool:
        """Enqueue the job of the present slot; False if that was done before, or is another scheduler's to do."""
        if not self._leads:
            return False
        try:
            return await self._enqueue(regular)
        except (RedisError, OSError) as error:
            _log.warning("%s is not enqueued this time: %s", regular.kind, error)
            return False

    async def resign(self) -> None:
        """Give the lease back, so that another scheduler goes on at once."""
        try:
            if self._leads:
                await self._lease.release()
        except (RedisError, OSError) as error:
            _log.info("the scheduler's lease ends by itself: %s", error)
        self._leads = False

    async def _enqueue(self, regular: Regular) -> bool:
        if regular.one_at_a_time:
            return await self._put(regular, regular.kind)
        slot = self._clock() // (regular.every * SECOND)
        # The mark outlives the job: another scheduler would enqueue it again when it is done and its id is free.
        mark = keyspace.schedule_slot(regular.kind, slot)
        if not await self._client.set(mark, "1", nx=True, ex=max(3 * regular.every, 600)):
            return False
        return await self._put(regular, f"{regular.kind}-{slot}")

    async def _put(self, regular: Regular, job_id: str) -> bool:
        args: Sequence[Any] = regular.args
        return await asyncio.to_thread(
            # What comes regularly comes again by itself: a retry of it would only keep the next one away.
            partial(self._queue.enqueue, timeout=regular.timeout, retry=False, waits=regular.waits),
            regular.queue,
            regular.function,
            args,
            job_id,
        )
