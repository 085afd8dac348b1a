"""Where hours, days, weeks and months begin."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.errors import BadQuery
from pennywren.history import calendar
from pennywren.history.calendar import Interval, interval_for, parse_interval
from pennywren.model.clock import DAY, rfc3339

BUCKETED = [interval for interval in Interval if interval is not Interval.RAW]
times = st.integers(0, 4_000_000_000_000)


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1000


@pytest.mark.parametrize(
    ("interval", "starts", "ends"),
    [
        (Interval.HOUR, "2024-02-29T13:00:00Z", "2024-02-29T14:00:00Z"),
        (Interval.DAY, "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
        (Interval.WEEK, "2024-02-26T00:00:00Z", "2024-03-04T00:00:00Z"),
        (Interval.MONTH, "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
    ],
)
def test_a_leap_day_lies_in_its_hour_day_week_and_month(interval: Interval, starts: str, ends: str) -> None:
    at = _ms("2024-02-29T13:45:07+00:00")
    assert rfc3339(calendar.floor(interval, at)) == starts
    assert rfc3339(calendar.ceil(interval, at)) == ends


@given(times)
def test_weeks_begin_on_a_monday_at_midnight(at: int) -> None:
    start = datetime.fromtimestamp(calendar.floor(Interval.WEEK, at) / 1000, UTC)
    assert (start.weekday(), start.hour, start.minute, start.second) == (0, 0, 0, 0)


@given(st.sampled_from(BUCKETED), times, st.integers(1, 400 * DAY))
def test_edges_cover_the_range_without_a_bucket_too_many(interval: Interval, start: int, span: int) -> None:
    if interval is Interval.HOUR:
        span = span % (10 * DAY) + 1
    end = start + span
    edges = calendar.edges(interval, start, end)
    assert edges[0] <= start < edges[1]
    assert edges[-2] < end <= edges[-1]
    assert all(calendar.floor(interval, edge) == edge == calendar.ceil(interval, edge) for edge in edges)
    assert all(calendar.floor(interval, late - 1) == early for early, late in pairwise(edges))
    assert calendar.count(interval, start, end) == len(edges) - 1


@pytest.mark.parametrize("text", ["day", "daily", "Daily", " DAY "])
def test_intervals_have_synonyms(text: str) -> None:
    assert parse_interval(text) is Interval.DAY


def test_an_unknown_interval_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(BadQuery, match="raw, hour, day, week, month"):
        parse_interval("fortnight")


def test_the_longer_the_span_the_coarser_the_interval() -> None:
    chosen = [interval_for(days * DAY) for days in (1, 7, 30, 730, 2000, 9000)]
    assert chosen == ["raw", "hour", "day", "day", "week", "month"]
