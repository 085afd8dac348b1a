"""From the change streams into the archive: what `pennywren archive run` does.

In this order, so that whatever dies in between is done again and nothing twice: read, add what the stream does not
hold, write one file under a name that its rows give it, acknowledge. A repeated reading is the same one, so it writes
the same name; and a row that two files have counts once, because its partition and stream id say which it is.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.archive import files, folding
from pennywren.archive.events import TIER, Event
from pennywren.archive.places import Place, open_place
from pennywren.errors import BadSetting, Conflict, PennywrenError
from pennywren.match import hints
from pennywren.match.entries import Entry
from pennywren.match.streams import ChangeReader, reader_name
from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.clock import DAY, SECOND, Clock, system_clock
from pennywren.model.product import ProductID
from pennywren.model.provenance import sample_field
from pennywren.pipeline.signs_of_life import Sign, signs_of_life, unseen
from pennywren.settings import Settings
from pennywren.store import snapshots
from pennywren.store.connect import Client, connect
from pennywren.store.counters import Counter, count

ARCHIVED: Final = Counter("pennywren_archived_total", "Rows that were written into the archive.", ("kind",))
PARTITIONS_AT_ONCE: Final = 256
ENTRIES: Final = 200
"""Of each partition in one file: at most 51,200 rows."""
_LATER: Final = 5.0
_FAULTS: Final = (PennywrenError, RedisError, OSError)

_log = logging.getLogger(__name__)


class Archiver:
    """Writes what streams hold into the archive."""

    def __init__(
        self,
        client: Client,
        place: Place,
        clock: Clock,
        *,
        every: float = 60.0,
        whole: int = 30 * DAY,
        sign: Sign = unseen,
    ) -> None:
        """`every` is the seconds between two looks at the streams; rows older than `whole` ms are folded;
        `sign` is called after each round and each file."""
        self._client = client
        self._place = place
        self._clock = clock
        self._every = every
        self._whole = whole
        self._sign = sign
        self._reader = ChangeReader(client, reader_name(), clock, hints.ARCHIVE, count=ENTRIES, again_alone=True)

    async def run(self, stop: asyncio.Event) -> None:
        """Archive until `stop` is set, and once more then; goes on by itself after a part was down."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._steps(stop))
            group.create_task(self._compactions(stop))

    async def _steps(self, stop: asyncio.Event) -> None:
        while True:
            last, pause = stop.is_set(), self._every
            try:
                await self.step()
                self._sign()
            except _FAULTS as fault:
                _log.warning("archiving waits: %s: %s", type(fault).__name__, fault)
                pause = min(_LATER, self._every)
            if last:
                return
            await _wait(stop, pause)

    async def _compactions(self, stop: asyncio.Event) -> None:
        """Every day, beside everything else; where several archivers run, whoever comes second gives up."""
        while not stop.is_set():
            try:
                await asyncio.to_thread(folding.compact, self._place, self._clock(), self._whole)
            except _FAULTS as fault:
                _log.warning("the archive is not compacted today: %s: %s", type(fault).__name__, fault)
            await _wait(stop, DAY / SECOND)

    async def step(self) -> int:
        """Archive everything that waits and that no other archiver has; how many rows.

        Raises:
            Unavailable, RedisError: a part is down; what was not acknowledged will be read again.
            Conflict: another archiver took over, because this one was too slow.
        """
        waiting = await hints.waiting(self._client, hints.ARCHIVE, range(keyspace.PARTITIONS))
        total = 0
        for start in range(0, len(waiting), PARTITIONS_AT_ONCE):
            part = waiting[start : start + PARTITIONS_AT_ONCE]
            while written := await self._write_one(part):
                total += written
                self._sign()
        return total

    async def _write_one(self, partitions: Sequence[int]) -> int:
        """Write one file of what waits in some partitions; how many rows, 0 if nothing waits."""
        reading = await self._reader.read_of(partitions)
        if reading is None:
            return 0
        handled: Sequence[Entry] = ()
        failed: defaultdict[str, list[Entry]] = defaultdict(list)
        try:
            known = [entry for entry in reading.entries if entry.change is not None]
            for entry in reading.entries:
                if entry.change is None:
                    failed[entry.problem or "unreadable"].append(entry)
            if known:
                rows = await self._rows(known)
                if not await self._reader.hold(reading):
                    raise Conflict("another archiver has these changes now: this one was too slow")
                await asyncio.to_thread(files.write, self._place, "changes", rows)
                handled = known
                await self._count(rows)
        finally:
            await self._reader.finish(reading, handled, failed, hinted=False)
        # Also what could not be read: after three readings it is out of the way.
        return len(reading.entries)

    async def _rows(self, entries: Sequence[Entry]) -> list[Event]:
        """Rows of entries, with what the streams do not hold: a whole product for a rewrite, and why it is believed."""
        changes = [entry.change for entry in entries if entry.change is not None]
        rewritten = sorted({each.product for each in changes if _needs_snapshot(each)})
        taken = dict(zip(rewritten, await snapshots.take(self._client, rewritten), strict=True))
        async with self._client.pipeline(transaction=False) as pipe:
            for change in changes:
                pipe.hget(keyspace.proof(change.product), sample_field(change.offer, change.at))
            proofs: list[Any] = await pipe.execute()
        return [
            _row(entry, change, proof, taken) for entry, change, proof in zip(entries, changes, proofs, strict=True)
        ]

    async def _count(self, rows: Sequence[Event]) -> None:
        by_kind: defaultdict[str, int] = defaultdict(int)
        for row in rows:
            by_kind[row.kind] += 1
        async with self._client.pipeline(transaction=False) as pipe:
            for kind, number in by_kind.items():
                count(pipe, ARCHIVED, kind, by=number)
            await pipe.execute()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


