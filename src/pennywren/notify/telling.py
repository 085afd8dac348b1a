"""Whether a watch that a change crosses is told of it, and if not, why: the pure rule.

`notify.alerts` decides by the same rule in SQL, in one statement for thousands of watches; a test holds the two
together. The explanation of a watch uses this one.
"""

from dataclasses import dataclass
from typing import Final

from pennywren.model.change import PriceChange
from pennywren.model.observation import Source
from pennywren.model.rule import Place, WatchSet
from pennywren.notify.decisions import Reason

NEW_LOW_SHARE: Final = (19, 20)
"""Of the last alert's price: a watch for lows is told within its cooldown if the price is this share of it or less.
All that concerns such a watch is a new low, so "lower than the last alert's" alone would leave no cooldown."""


@dataclass(frozen=True, slots=True)
class Watching:
    """What the decision looks at of a subscription. Times are ms UTC."""

    place: Place
    currency: str
    state: str
    armed_at: int
    rearm_after: int
    """Milliseconds between two alerts, unless the price is a new low since the last one."""
    snoozed_until: int | None = None
    expires_at: int | None = None
    last_alert_at: int | None = None
    last_alert_price: int | None = None


def is_verified(change: PriceChange) -> bool:
    """Whether a crawl of ours saw it: nobody is alerted about anything else."""
    return change.source == Source.CRAWL


def withheld(watching: Watching, change: PriceChange) -> Reason | None:
    """Why a watch is not told of a change that crosses its place; None if it is told."""
    at = change.at
    if not is_verified(change):
        return Reason.UNVERIFIED
    if watching.place.set is not WatchSet.STOCK and watching.currency != change.currency:
        return Reason.OTHER_CURRENCY
    if watching.last_alert_at is not None and at <= watching.last_alert_at:
        return Reason.OUT_OF_TURN
    if at < watching.armed_at:
        return Reason.BEFORE_ARMED
    if watching.state == "ended":
        return Reason.ENDED
    if watching.state == "expired" or (watching.expires_at is not None and at >= watching.expires_at):
        return Reason.EXPIRED
    if watching.state == "paused":
        return Reason.PAUSED
    if watching.snoozed_until is not None and at < watching.snoozed_until:
        return Reason.SNOOZED
    if watching.last_alert_at is None or at >= watching.last_alert_at + watching.rearm_after:
        return None
    return None if _is_new_low(watching, change) else Reason.COOLING_DOWN


def _is_new_low(watching: Watching, change: PriceChange) -> bool:
    told, new = watching.last_alert_price, change.new
    if told is None or new is None:
        return False
    if watching.place.set is WatchSet.FALL:
        return new < told
    share, of = NEW_LOW_SHARE
    return watching.place.set is WatchSet.LOWS and new * of <= told * share
