"""The files of the archive: their names, and reading rows from many of them.

`changes/2026-11-27/FIRST-LAST-pLOW-HIGH-DIGEST.parquet` has what the streams of partitions LOW to HIGH held between two
moments (ms); `days/…` the same for a whole day, in fewer files; `snapshots/…` whole products; `restored/AT-WHEN.json`
says that at WHEN all prices were restored to how they were AT, so that what lies between counts for nothing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from pennywren.archive import tables
from pennywren.archive.events import Event
from pennywren.archive.places import Place
from pennywren.errors import NotFound
from pennywren.model.clock import SECOND

FOLDERS: Final = ("changes", "days", "snapshots")
_TRIES: Final = 3
"""Readings before one gives up: files are folded into others once a day."""
_NAME: Final = re.compile(
    r"(changes|days|snapshots)/(\d{4}-\d\d-\d\d)/(\d+)-(\d+)-p(\d+)-(\d+)-([0-9a-f]{16})\.parquet\Z"
)
_RESTORED: Final = re.compile(r"restored/(\d+)-(\d+)\.json\Z")


@dataclass(frozen=True, slots=True)
class File:
    """A file of rows, by what its name says."""

    first: int
    """When its first row came (ms)."""
    last: int
    name: str
    folder: str
    day: str
    size: int
    partitions: range
    """Which may have rows in it."""


@dataclass(frozen=True, slots=True, order=True)
class Restored:
    """That all prices were restored at `when` (ms) to how they were at `at`."""

    when: int
    at: int


def name_of(folder: str, rows: Sequence[Event]) -> str:
    """The name of the file that holds these rows: the same rows have the same name, whoever writes them."""
    keys = sorted(row.key for row in rows)
    digest = sha256("\n".join(f"{n} {ms}-{seq} {product}" for n, ms, seq, product in keys).encode()).hexdigest()[:16]
    first, last = min(row.ms for row in rows), max(row.ms for row in rows)
    low, high = keys[0][0], keys[-1][0]
    return f"{folder}/{day_of(first)}/{first}-{last}-p{low}-{high}-{digest}.parquet"


def day_of(ms: int) -> str:
    """The day (UTC) of a moment: `2026-11-27`."""
    return datetime.fromtimestamp(ms // SECOND, UTC).date().isoformat()


def write(place: Place, folder: str, rows: Sequence[Event]) -> str:
    """Write rows as one file; its name.

    Raises:
        Unavailable: the archive cannot be written; doing it again is safe.
    """
    name = name_of(folder, rows)
    place.write(name, tables.to_parquet(tables.table_of(rows)))
    return name


def files(place: Place, folders: Iterable[str] = FOLDERS) -> list[File]:
    """All files of rows, oldest first. Other files in there are passed over.

    Raises:
        Unavailable: the archive cannot be read.
    """
    found: list[File] = []
    for folder in folders:
        for name, size in place.names(folder).items():
            if match := _NAME.match(name):
                partitions = range(int(match[5]), int(match[6]) + 1)
                found.append(File(int(match[3]), int(match[4]), name, match[1], match[2], size, partitions))
    return sorted(found, key=lambda file: (file.first, file.last, file.name))


def restorations(place: Place) -> list[Restored]:
    """When prices were restored, oldest first."""
    found = [match for name in place.names("restored") if (match := _RESTORED.match(name))]
    return sorted(Restored(int(match[2]), int(match[1])) for match in found)


def note_restored(place: Place, at: int, when: int) -> None:
    """Keep that prices were restored at `when` to how they were at `at` (ms): later rows go on from there."""
    place.write(f"restored/{at}-{when}.json", b"{}\n")


def read(place: Place, of: Sequence[File], partitions: range | None = None) -> Any:
    """The rows of several files as one table, each once.

    Raises:
        Unavailable: the archive cannot be read.
        NotFound: a file was folded into another meanwhile: list them again.
        BadInput: a file is damaged; the message has its name.
    """
    inside = [each for each in of if partitions is None or _touch(each.partitions, partitions)]
    return tables.together([tables.from_parquet(place.read(each.name), each.name, partitions) for each in inside])


def _touch(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop


def read_rows(place: Place, partitions: range | None = None, until: int | None = None) -> list[Event]:
    """The rows of the whole archive, or of some partitions and up to a moment (ms), by product and version.

    Raises:
        Unavailable, BadInput: the archive cannot be read, or a file of it is damaged.
    """
    for attempt in range(_TRIES):
        try:
            of = [each for each in files(place) if until is None or each.first <= until]
            return [row for row in tables.rows(read(place, of, partitions)) if until is None or row.ms <= until]
        except NotFound:
            if attempt == _TRIES - 1:
                raise
    return []
