"""From price changes to queued alerts: what `pennywren match` does.

In this order, so that whatever dies in between is done again and nothing twice: read, match, decide, enqueue, keep
that it is queued, acknowledge.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import asyncpg
from redis.exceptions import RedisError

from pennywren import tracing
from pennywren.errors import BadSetting, Conflict, PennywrenError
from pennywren.events import emit
from pennywren.logs import about
from pennywren.match import hints, index, shown
from pennywren.match.entries import Entry
from pennywren.match.streams import LEASE, PARTITIONS_AT_ONCE, ChangeReader, Reading, reader_name
from pennywren.model.change import PriceChange
from pennywren.model.clock import SECOND, Clock, system_clock
from pennywren.model.money import format_money
from pennywren.notify import alerts, fan_outs
from pennywren.notify.alerts import Decided
from pennywren.notify.telling import is_verified
from pennywren.pipeline.correcting import Corrector, is_withdrawal
from pennywren.pipeline.queueing import enqueue_alerts
from pennywren.pipeline.rescoring import Rescorer
from pennywren.pipeline.signs_of_life import Sign, signs_of_life, unseen
from pennywren.pipeline.stage_times import STAGE_TIME
from pennywren.postgres.pool import Pool, open_pool, transaction
from pennywren.settings import Settings
from pennywren.store.counters import observe
from pennywren.store.opening import store_at
from pennywren.store.store import Store
from pennywren.workqueue import WorkQueue

WAIT: Final = 1.0
"""Seconds that a reader sleeps on the hints before it looks whether it should stop."""

DECIDED_AT_ONCE: Final = 5_000
"""Watches that one transaction decides: it stays short, and the right to read is renewed after each."""

SWEEP_EVERY: Final = 15 * SECOND
"""Time (ms) between two sweeps of the hints of this process, so that matching does not depend on a scheduler."""

GATHER: Final = 200
"""Time (ms) from one step to the next while there is little to read. A change that comes alone is handled at once; what
comes meanwhile shares the next step, and so a delivery job, which costs a fork however little it carries."""

FAN_OUT_PAGE: Final = 10_000
"""Watches of a fan-out that one transaction decides: large, because what a page costs beside its rows is spread over
them; nothing waits for it but the next page, since changes of other products are decided beside it."""

FAN_OUT_LOOK: Final = 10.0
"""Seconds between two looks for a fan-out that another process left open."""

# The last one is what asyncpg raises when its server goes in the middle of a commit.
_FAULTS: Final = (
    PennywrenError,
    RedisError,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
_BACKOFF: Final = (0.1, 0.5, 1.0, 2.0, 5.0)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Concern:
    """A change that was read, and the watches that it may trigger."""

    entry: Entry
    change: PriceChange
    triggered: index.Triggered


@dataclass(slots=True)
class _Progress:
    handled: list[Entry] = field(default_factory=list[Entry])
    failed: defaultdict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list[Entry]))
    decisions: list[float] = field(default_factory=list[float])
    """How long each took (s)."""


class Matcher:
    """Turns price changes into queued alerts."""

    def __init__(
        self,
        store: Store,
        pool: Pool,
        queue: WorkQueue,
        clock: Clock,
        *,
        cooldown: timedelta,
        page: int = index.PAGE,
        fan_out_page: int = FAN_OUT_PAGE,
        lease: int = LEASE,
        sign: Sign = unseen,
    ) -> None:
        """`page`, at most index.PAGE, is how many watches a change may trigger and still be decided at once; `lease` is
        the seconds after which another matcher takes over from one that died; `sign` is called after each round."""
        self._client = store.client
        self._pool = pool
        self._queue = queue
        self._clock = clock
        self._cooldown = cooldown
        self._page = page
        self._fan_out_page = fan_out_page
        self._sign = sign
        self._reader = ChangeReader(store.client, reader_name(), clock, lease=lease)
        self._rescorer = Rescorer(pool, store, queue, clock, cooldown=cooldown)
        self._corrector = Corrector(pool, store, queue, clock)
        self._fan_out_opened = asyncio.Event()

    async def step(self, wait: float = WAIT) -> int:
        """Handle what one hint leads to; how many partitions were read, 0 if there was nothing within `wait` seconds.

        Raises:
            Unavailable, RedisError, PostgresError: a part is down; what was not handled will be read again.
            Conflict: another reader took over, because this one was too slow.
        """
        reading = await self._reader.read(wait)
        if reading is None:
            return 0
        progress, began_at = _Progress(), time.monotonic()
        try:
            await self._handle(reading, progress)
        finally:
            await self._reader.finish(reading, progress.handled, progress.failed)
        if reading.entries:
            await self._count(time.monotonic() - began_at, progress.decisions)
        return len(reading.partitions)

    async def _count(self, matched: float, decisions: Sequence[float]) -> None:
        """Count how long a reading and its decisions took (s)."""
        async with self._client.pipeline(transaction=False) as pipe:
            observe(pipe, STAGE_TIME, matched, "match")
            for each in decisions:
                observe(pipe, STAGE_TIME, each, "decide")
            await pipe.execute()

    async def fan_out_step(self) -> bool:
        """Decide and enqueue one page of one open fan-out; False if none is open.

        Raises:
            Unavailable, RedisError, PostgresError: a part is down; the page will be done again.
        """
        async with transaction(self._pool) as connection:
            page = await fan_outs.decide_page(connection, self._cooldown, self._fan_out_page)
        if page is None:
            return False
        await self._follow(page.decided)
        return True

    async def run(self, stop: asyncio.Event) -> None:
        """Match until `stop` is set; goes on by itself after Redis or PostgreSQL were down."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._changes_loop(stop))
            group.create_task(self._fan_out_loop(stop))

    async def _handle(self, reading: Reading, progress: _Progress) -> None:
        changes: list[tuple[Entry, PriceChange]] = []
        withdrawn: list[tuple[Entry, PriceChange]] = []
        for entry in reading.entries:
            if entry.change is None:
                progress.failed[entry.problem or "unreadable"].append(entry)
            else:
                (withdrawn if is_withdrawal(entry.change) else changes).append((entry, entry.change))
        # What a crawl saw; a price that one report claims is not for the first page.
        await shown.note_moves(self._client, [change for _, change in changes if is_verified(change)])
        await self._handle_changes(reading, changes, progress)
        # After the changes that they take back.
        for entry, change in withdrawn:
            await self._corrector.correct(change)
            progress.handled.append(entry)

    async def _handle_changes(
        self, reading: Reading, changes: Sequence[tuple[Entry, PriceChange]], progress: _Progress
    ) -> None:
        began = self._clock()
        triggered = await index.triggered(self._client, [change for _, change in changes])
        for (_, change), whom in zip(changes, triggered, strict=True):
            tracing.span("match", change.change_id, began, self._clock(), watches=whom.count)
        concerns: list[Concern] = []
        for (entry, change), whom in zip(changes, triggered, strict=True):
            # Nobody is told what no crawl of ours saw; the reason is kept unless it were to be kept for a crowd.
            if whom.count and (is_verified(change) or whom.count <= self._page):
                concerns.append(Concern(entry, change, whom))
            else:
                progress.handled.append(entry)
        if not concerns:
            return
        narrow = await self._fan_out(concerns, progress)
        for batch in _batches(narrow):
            await self._decide(batch, progress)
            if not await self._reader.hold(reading):
                raise Conflict("another matcher reads these changes now: this one was too slow")
            self._sign()

    async def _fan_out(self, concerns: Sequence[Concern], progress: _Progress) -> list[Concern]:
        """Put on the list what concerns too many, and what comes after such a change of the same offer; the rest."""
        wide: list[Concern] = []
        narrow: list[Concern] = []
        async with transaction(self._pool) as connection:
            products = sorted({concern.change.product for concern in concerns})
            wide_offers = await fan_outs.fanning_out(connection, products)
            for concern in concerns:
                offer = (concern.change.product, concern.change.offer)
                if concern.triggered.count > self._page or offer in wide_offers:
                    wide_offers.add(offer)
                    wide.append(concern)
                else:
                    narrow.append(concern)
            if wide:
                await fan_outs.open_fan_outs(connection, [concern.change for concern in wide])
        for concern in wide:
            _emit_matched(concern)
            progress.handled.append(concern.entry)
            self._fan_out_opened.set()
        return narrow

    async def _decide(self, batch: Sequence[Concern], progress: _Progress) -> None:
        began_at = time.monotonic()
        try:
            await self._decide_together(batch)
        except alerts.UNDECIDABLE as error:
            if len(batch) == 1:
                _log.warning("the change %s cannot be decided: %s", batch[0].change.change_id, error)
                progress.failed[str(error)].append(batch[0].entry)
                return
            # One of them is to blame: the others are not held up by it.
            for concern in batch:
                await self._decide([concern], progress)
            return
        progress.handled += [concern.entry for concern in batch]
        progress.decisions.append(time.monotonic() - began_at)

    async def _decide_together(self, batch: Sequence[Concern]) -> None:
        began = self._clock()
        concerned = [(concern.change, concern.triggered.subscription_ids) for concern in batch]
        async with transaction(self._pool) as connection:
            decided = await alerts.decide(connection, concerned, self._cooldown)
        for concern in batch:
            _emit_matched(concern)
            tracing.span("decide", concern.change.change_id, began, self._clock())
        await self._follow(decided)

    async def _follow(self, decided: Decided) -> None:
        """Enqueue what was decided, and move or end the watches that do so with their alert."""
        for alert_id, change_id in decided.changes.items():
            with about(alert=alert_id):
                _log.info("decided about the change %s", change_id)
        await enqueue_alerts(self._queue, self._pool, decided.alert_ids)
        await self._rescorer.look(decided.look_again)

    async def _changes_loop(self, stop: asyncio.Event) -> None:
        faults = 0
        swept_at = 0
        while not stop.is_set():
            try:
                if self._clock() - swept_at >= SWEEP_EVERY:
                    # A matcher that died may have taken hints with it, and still held the right to read when we began.
                    await hints.sweep(self._client, self._clock())
                    swept_at = self._clock()
                began = self._clock()
                read = await self.step()
                faults = 0
                self._sign()
                if 0 < read < PARTITIONS_AT_ONCE:
                    await _wait_for_any((began + GATHER - self._clock()) / SECOND, stop)
            except _FAULTS as fault:
                faults = await _back_off(stop, fault, faults)

    async def _fan_out_loop(self, stop: asyncio.Event) -> None:
        faults = 0
        while not stop.is_set():
            self._fan_out_opened.clear()
            try:
                if not await self.fan_out_step():
                    await _wait_for_any(FAN_OUT_LOOK, stop, self._fan_out_opened)
                faults = 0
            except _FAULTS as fault:
                faults = await _back_off(stop, fault, faults)


