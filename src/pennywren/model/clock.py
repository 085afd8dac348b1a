"""Time as a value that is passed in: milliseconds since the epoch, UTC."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

Clock = Callable[[], int]
"""Answers the current time in milliseconds UTC."""

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY


def system_clock() -> int:
    """This machine's clock."""
    return time.time_ns() // 1_000_000


def monotonic_clock() -> int:
    """Milliseconds since some moment, on a clock that nobody sets."""
    return time.monotonic_ns() // 1_000_000


def rfc3339(ms: int) -> str:
    """`1764067200000` -> `2025-11-25T10:40:00Z`; milliseconds are written where there are any."""
    day, rest = divmod(ms, DAY)
    if not rest:
        return _midnight(day)
    seconds, rest = divmod(rest, SECOND)
    minutes, second = divmod(seconds, 60)
    moment = f"{_midnight(day)[:11]}{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}"
    return f"{moment}.{rest:03d}Z" if rest else f"{moment}Z"


@lru_cache(maxsize=16_384)
def _midnight(day: int) -> str:
    """Of a day since 1970. A history names hundreds of days, and all histories the same ones."""
    return f"{datetime.fromtimestamp(day * DAY // SECOND, UTC):%Y-%m-%d}T00:00:00Z"
