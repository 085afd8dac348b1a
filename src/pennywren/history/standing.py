"""How a rule stands against what is known now: is it met already, and is its target below anything ever seen."""

from dataclasses import dataclass

from pennywren.history.step import measure
from pennywren.model.clock import DAY
from pennywren.model.rule import (
    AllTimeLow,
    BackInStock,
    LowestInDays,
    OutOfStock,
    Place,
    Rule,
    WatchSet,
    is_met_by,
)
from pennywren.model.series import OfferState, Steps


@dataclass(frozen=True, slots=True)
class Unseen:
    """A target below every price since `since`: the lowest was `low`. Times are ms UTC, prices minor units."""

    low: int
    low_at: int
    since: int
    suggested: int
    """A target that was met at some time in the last 90 days, or ever where there was no offer since."""


def is_met(rule: Rule, at: Place | None, offer: OfferState | None, steps: Steps) -> bool:
    """Whether what a rule waits for is so already. `steps` reach back as far as the rule looks."""
    if offer is None:
        return False
    match rule:
        case BackInStock():
            return offer.price is not None
        case OutOfStock():
            return offer.price is None
        case AllTimeLow():
            return offer.price is not None and offer.low is not None and offer.price <= offer.low
        case LowestInDays():
            recent = measure(steps, offer.last_seen - rule.days * DAY, offer.last_seen + 1)
            return offer.price is not None and recent is not None and offer.price <= recent.low
        case _:
            return at is not None and offer.price is not None and is_met_by(at, offer.price)


def unseen(at: Place | None, offer: OfferState | None, recent: Steps) -> Unseen | None:
    """What to say of a target that was never met since we began; None where it was. `recent`: of the last 90 days."""
    if at is None or at.set is not WatchSet.FALL or offer is None:
        return None
    if offer.low is None or offer.low_at is None or offer.first is None or at.at >= offer.low:
        return None
    lately = measure(recent, offer.last_seen - 90 * DAY, offer.last_seen + 1)
    return Unseen(offer.low, offer.low_at, offer.first, lately.low if lately else offer.low)
