"""The threshold at which a sample of products asks for just the requests that may leave.

The controller (see `threshold`) keeps the threshold right; this says where to begin, and puts it right after
a jump: a million products imported, a hundred egresses added.
"""

from collections.abc import Sequence
from math import exp, log
from typing import Final

from pennywren.frontier.due import Bounds, Interest, demand
from pennywren.frontier.threshold import HIGHEST, LOWEST

_HALVINGS: Final = 14
"""To a quarter of a percent: the controller does the rest."""


def threshold_for(sample: Sequence[Interest], population: int, per_second: float, bounds: Bounds) -> float:
    """The threshold for `population` products like those of the sample and `per_second` requests."""
    if not sample:
        return LOWEST

    def asked(threshold: float) -> float:
        return population / len(sample) * sum(demand(each, threshold, bounds) for each in sample)

    low, high = log(LOWEST), log(HIGHEST)
    if asked(LOWEST) <= per_second:
        return LOWEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if asked(exp(middle)) > per_second:
            low = middle
        else:
            high = middle
    return exp(high)
