"""Where buckets begin and end: hours, days, weeks from Monday, calendar months. All of it UTC, in milliseconds."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from pennywren.errors import BadQuery
from pennywren.model.clock import DAY, HOUR, WEEK


class Interval(StrEnum):
    """How finely a history is told."""

    RAW = "raw"
    """Every change, at its own time."""
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    """From Monday."""
    MONTH = "month"
    """Calendar months."""


_SYNONYMS: Final = {"hourly": Interval.HOUR, "daily": Interval.DAY, "weekly": Interval.WEEK, "monthly": Interval.MONTH}
_NAMES: Final = {interval.value: interval for interval in Interval} | _SYNONYMS

_MONDAY: Final = 4 * DAY
"""1970-01-05 was the first Monday."""
_ORIGIN: Final = {Interval.HOUR: 0, Interval.DAY: 0, Interval.WEEK: _MONDAY}
_LENGTH: Final = {Interval.HOUR: HOUR, Interval.DAY: DAY, Interval.WEEK: WEEK}

_FINEST_FOR: Final = (
    (2 * DAY, Interval.RAW),
    (14 * DAY, Interval.HOUR),
    (3 * 366 * DAY, Interval.DAY),
    (12 * 366 * DAY, Interval.WEEK),
)


def parse_interval(text: str) -> Interval:
    """`day` or `daily`, in any case.

    Raises:
        BadQuery: no such interval; names those that there are.
    """
    found = _NAMES.get(text.strip().lower())
    if found is None:
        raise BadQuery(
            f"interval={text[:20]!r} is not known: there are {', '.join(Interval)}; leave it out to have one chosen"
        )
    return found


def interval_for(span: int) -> Interval:
    """The interval for a span (ms) when none was asked for, so that a chart has some hundred points.

    Up to 2 days every change, up to 14 days hours, up to 3 years days, up to 12 years weeks, else months.
    """
    return next((interval for longest, interval in _FINEST_FOR if span <= longest), Interval.MONTH)


def floor(interval: Interval, at: int) -> int:
    """The start of the bucket that `at` is in; `at` itself for raw."""
    if interval is Interval.RAW:
        return at
    if interval is Interval.MONTH:
        return _month_start(_month_of(at))
    origin = _ORIGIN[interval]
    return at - (at - origin) % _LENGTH[interval]


def ceil(interval: Interval, at: int) -> int:
    """`at` if it is a bucket's edge, else the end of the bucket that it is in."""
    start = floor(interval, at)
    if start == at:
        return at
    return _month_start(_month_of(at) + 1) if interval is Interval.MONTH else start + _LENGTH[interval]


def count(interval: Interval, start: int, end: int) -> int:
    """How many buckets touch [start, end); 0 for raw, which has none."""
    if interval is Interval.RAW or end <= start:
        return 0
    if interval is Interval.MONTH:
        return _month_of(end - 1) - _month_of(start) + 1
    return (ceil(interval, end) - floor(interval, start)) // _LENGTH[interval]


def edges(interval: Interval, start: int, end: int) -> list[int]:
    """The edges of the buckets that touch [start, end): one more than there are buckets.

    For raw the range is a single bucket.
    """
    if interval is Interval.RAW:
        return [start, end]
    if interval is Interval.MONTH:
        return [_month_start(month) for month in range(_month_of(start), _month_of(end - 1) + 2)]
    return list(range(floor(interval, start), ceil(interval, end) + 1, _LENGTH[interval]))


def _month_of(at: int) -> int:
    """Months since year 0."""
    moment = datetime.fromtimestamp(at // 1000, UTC)
    return moment.year * 12 + moment.month - 1


def _month_start(month: int) -> int:
    year, index = divmod(month, 12)
    return int(datetime(year, index + 1, 1, tzinfo=UTC).timestamp()) * 1000
