"""Exact integration of a history by prefix sums: another way than the one under test, in fractions."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

from pennywren.model.series import State, Steps


@dataclass(frozen=True)
class Expected:
    """A stretch of time: its average, lowest and highest price, and when those were there first."""

    average: Fraction
    low: int
    high: int
    low_at: int
    high_at: int


class Integral:
    """Answers for any stretch of one history."""

    def __init__(self, steps: Steps) -> None:
        moments = sorted({at for points in (steps.prices, steps.states) for at, _ in points} | {steps.last_seen})
        prices, states = dict(steps.prices), dict(steps.states)
        price, state = 0, State.OFFERED
        self._starts: list[int] = []
        self._prices: list[int] = []
        for at in moments:
            price, state = prices.get(at, price), states.get(at, state)
            self._starts.append(at)
            self._prices.append(price if state is State.OFFERED else 0)
        self._last = steps.last_seen
        lengths = [late - early for early, late in pairwise(self._starts)]
        self._areas = [0, *accumulate(length * p for length, p in zip(lengths, self._prices, strict=False))]
        self._times = [0, *accumulate(length * (p > 0) for length, p in zip(lengths, self._prices, strict=False))]

    def over(self, start: int, end: int) -> Expected | None:
        """[start, end); None where no price is known."""
        first, behind = max(bisect_right(self._starts, start) - 1, 0), bisect_left(self._starts, end)
        pieces = [
            (self._prices[i], max(self._starts[i], start))
            for i in range(first, behind)
            if self._prices[i] and not (self._starts[i] == self._last < start)
        ]
        if not pieces:
            return None
        low, high = min(price for price, _ in pieces), max(price for price, _ in pieces)
        area, time = self._upto(end, self._areas, 1) - self._upto(start, self._areas, 1), 0
        time = self._upto(end, self._times, 0) - self._upto(start, self._times, 0)
        return Expected(
            average=Fraction(area, time) if time else Fraction(pieces[-1][0]),
            low=low,
            high=high,
            low_at=next(at for price, at in pieces if price == low),
            high_at=next(at for price, at in pieces if price == high),
        )

    def _upto(self, at: int, sums: list[int], by_price: int) -> int:
        at = min(at, self._last)
        i = bisect_right(self._starts, at) - 1
        if i < 0:
            return 0
        price = self._prices[i]
        return sums[i] + (at - self._starts[i]) * (price if by_price else price > 0)
