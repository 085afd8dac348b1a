"""Time as a value that is passed in: milliseconds since the epoch, UTC."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

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
    moment = datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    rest = ms % 1000
    return f"{moment}.{rest:03d}Z" if rest else f"{moment}Z"
