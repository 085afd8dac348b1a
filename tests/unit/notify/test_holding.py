"""When an alert goes: quiet hours, digests and budgets, on clocks that jump."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.model.clock import DAY, HOUR
from pennywren.notify.holding import BUDGET_SPAN, Habits, Held, hold, next_digest, quiet_end

VIENNA = ZoneInfo("Europe/Vienna")


def at(text: str, zone: ZoneInfo = VIENNA) -> int:
    """`2026-03-29 01:30` on a clock, as ms UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


NIGHT = Habits(VIENNA, quiet=(22 * 60, 7 * 60))
NOON = Habits(VIENNA, quiet=(12 * 60, 13 * 60 + 30))


@pytest.mark.parametrize(
    ("habits", "now", "end"),
    [
        (NIGHT, "2026-01-10 21:59", None),
        (NIGHT, "2026-01-10 22:00", "2026-01-11 07:00"),
        (NIGHT, "2026-01-11 06:59", "2026-01-11 07:00"),
        (NIGHT, "2026-01-11 07:00", None),
        (NOON, "2026-01-11 12:30", "2026-01-11 13:30"),
        (NOON, "2026-01-11 13:30", None),
        # The night in which clocks go forward has seven hours of quiet less one; the other one an hour more.
        (NIGHT, "2026-03-28 23:00", "2026-03-29 07:00"),
        (NIGHT, "2026-10-24 23:00", "2026-10-25 07:00"),
        (Habits(VIENNA), "2026-01-11 03:00", None),
    ],
)
def test_quiet_hours_end_when_the_persons_clock_says_so(habits: Habits, now: str, end: str | None) -> None:
    assert quiet_end(at(now), habits) == (None if end is None else at(end))


def test_the_night_with_a_missing_hour_is_an_hour_shorter() -> None:
    assert at("2026-03-29 07:00") - at("2026-03-28 22:00") == 8 * HOUR
    assert quiet_end(at("2026-03-28 22:00"), NIGHT) == at("2026-03-28 22:00") + 8 * HOUR
    assert quiet_end(at("2026-10-24 22:00"), NIGHT) == at("2026-10-24 22:00") + 10 * HOUR


def test_an_end_within_the_hour_that_is_missing_still_comes() -> None:
    habits = Habits(VIENNA, quiet=(22 * 60, 2 * 60 + 30))
    end = quiet_end(at("2026-03-28 23:00"), habits)
    assert end is not None
    assert at("2026-03-29 01:59") < end <= at("2026-03-29 03:30")


def test_a_digest_goes_at_its_hour_today_or_tomorrow() -> None:
    daily = Habits(VIENNA, digest="daily", digest_hour=8)
    assert next_digest(at("2026-01-10 07:59"), daily) == at("2026-01-10 08:00")
    assert next_digest(at("2026-01-10 08:00"), daily) == at("2026-01-11 08:00")


def test_a_weekly_digest_goes_on_its_weekday() -> None:
    weekly = Habits(VIENNA, digest="weekly", digest_hour=8, digest_weekday=1)
    assert next_digest(at("2026-01-10 12:00"), weekly) == at("2026-01-12 08:00")  # a Monday
    assert next_digest(at("2026-01-12 08:00"), weekly) == at("2026-01-19 08:00")


zones = st.sampled_from(
    ["UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"]
)
moments = st.integers(1_300_000_000_000, 1_900_000_000_000)


@given(zones, moments, st.integers(0, 1439), st.integers(0, 1439))
def test_quiet_hours_always_end_within_a_day_and_a_bit(zone: str, now: int, begin: int, end: int) -> None:
    habits = Habits(ZoneInfo(zone), quiet=(begin, end))
    until = quiet_end(now, habits)
    if until is not None:
        # Samoa left a whole day out, once.
        assert now < until <= now + 2 * DAY + 2 * HOUR


@given(zones, moments, st.integers(0, 23), st.integers(1, 7), st.booleans())
def test_a_digest_comes_within_a_week_at_its_hour(zone: str, now: int, hour: int, weekday: int, weekly: bool) -> None:
    habits = Habits(ZoneInfo(zone), digest="weekly" if weekly else "daily", digest_hour=hour, digest_weekday=weekday)
    due = next_digest(now, habits)
    local = datetime.fromtimestamp(due / 1000, ZoneInfo(zone))
    assert now < due <= now + (8 if weekly else 2) * DAY + 2 * HOUR
    assert abs(timedelta(hours=local.hour - hour)) <= timedelta(hours=1)
    assert not weekly or local.isoweekday() == weekday


def test_with_a_digest_everything_waits_for_it_and_goes_then_also_in_quiet_hours() -> None:
    habits = Habits(VIENNA, quiet=(22 * 60, 9 * 60), digest="daily", digest_hour=8)
    now = at("2026-01-10 12:00")
    assert hold(now, habits, [], None) == Held(at("2026-01-11 08:00"), "digest")
    assert hold(at("2026-01-11 08:00"), habits, [], "digest") is None


def test_what_quiet_hours_held_goes_at_their_end() -> None:
    now = at("2026-01-10 23:00")
    assert hold(now, NIGHT, [], None) == Held(at("2026-01-11 07:00"), "quietHours")
    assert hold(at("2026-01-11 07:00"), NIGHT, [], "quietHours") is None


def test_a_budget_is_free_again_when_the_first_of_its_messages_is_a_week_old() -> None:
    now = at("2026-01-10 12:00")
    habits = Habits(VIENNA, budget=2)
    told = [now - 8 * DAY, now - 3 * DAY, now - DAY]
    assert hold(now, habits, told[:2], None) is None
    held = hold(now, habits, told, None)
    assert held == Held(now - 3 * DAY + BUDGET_SPAN, "budget")
    assert held is not None
    assert hold(held.until, habits, told, "budget") is None


def test_who_said_nothing_is_told_at_once() -> None:
    assert hold(at("2026-01-10 03:00"), Habits(UTC), [0] * 1000, None) is None
