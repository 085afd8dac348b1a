"""Fewer and smaller files: each day's into one, and what is old into one row a product.

Files are written before those that they replace are removed, so that a fold which dies leaves rows twice and none out;
rows that are there twice count once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from pennywren import keyspace
from pennywren.archive import files, tables
from pennywren.archive.events import SNAPSHOT, Event
from pennywren.archive.files import File, Restored
from pennywren.archive.places import Place
from pennywren.archive.replay import replay
from pennywren.errors import Conflict, NotFound
from pennywren.model.clock import DAY, HOUR
from pennywren.store.snapshots import Snapshot, encode

BLOCK_BYTES: Final = 64 * 1024 * 1024
"""Packed bytes that are worked on at once: what is more goes through by ranges of partitions."""
_SETTLED: Final = HOUR
"""How long after its end (ms) a day gets no more files: an archiver may be that far behind."""
_WORTH: Final = 0.25
"""Old rows are folded once they take this share of what they are folded into: every fold writes all of it anew."""


@dataclass(frozen=True, slots=True)
class Folded:
    """What a compaction did."""

    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    products: int
    """Whose old rows were folded into one."""


def compact(place: Place, now: int, whole: int) -> Folded:
    """Put each day's files together, and fold what is older than `whole` ms; `now` in ms.

    Raises:
        Unavailable: the archive cannot be read or written; doing it again is safe.
        Conflict: somebody else compacts it at the same time.
        BadInput: a file is damaged; nothing was removed.
    """
    before = files.files(place)
    try:
        merge_days(place, now)
        products = fold(place, now - whole)
    except NotFound as error:
        raise Conflict(f"somebody else compacts this archive right now ({error.message})") from error
    after = files.files(place)
    return Folded(len(before), len(after), _bytes(before), _bytes(after), products)


def merge_days(place: Place, now: int) -> None:
    """Put the files of each day that is over into one, or a few."""
    ended = files.day_of(now - DAY - _SETTLED)
    of_days = sorted(files.files(place, ("changes", "days")), key=lambda file: file.day)
    for day, group in groupby(of_days, key=lambda file: file.day):
        sources = list(group)
        if day > ended or all(file.folder == "days" for file in sources):
            continue
        written: set[str] = set()
        for partitions in blocks(sources):
            rows = tables.rows(files.read(place, sources, partitions))
            if rows:
                written.add(files.write(place, "days", rows))
        _remove(place, sources, written)


def fold(place: Place, cutoff: int) -> int:
    """Replace the rows up to `cutoff` (ms) by one snapshot a product, where that is worth it; how many products.

    To earlier moments prices cannot be restored any more.
    """
    restored = files.restorations(place)
    # What a later restoration took back must stay apart from what it did not.
    cutoff = min([cutoff, *(each.at for each in restored if each.when > cutoff)])
    sources = [file for file in files.files(place) if file.first <= cutoff]
    old = [file for file in sources if file.folder != "snapshots" and file.last <= cutoff]
    if not old or _bytes(old) < _WORTH * _bytes([file for file in sources if file.folder == "snapshots"]):
        return 0
    products, written = 0, set[str]()
    for partitions in blocks(sources):
        rows = tables.rows(files.read(place, sources, partitions))
        folded = list(snapshots_of([row for row in rows if row.ms <= cutoff], cutoff, restored))
        younger = [row for row in rows if row.ms > cutoff]
        products += len(folded)
        if folded:
            written.add(files.write(place, "snapshots", folded))
        if younger:
            written.add(files.write(place, "days", younger))
    _remove(place, sources, written)
    return products


def snapshots_of(rows: Sequence[Event], until: int, restored: Sequence[Restored]) -> Iterator[Event]:
    """One snapshot for each product of `rows`, which are in the order of products, as it was at `until` (ms)."""
    for _, group in groupby(rows, key=lambda row: (row.partition, row.product)):
        of = list(group)
        whole = replay(of, until, restored)
        if whole is not None:
            yield snapshot_row(of[0].partition, of[0].product, of[-1].ms, whole)


def snapshot_row(partition: int, product: str, ms: int, whole: Snapshot) -> Event:
    """A row that holds a whole product."""
    return Event(
        partition=partition,
        ms=ms,
        seq=-1,
        product=product,
        offer="buybox",
        kind=SNAPSHOT,
        old=None,
        new=None,
        currency=whole.currency,
        at=ms,
        version=whole.version,
        new_low=False,
        lowest_for_days=0,
        source=SNAPSHOT,
        snapshot=encode(whole),
    )


def blocks(sources: Sequence[File]) -> list[range]:
    """All partitions, in as few ranges as memory allows when one after the other is read."""
    count = min(max(1, -(-_bytes(sources) // BLOCK_BYTES)), keyspace.PARTITIONS)
    size = -(-keyspace.PARTITIONS // count)
    return [range(start, start + size) for start in range(0, keyspace.PARTITIONS, size)]


def _bytes(of: Sequence[File]) -> int:
    return sum(file.size for file in of)


def _remove(place: Place, sources: Sequence[File], written: set[str]) -> None:
    for file in sources:
        if file.name not in written:
            place.remove(file.name)
