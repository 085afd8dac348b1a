"""A product's prices in a few numbers, for its page."""

from dataclasses import dataclass
from typing import Final

from pennywren.history.median import quantile
from pennywren.history.step import measure, spans
from pennywren.model.clock import DAY
from pennywren.model.series import OfferState, State, Steps

SUMMARY_SPAN: Final = 90 * DAY
"""The average of the page looks so far back."""
TYPICAL_SPAN: Final = 365 * DAY
"""What is typical is told of so much time, which the chart shows first."""
ENOUGH_DAYS: Final = 14
"""Days that must be known before anything says what is usual."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a person wants to know at one glance. Prices are minor units, times ms UTC."""

    price: int | None
    """What it costs now; None while there is no offer."""
    last_seen: int
    low: int | None
    """The lowest price ever, and when it was there first."""
    low_at: int | None
    high: int | None
    high_at: int | None
    average: int | None
    """Over the last 90 days, weighted by time."""
    recent_low: int | None
    """The lowest of the last 90 days."""
    recent_high: int | None
    typical: tuple[int, int] | None
    """The middle half of the prices of the last year, by time; None where no price held for any."""
    offered_share: float | None
    """The share of the observed time of the last 90 days in which there was an offer; None if nobody looked."""
    known_days: int
    """Whole days since the first price, up to the last look: under 14 there is little to compare with."""

    @property
    def below_average(self) -> int | None:
        """By how many percent the price now lies below the average (negative: above), rounded towards 0."""
        if self.price is None or not self.average:
            return None
        return int((self.average - self.price) * 100 / self.average)


def summarize(offer: OfferState, steps: Steps) -> Summary:
    """Sum up one offer. `steps` reach back at least TYPICAL_SPAN before its last look."""
    end = offer.last_seen
    start = end - SUMMARY_SPAN
    recent = measure(steps, start, end + 1)
    times = dict.fromkeys(State, 0)
    for span in spans(steps, start, end):
        times[span.state] += span.end - span.start
    quarter, three = (quantile(steps, end - TYPICAL_SPAN, end, percent) for percent in (25, 75))
    observed = times[State.OFFERED] + times[State.NO_OFFER]
    return Summary(
        price=offer.price,
        last_seen=end,
        low=offer.low,
        low_at=offer.low_at,
        high=offer.high,
        high_at=offer.high_at,
        average=recent and recent.average,
        recent_low=recent and recent.low,
        recent_high=recent and recent.high,
        typical=None if quarter is None or three is None else (quarter, three),
        offered_share=times[State.OFFERED] / observed if observed else None,
        known_days=0 if offer.first is None else (end - offer.first) // DAY,
    )
