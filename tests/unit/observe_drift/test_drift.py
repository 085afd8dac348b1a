"""A share of unreadable pages above the threshold, among enough pages of one kind, is drift."""

from hypothesis import given
from hypothesis import strategies as st

from pennywren.model.clock import HOUR
from pennywren.observe.drift import ENOUGH_PAGES, WINDOW_HOURS, Kind, Tally, field, hours_until, tallies

US, DE = Kind("us", "core_price"), Kind("de", "legacy")


def test_hours_are_counted_together_by_kind() -> None:
    first = {field(US, readable=True): "7", field(US, readable=False): "1"}
    second = {field(US, readable=True): "3", field(DE, readable=False): "2"}
    assert tallies([first, {}, second]) == [Tally(DE, 0, 2), Tally(US, 10, 1)]


def test_few_pages_say_nothing_and_many_may() -> None:
    assert not Tally(US, 0, ENOUGH_PAGES - 1).drifts(10)
    assert Tally(US, 0, ENOUGH_PAGES).drifts(10)
    assert not Tally(US, 90, 10).drifts(10), "a tenth is allowed"
    assert Tally(US, 89, 11).drifts(10)
    assert Tally(US, 0, 0).share == 0.0


@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 100))
def test_one_more_page_that_was_read_never_makes_it_worse(read: int, unreadable: int, percent: int) -> None:
    assert Tally(US, read + 1, unreadable).share <= Tally(US, read, unreadable).share
    if read + unreadable >= ENOUGH_PAGES and not Tally(US, read, unreadable).drifts(percent):
        assert not Tally(US, read + 1, unreadable).drifts(percent)


def test_a_day_is_looked_at_together() -> None:
    hours = hours_until(100 * HOUR + 1)
    assert (hours[0], hours[-1], len(hours)) == (77, 100, WINDOW_HOURS)
