"""The threshold at which a sample of products asks for just the requests that may leave.

The controller (see `threshold`) keeps the threshold right; this says where to begin, and puts it right after
a jump: a million products imported, a hundred egresses added.
"""

from bisect import bisect_left
from collections.abc import Sequence
from math import exp, log
from typing import Final

from pennywren.frontier.due import Bounds, Interest
from pennywren.frontier.threshold import HIGHEST, LOWEST
from pennywren.frontier.value import NOTICE_WITHIN_S

_POINTS: Final = 24
_HALVINGS: Final = 24


def threshold_for(sample: Sequence[Interest], population: int, per_second: float, bounds: Bounds) -> float:
    """The threshold for `population` products like those of the sample and `per_second` requests."""
    if not sample:
        return LOWEST
    waits = _waits(bounds)
    values = [[interest.value(wait) for wait in waits] for interest in sample]

    def demand(threshold: float) -> float:
        due_at = (waits[min(bisect_left(row, threshold), len(waits) - 1)] for row in values)
        return population / len(sample) * sum(1 / wait for wait in due_at)

    low, high = log(LOWEST), log(HIGHEST)
    if demand(LOWEST) <= per_second:
        return LOWEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if demand(exp(middle)) > per_second:
            low = middle
        else:
            high = middle
    return exp(high)


def _waits(bounds: Bounds) -> list[float]:
    """Where the value of each product is worked out: evenly in the logarithm, and where the hour is over."""
    soonest, latest = bounds.soonest_s, max(bounds.latest_s, bounds.soonest_s * 2)
    ratio = (latest / soonest) ** (1 / (_POINTS - 1))
    points = {soonest * ratio**k for k in range(_POINTS)}
    return sorted(points | ({NOTICE_WITHIN_S} if soonest < NOTICE_WITHIN_S < latest else set()))
