"""Under which conditions a browser saw a price: personal and conditional ones are true for somebody, not for all."""

from dataclasses import dataclass

from pennywren.trust.judge import Reason


@dataclass(frozen=True, slots=True)
class Conditions:
    """What an extension says of the page beside the price; whatever it does not say is not assumed to be harmless."""

    signed_in: bool = False
    """Somebody was greeted by name. By itself harmless: most people are signed in."""
    member_price: bool = False
    """The price is for Prime or other members only."""
    coupon: bool = False
    """A coupon is taken off."""
    subscription: bool = False
    """The price of subscribe-and-save was chosen."""
    delivery_country: str | None = None
    """Where the page delivers to, as ISO 3166-1 alpha-2 in capitals; None where the page does not say."""
    variation: str | None = None
    """The ASIN of the variation chosen; None where there are none."""


def public(conditions: Conditions, asin: str, country: str) -> Reason | None:
    """None for a price that everybody is offered, else why it is not; `country` is the marketplace's own."""
    if conditions.member_price:
        return Reason.MEMBER_PRICE
    if conditions.coupon or conditions.subscription:
        return Reason.CONDITIONAL_PRICE
    if conditions.delivery_country not in (None, country):
        return Reason.OTHER_COUNTRY
    if conditions.variation not in (None, asin):
        return Reason.OTHER_VARIATION
    return None
