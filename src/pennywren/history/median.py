"""Quantiles of a price over time, such as the median: at or below it the price was for that share of the time in which
there was an offer."""

from collections.abc import Sequence
from typing import Final

from pennywren.history.step import Span, spans
from pennywren.model.clock import DAY
from pennywren.model.series import Steps

MEDIAN_SPAN: Final = 90 * DAY
"""The span whose median a rule may be counted from."""


def median(steps: Steps, start: int, end: int) -> int | None:
    """The time-weighted lower median (minor units) in [start, end) ms; None where no price held for any time."""
    return quantile(steps, start, end, 50)


def quantile(steps: Steps, start: int, end: int, percent: int) -> int | None:
    """The lower weighted quantile: the smallest price p so that it was p or less for at least `percent` of the time."""
    return quantile_of(spans(steps, start, end), percent)


def quantile_of(stretches: Sequence[Span], percent: int) -> int | None:
    """The same of stretches that are known already."""
    times: dict[int, int] = {}
    for span in stretches:
        if span.price is not None:
            times[span.price] = times.get(span.price, 0) + span.end - span.start
    wanted, passed = sum(times.values()) * percent, 0
    for price in sorted(times):
        passed += 100 * times[price]
        if passed >= wanted:
            return price
    return None
