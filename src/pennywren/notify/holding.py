"""Whether an alert goes now, or is held: for a digest, through quiet hours, or for want of budget. Pure rules.

Times of day are those of the person's clock; where a night has no 02:30, or two of them, the moment is the one that
PEP 495 calls the first. Whoever asked for a digest at an hour gets it then, also in quiet hours.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final, Literal

from pennywren.model.clock import DAY

Cause = Literal["quietHours", "digest", "budget", "snoozed"]

BUDGET_SPAN: Final = 7 * DAY
"""Milliseconds that a budget is for."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What of a person's preferences decides when."""

    zone: tzinfo = UTC
    quiet: tuple[int, int] | None = None
    """From and to, in minutes after midnight."""
    digest: Literal["off", "daily", "weekly"] = "off"
    digest_hour: int = 8
    digest_weekday: int = 1
    budget: int | None = None
    """Messages in any seven days."""


@dataclass(frozen=True, slots=True)
class Held:
    """Not now: look again at `until` (ms UTC)."""

    until: int
    cause: Cause


def hold(now: int, habits: Habits, told: Sequence[int], held_for: str | None) -> Held | None:
    """Why and until when an alert is held at `now` (ms UTC); None if it goes.

    `told` are the moments (ms UTC) at which the person was sent messages in the last seven days, oldest first;
    `held_for` is what this alert was held for until now, None if it was not.
    """
    if habits.digest != "off":
        if held_for != "digest":
            return Held(next_digest(now, habits), "digest")
    elif (quiet := quiet_hold(now, habits)) is not None:
        return quiet
    if habits.budget is not None:
        counted = [at for at in told if now - BUDGET_SPAN < at]
        if len(counted) >= habits.budget:
            return Held(counted[-habits.budget] + BUDGET_SPAN, "budget")
    return None


def quiet_hold(now: int, habits: Habits) -> Held | None:
    """Until when quiet hours hold an alert at `now` (ms UTC); None if they do not, or a digest takes their place."""
    end = quiet_end(now, habits) if habits.digest == "off" else None
    return None if end is None else Held(end, "quietHours")


def quiet_end(now: int, habits: Habits) -> int | None:
    """When the quiet hours end that `now` lies in; None if it lies in none."""
    if habits.quiet is None:
        return None
    begin, end = habits.quiet
    local = _local(now, habits.zone)
    minute = 60 * local.hour + local.minute
    inside = begin <= minute < end if begin < end else minute >= begin or minute < end
    if not inside:
        return None
    return _next(now, habits.zone, end, lambda day: True)


def next_digest(now: int, habits: Habits) -> int:
    """The next moment after `now` at which the person's digest goes."""
    weekly = habits.digest == "weekly"
    return _next(
        now, habits.zone, 60 * habits.digest_hour, lambda day: not weekly or day.isoweekday() == habits.digest_weekday
    )


def _next(now: int, zone: tzinfo, minute: int, fits: Callable[[datetime], bool]) -> int:
    """The first moment after `now` at which the clock of `zone` shows `minute` on a day that fits."""
    today = _local(now, zone).date()
    # Yesterday, too: over a date line the day may be skipped; eight days ahead hold every weekday.
    for days in range(-1, 10):
        day = today + timedelta(days=days)
        moment = datetime.combine(day, time(minute // 60, minute % 60), zone)
        at = round(moment.timestamp() * 1000)
        if at > now and fits(moment):
            return at
    raise AssertionError("ten days hold every weekday")


def _local(ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(ms / 1000, zone)
