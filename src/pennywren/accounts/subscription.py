"""A subscription as a value: what a person asked for, what can be asked, and when to look at it again."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pennywren.errors import BadInput, Conflict
from pennywren.model.clock import DAY, MINUTE
from pennywren.model.money import MAX_PRICE, MIN_PRICE, format_money
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import (
    Base,
    Drop,
    Place,
    PriceAtOrAbove,
    PriceAtOrBelow,
    Rule,
    WatchSet,
    base_of,
    condition,
    kind_of,
    place,
    problem,
)

MAX_REARM: Final = 365 * 86_400
"""Seconds."""
NOTICE: Final = 3 * DAY
"""How long before its end a person is told that a watch ends."""
_PRICED: Final = (WatchSet.FALL, WatchSet.RISE)


class NotificationType(StrEnum):
    """How a person wants to be told."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    PUSH = "PUSH"
    WEBHOOK = "WEBHOOK"
    PREFERRED = "PREFERRED"
    """As the person's preferences say, with fallback."""


class State(StrEnum):
    """Whether a subscription may tell."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"
    """It was to tell once, and did."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for."""

    product: ProductID
    offer: Offer
    rule: Rule
    currency: str
    notification_type: NotificationType
    base_price: int | None = None
    """What the rule is counted from, in minor units; None where that is nothing, or not known yet."""
    rearm_after: int | None = None
    """Seconds between two alerts; None: as the installation says."""
    once: bool = False
    """Whether it ends with its first alert."""
    expires_at: int | None = None
    """Milliseconds UTC."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription. Times are ms UTC, prices minor units."""

    id: int
    person_id: int
    product: ProductID
    offer: Offer
    rule: Rule
    currency: str
    notification_type: NotificationType
    state: State
    created_at: int
    armed_at: int
    """Changes that were seen before this moment pass the watch by."""
    last_alert_at: int | None
    last_alert_price: int | None
    base_price: int | None
    """What the rule is counted from now."""
    rearm_after: int | None
    """Seconds between two alerts; None: as the installation says."""
    once: bool
    expires_at: int | None
    notice_at: int | None
    """When the person is told that it will end; None where there is nothing to tell any more."""
    snoozed_until: int | None

    @property
    def kind(self) -> str:
        """The kind of its rule, as JSON spells it."""
        return kind_of(self.rule)

    @property
    def waits_for(self) -> str:
        """What it waits for, in words that follow "when"."""
        return condition(self.rule, lambda minor: format_money(minor, self.currency), self.base_price)

    @property
    def place(self) -> Place | None:
        """Where its watch sits in the index; None while what it is counted from is not known."""
        return place(self.rule, self.base_price)

    @property
    def threshold(self) -> int | None:
        """The price that it waits for now, in minor units; None where it waits for no price."""
        at = self.place
        return at.at if at is not None and at.set in _PRICED else None

    @property
    def is_watched(self) -> bool:
        """Whether it belongs into the index: also while it is paused, so that what passed it by can be said."""
        return self.state in (State.ACTIVE, State.PAUSED) and self.place is not None


def checked_rule(rule: Rule, currency: str, base_price: int | None) -> Rule:
    """`rule` if it can be watched.

    Raises:
        BadInput: its numbers cannot be; says what they may be.
    """
    wrong = problem(rule)
    if wrong is None and isinstance(rule, PriceAtOrBelow | PriceAtOrAbove):
        checked_threshold(rule.threshold)
    if wrong is None and isinstance(rule, Drop) and rule.amount and base_price and rule.amount >= base_price:
        wrong = (
            f"A drop of {format_money(rule.amount, currency)} cannot be: "
            f"what it is counted from is {format_money(base_price, currency)}."
        )
    if wrong is not None:
        raise BadInput(wrong)
    return rule


def checked_threshold(threshold: int) -> int:
    """`threshold` if it can be one.

    Raises:
        BadInput: outside 1 to 10^10 minor units.
    """
    if not MIN_PRICE <= threshold <= MAX_PRICE:
        raise BadInput(f"The threshold must be {MIN_PRICE} to {MAX_PRICE}, in minor units: 1299 means 12.99.")
    return threshold


def next_look(of: Subscription, now: int) -> int | None:
    """When a job must look at a subscription again (ms UTC), if nothing else happens before; None: never.

    A place that hangs on a price not known yet is tried again soon and then less often; a median moves by the day.
    """
    if of.state not in (State.ACTIVE, State.PAUSED):
        return None
    moments = [each for each in (of.snoozed_until, of.notice_at, of.expires_at) if each is not None]
    if of.place is None:
        moments.append(now + min(max((now - of.armed_at) // 10, MINUTE), DAY))
    elif base_of(of.rule) is Base.MEDIAN:
        moments.append(now + DAY)
    return min(moments, default=None)


def notice_of(expires_at: int | None, now: int) -> int | None:
    """When to tell a person that a watch ends: three days before, or when it ends where it is made for less."""
    if expires_at is None:
        return None
    return expires_at - NOTICE if expires_at - NOTICE > now else expires_at


def conflict_with(existing: Subscription) -> Conflict:
    """What is said to a person who asks for what they have already."""
    threshold = "" if existing.threshold is None else f" with threshold {existing.threshold}"
    return Conflict(
        f"You watch the {existing.offer} price of {existing.product} already, as subscription {existing.id} "
        f"(when {existing.waits_for})"
        f"{threshold}: change that one instead."
    )