def _needs_snapshot(change: PriceChange) -> bool:
    return change.kind is ChangeKind.REWRITE and change.source != TIER


def _row(
    entry: Entry, change: PriceChange, proof: str | None, taken: dict[ProductID, snapshots.Snapshot | None]
) -> Event:
    ms, _, seq = entry.id.partition("-")
    unseen = entry.fields.get("unseenFrom") or None
    whole = taken.get(change.product) if _needs_snapshot(change) else None
    return Event(
        partition=entry.partition,
        ms=int(ms),
        seq=int(seq),
        product=str(change.product),
        offer=change.offer.value,
        kind=change.kind.value,
        old=change.old,
        new=change.new,
        currency=change.currency,
        at=change.at,
        version=change.version,
        new_low=change.new_low,
        lowest_for_days=change.lowest_for_days,
        source=change.source,
        unseen_from=int(unseen) if unseen else None,
        proof=proof,
        snapshot=None if whole is None else snapshots.encode(whole),
    )


def place_of(settings: Settings) -> Place:
    """The archive of this installation.

    Raises:
        BadSetting: it has none, or the setting is no address.
    """
    if settings.archive_address is None:
        raise BadSetting("PENNYWREN_ARCHIVE is off: name a folder or s3://BUCKET/PREFIX to keep an archive")
    return open_place(settings.archive_address)


@asynccontextmanager
async def open_archiver(settings: Settings) -> AsyncGenerator[Archiver]:
    """An archiver of this installation.

    Raises:
        BadSetting: there is no archive, or no address of Redis.
        Unavailable: the archive cannot be read.
    """
    if not settings.redis_url:
        raise BadSetting("PENNYWREN_REDIS_URL: archiving needs it")
    place = place_of(settings)
    client = connect(settings.redis_url)
    try:
        with signs_of_life(settings.data_dir, "archive") as sign:
            whole = settings.archive_whole * SECOND
            yield Archiver(client, place, system_clock, every=settings.archive_every, whole=whole, sign=sign)
    finally:
        await client.aclose()