@asynccontextmanager
async def open_matcher(settings: Settings) -> AsyncGenerator[Matcher]:
    """A matcher of this installation.

    Raises:
        BadSetting: an address that it needs is not set.
        Unavailable: PostgreSQL does not answer.
    """
    if not (settings.redis_url and settings.queue_url and settings.postgres_url):
        raise BadSetting("PENNYWREN_REDIS_URL, PENNYWREN_QUEUE_URL and PENNYWREN_POSTGRES_URL: matching needs them")
    queue = WorkQueue(settings.queue_url)
    try:
        pool = await open_pool(settings.postgres_url, size=4)
        try:
            cooldown = timedelta(seconds=settings.alert_cooldown)
            async with store_at(settings.redis_url) as store:
                with signs_of_life(settings.data_dir, "match") as sign:
                    yield Matcher(
                        store, pool, queue, system_clock, cooldown=cooldown, lease=settings.match_lease, sign=sign
                    )
        finally:
            await pool.close()
    finally:
        await asyncio.to_thread(queue.close)


def _emit_matched(concern: Concern) -> None:
    change, count = concern.change, concern.triggered.count
    price = None if change.new is None else format_money(change.new, change.currency)
    emit("matched", change.product, f"{count} watch{'' if count == 1 else 'es'}", price)


def _batches(concerns: Sequence[Concern]) -> list[list[Concern]]:
    """In order, each of at most DECIDED_AT_ONCE watches."""
    batches: list[list[Concern]] = []
    size = DECIDED_AT_ONCE
    for concern in concerns:
        if size + concern.triggered.count > DECIDED_AT_ONCE:
            batches.append([])
            size = 0
        batches[-1].append(concern)
        size += concern.triggered.count
    return batches


async def _back_off(stop: asyncio.Event, fault: Exception, faults: int) -> int:
    """Wait longer after each fault in a row; their new number."""
    pause = _BACKOFF[min(faults, len(_BACKOFF) - 1)]
    _log.warning("matching waits %.1f s: %s: %s", pause, type(fault).__name__, fault)
    await _wait_for_any(pause, stop)
    return faults + 1


async def _wait_for_any(seconds: float, *events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
