"""When a product is due again: the time at which the value of crawling it crosses the threshold.

The due time can be computed when the product goes back into the frontier, so the order of the sorted set is
the optimal order and nothing is ever re-scored in bulk (Olston and Pandey 2008; see `value`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, inf, log
from operator import mul
from typing import Final

from pennywren.frontier.rate import RATES, Chances, mean_rate
from pennywren.frontier.score import firm, floor
from pennywren.frontier.value import DAY_S, KAPPA_S, NOTICE_WITHIN_S, expected, freshness, within
from pennywren.model.clock import DAY, HOUR, MINUTE, SECOND

_RATIO: Final = log(1.15)
_AGES: Final = tuple(exp(k * _RATIO) for k in range(133))
"""Where the freshness part is worked out: from 1 s to 3 years, 15 % apart; between them by interpolation."""
_SEEN_SPAN: Final = 48
_SEEN_LOWEST: Final = 0.01 / DAY_S
_SEEN_RATIO: Final = log(1.22)


@dataclass(frozen=True, slots=True)
class Interest:
    """Why a product is worth looking at."""

    importance: float
    chances: Chances
    """How often it may change (see `rate`)."""
    seen_by_others: float = 0.0
    """Trusted reports per second."""

    def value(self, elapsed_s: float, notice_s: float = NOTICE_WITHIN_S) -> float:
        """V: what a crawl is worth `elapsed_s` seconds after the last look."""
        return expected(RATES, self.chances, self.importance, self.seen_by_others, elapsed_s, notice_s)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What holds whatever a product is worth, in seconds since its last look."""

    soonest_s: float
    """Never earlier than this (`settings.recrawl_after`)."""
    notice_s: float = NOTICE_WITHIN_S
    """Within this a change should be noticed."""
    kappa_s: float = KAPPA_S
    """What that weighs beside freshness (see `value`)."""


@dataclass(frozen=True, slots=True)
class Wait:
    """How long to wait after a look."""

    seconds: float
    """Infinite: however long one waits, by value it is not worth a request; it waits on the floor (see `score`)."""
    firm: bool
    """Whether it is to be kept exactly (see `score`)."""

    def score(self, since: int, credit_s: float = 0.0) -> int:
        """The place in the frontier, by the last look (ms), which seems older by `credit_s`."""
        if self.seconds == inf:
            return floor(since)
        due = since + round((self.seconds - credit_s) * SECOND)
        return firm(due) if self.firm and not credit_s else due


def wait_for(interest: Interest, threshold: float, bounds: Bounds) -> Wait:
    """From a look until V crosses the threshold, not before it is allowed.

    V jumps where the hour is over: what is worth it from then on is due just then, and firmly.
    """
    soonest, notice = bounds.soonest_s, bounds.notice_s
    wanted = threshold / interest.importance
    number = _bin(interest.seen_by_others)
    at = _Crossing(_rows(number), interest.chances)
    row, between = _row_before(notice)
    before, after = at.value(row), at.value(row + 1)
    noticed = before + between * (after - before)
    if wanted <= noticed:
        wait = at.reaches(wanted, (-1, 0.0), (row + 1, after))
    else:
        jump = bounds.kappa_s * within(1.0, _seen(number), notice, notice) * mean_rate(interest.chances)
        late = wanted - jump
        wait = notice if late <= noticed else at.reaches(late, (row, before), (len(_AGES), 0.0))
        if wait == notice >= soonest:
            return Wait(wait, True)
    if wait <= soonest:
        return Wait(soonest, True)
    return Wait(wait, False)


def wait_s(interest: Interest, threshold: float, bounds: Bounds) -> float:
    """The seconds of `wait_for`."""
    return wait_for(interest, threshold, bounds).seconds


def demand(interest: Interest, threshold: float, bounds: Bounds) -> float:
    """Crawls per second that this product asks for: a trusted report before it is due puts each off."""
    wait, seen = wait_s(interest, threshold, bounds), interest.seen_by_others
    if wait == inf:
        return 0.0
    expected_reports = seen * wait
    return 1 / wait if expected_reports < 1e-7 else seen / (exp(min(expected_reports, 700.0)) - 1)


class _Crossing:
    """Where the expected freshness part reaches a value, by the rows of `_rows`."""

    __slots__ = ("_chances", "_rows")

    def __init__(self, rows: Sequence[Sequence[float]], chances: Chances) -> None:
        self._rows = rows
        self._chances = chances

    def value(self, row: int) -> float:
        """The expected freshness part at an age of `_AGES`."""
        return sum(map(mul, self._chances, self._rows[row]))

    def reaches(self, wanted: float, low: tuple[int, float], high: tuple[int, float]) -> float:
        """The age at which `wanted` is reached (seconds), between two rows and their values: -1 is before the first
        one, and their number after the last; infinite if not in 3 years."""
        if wanted <= 0:
            return 0.0
        (first, below), (last, above) = low, high
        while last - first > 1:
            middle = (first + last) // 2
            value = self.value(middle)
            if value < wanted:
                first, below = middle, value
            else:
                last, above = middle, value
        if first < 0:
            return _AGES[0]
        if last == len(_AGES):
            return inf
        return _AGES[first] * exp(_RATIO * (wanted - below) / (above - below))


@cache
def _row_before(age_s: float) -> tuple[int, float]:
    """The last of the ages that is not above this one, and how far on the way to the next one it is: 0 to 1."""
    row = min(max(int(log(max(age_s, 1.0)) / _RATIO), 0), len(_AGES) - 2)
    return row, min(log(max(age_s, 1.0) / _AGES[row]) / _RATIO, 1.0)


def _bin(seen: float) -> int:
    """Which of the tabled rates of reports is nearest; 0 is none at all."""
    if seen < _SEEN_LOWEST / 2:
        return 0
    return min(max(round(log(seen / _SEEN_LOWEST) / _SEEN_RATIO), 0) + 1, _SEEN_SPAN)


def _seen(number: int) -> float:
    return _SEEN_LOWEST * exp((number - 1) * _SEEN_RATIO) if number else 0.0


@cache
def _rows(number: int) -> list[list[float]]:
    """The freshness part for each of the ages and each of RATES: made when first needed, 3 ms and 90 kB each."""
    seen = _seen(number)
    return [[freshness(rate, seen, age) for rate in RATES] for age in _AGES]


_RETIRED_AFTER: Final = 7 * DAY
"""By then its page was gone at four looks in a row: after half a day, one, two and four."""


def after_trouble(since: int, now: int, *, soonest: int = 5 * MINUTE, latest: int = DAY) -> int:
    """When to try again (ms) what has failed since `since`: the pauses double, from `soonest` to `latest` (ms)."""
    return now + min(max(now - since, soonest), latest)


def has_left(since: int, now: int) -> bool:
    """Whether a product whose page has been gone since `since` counts as retired; it can come back (both in ms)."""
    return now - since >= _RETIRED_AFTER


def after_gone(since: int, now: int) -> int:
    """When to look again (ms) at a page that has been gone since `since`: less and less often, never not at all."""
    return after_trouble(since, now, soonest=12 * HOUR, latest=60 * DAY)
