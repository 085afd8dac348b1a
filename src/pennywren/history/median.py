"""The median of a price over time: at or below it the price was for half of the time in which there was an offer."""

from typing import Final

from pennywren.history.step import spans
from pennywren.model.clock import DAY
from pennywren.model.series import Steps

MEDIAN_SPAN: Final = 90 * DAY
"""The span whose median a rule may be counted from."""


def median(steps: Steps, start: int, end: int) -> int | None:
    """The time-weighted lower median (minor units) in [start, end) ms; None where no price held for any time.

    The lower weighted median: the smallest price p so that the price was p or less for at least half of the time.
    """
    times: dict[int, int] = {}
    for span in spans(steps, start, end):
        if span.price is not None:
            times[span.price] = times.get(span.price, 0) + span.end - span.start
    half, passed = sum(times.values()), 0
    for price in sorted(times):
        passed += 2 * times[price]
        if passed >= half:
            return price
    return None
