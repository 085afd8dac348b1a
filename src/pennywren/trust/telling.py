"""What a reporter is told of its report: never more than it could know by itself.

Whether a claim buys a crawl depends on who waits for which price and on what others said. Who guesses prices must
learn neither, so every claim that is weighed gets one and the same answer, whatever became of it.
"""

from dataclasses import dataclass
from typing import Final

from pennywren.trust.judge import Kind, Reason, Verdict


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to one report: what was done with it, a code, and a sentence."""

    kind: Kind
    code: str
    detail: str


INVALID: Final = "invalid"

_TOLD: Final[dict[str, Told]] = {
    told.code: told
    for told in (
        Told(Kind.ACCEPTED, Reason.CONFIRMS, "This is the price that is known; thank you for confirming it."),
        Told(Kind.HELD, "unverified", "This is another price than is known: it counts once it is verified."),
        Told(
            Kind.HELD,
            "shop_unreachable",
            "This is another price than is known, and the shop cannot be reached to verify it: it stays held.",
        ),
        Told(Kind.REJECTED, Reason.OUT_OF_BOUNDS, "A price lies between 1 and 10^10 minor units."),
        Told(Kind.REJECTED, Reason.FOREIGN_CURRENCY, "This marketplace does not use this currency."),
        Told(Kind.REJECTED, Reason.OTHER_CURRENCY, "The product's history is kept in another currency."),
        Told(Kind.REJECTED, Reason.HUNDREDFOLD, "This looks like a misread decimal point."),
        Told(Kind.REJECTED, Reason.MEMBER_PRICE, "A price for members only is not everybody's price."),
        Told(Kind.REJECTED, Reason.CONDITIONAL_PRICE, "A price with a coupon or a subscription is not everybody's."),
        Told(Kind.REJECTED, Reason.OTHER_COUNTRY, "The page delivered to another country than the marketplace's."),
        Told(Kind.REJECTED, Reason.OTHER_VARIATION, "Another variation was chosen than the product's own."),
        Told(Kind.REJECTED, Reason.UNKNOWN_PRODUCT, "No price of it is known yet: it will be looked at first."),
        Told(Kind.REJECTED, Reason.BLOCKED, "Reports of this install are not used; ask whoever runs this server."),
        Told(Kind.REJECTED, Reason.TOO_OLD, "It was seen more than an hour ago: prices are reported while they hold."),
        Told(Kind.REJECTED, Reason.FUTURE, "It was seen in the future: set the clock of the device."),
        Told(Kind.REJECTED, INVALID, "This is not an observation."),
    )
}
_UNVERIFIED: Final = _TOLD["unverified"]
_UNREACHABLE: Final = _TOLD["shop_unreachable"]


def tell(verdict: Verdict, *, failing: bool) -> Told:
    """What is told of a verdict; `failing`: our crawls cannot read the product's page now."""
    if verdict.reason in _TOLD:
        return _TOLD[verdict.reason]
    return _UNREACHABLE if failing else _UNVERIFIED


def told_as(code: str) -> Told:
    """The answer with this code.

    Raises:
        KeyError: there is none.
    """
    return _TOLD[code]


def invalid(why: str) -> Told:
    """The answer to what is no observation, with a sentence of its own."""
    return Told(Kind.REJECTED, INVALID, why)
