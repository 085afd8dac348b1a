"""Prices so far from the others that, drawn to scale, they would flatten the rest: a misread digit, a fantasy offer.

Only the axis of a chart leaves them out; everything else keeps them. The chart in the browser has the same rule
(`web/client/chart/outliers.ts`).
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from pennywren.history.step import Span

_TAIL: Final = 20
"""One part in so many of the time, at either end, may lie outside."""
_FACTOR: Final = 4
"""Outside is what is more than so many times the others, or less than such a part of them: few sales are that deep."""


class Ordinary(NamedTuple):
    """Between which prices (minor units) the ordinary ones lie, and how many stretches lie outside."""

    low: int
    high: int
    outside: int


def ordinary(stretches: Iterable[Span]) -> Ordinary | None:
    """What of these stretches, in the order of time, is ordinary; the price now always is. None without a price."""
    seen = [(stretch.price, stretch.end - stretch.start) for stretch in stretches if stretch.price is not None]
    if not seen:
        return None
    now, whole = seen[-1][0], sum(length for _, length in seen)
    ordered = sorted(seen)
    least = min(_at(ordered, whole, 1) / _FACTOR, now)
    most = max(_at(ordered, whole, _TAIL - 1) * _FACTOR, now)
    inside = [price for price, _ in seen if least <= price <= most]
    return Ordinary(min(inside), max(inside), len(seen) - len(inside))


def _at(ordered: list[tuple[int, int]], whole: int, parts: int) -> int:
    """The price that was in force when it had been cheaper for so many parts of the time."""
    gone = 0
    for price, length in ordered:
        gone += length
        if gone * _TAIL >= whole * parts:
            return price
    return ordered[-1][0]
