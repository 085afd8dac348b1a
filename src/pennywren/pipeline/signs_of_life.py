"""Signs of life: a file that a process writes whenever it has done a round of its work.

So another process of the same machine or container can tell that it works, and not only that it exists
(`pennywren health`). A sign that cannot be written keeps nobody from working.
"""

import logging
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pennywren.model.clock import SECOND, Clock, monotonic_clock

PARTS: Final = ("match", "archive", "schedule")
"""Those that give signs of life; of workers RQ knows."""

Sign = Callable[[], None]
"""Says that a round of work is done."""

_AT_MOST_EVERY: Final = 1 * SECOND

_log = logging.getLogger(__name__)


def unseen() -> None:
    """The sign of work that nobody watches over."""


@contextmanager
def signs_of_life(data_dir: Path, part: str, clock: Clock = monotonic_clock) -> Generator[Sign]:
    """What `part` calls after each round of its work; its sign is gone when this ends in good order.

    `clock` is one that nobody sets and that all processes of the machine share. Where several processes of a part have
    one data folder, the sign is that of whichever worked last.
    """
    file = _file(data_dir, part)
    given_at: int | None = None

    def give() -> None:
        nonlocal given_at
        now = clock()
        if given_at is not None and now - given_at < _AT_MOST_EVERY:
            return
        first, given_at = given_at is None, now
        try:
            _write(file, now)
        except OSError as error:
            _log.log(
                logging.WARNING if first else logging.DEBUG, "%s cannot be written, so `pennywren health %s` fails: %s",
                file, part, error.strerror or error,
            )  # fmt: skip

    try:
        yield give
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)


def last_sign(data_dir: Path, part: str) -> int | None:
    """When the last round of `part` ended, on the clock that nobody sets (ms); None if there is no sign of it."""
    try:
        return int(_file(data_dir, part).read_text())
    except (OSError, ValueError):
        return None


def _file(data_dir: Path, part: str) -> Path:
    return data_dir / "alive" / part


def _write(file: Path, now: int) -> None:
    """Whole or not at all: whoever reads meanwhile must not find it empty."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    fresh.write_text(str(now))
    fresh.replace(file)
