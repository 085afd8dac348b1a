"""Between our milliseconds UTC and PostgreSQL's timestamptz."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def to_moment(ms: int) -> datetime:
    """`ms` as PostgreSQL takes it."""
    return _EPOCH + timedelta(milliseconds=ms)


def to_ms(moment: datetime) -> int:
    """A timestamptz as milliseconds UTC, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND
