"""Targets that are worth one click: a little below the price now, and what it was at its lowest lately."""

from dataclasses import dataclass
from typing import Final

from pennywren.history.step import measure
from pennywren.model.clock import DAY
from pennywren.model.money import MIN_PRICE
from pennywren.model.series import OfferState, Steps

PERCENTS: Final = (5, 10, 15, 20)
_LATELY: Final = 90 * DAY


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One target, in minor units, and what it is."""

    threshold: int
    name: str
    """`justBelow`, `minus5Percent` to `minus20Percent`, `low90Days`."""
    label: str


def suggest(offer: OfferState | None, steps: Steps) -> list[Suggestion]:
    """Targets for an offer, no two alike; none where no price is known. `steps` reach back 90 days."""
    if offer is None or offer.last_price is None:
        return []
    price = offer.last_price
    found = [Suggestion(price - 1, "justBelow", "Just below the price now")]
    found += [
        Suggestion(price * (100 - percent) // 100, f"minus{percent}Percent", f"{percent} % less than now")
        for percent in PERCENTS
    ]
    lately = measure(steps, offer.last_seen - _LATELY, offer.last_seen + 1)
    # Where it costs that now, it is no target; where nothing is offered, its return at that price is one.
    if lately and (lately.low < price or offer.price is None):
        found.append(Suggestion(lately.low, "low90Days", "The lowest of the last 90 days"))
    by_threshold: dict[int, Suggestion] = {}
    for each in found:
        if each.threshold >= MIN_PRICE:
            by_threshold.setdefault(each.threshold, each)
    return list(by_threshold.values())
