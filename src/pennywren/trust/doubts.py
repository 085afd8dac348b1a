"""Startling prices that only one egress has seen: believed, told, and looked at again from elsewhere. Pure.

A shop may show one address another price: a test of its own, a stale cache, a page meant for somebody else. So a price
that falls far at once is looked at again through other egresses, right after it was recorded. Where two crawls of
others see the price before it instead, it was false, and is withdrawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from pennywren.model.clock import MINUTE
from pennywren.model.offer import Offer
from pennywren.trust.hearsay import near
from pennywren.trust.judge import TOO_DEAR

STARTLING: Final = 0.6
"""A price below this share of the one before is doubted, and one of more than `TOO_DEAR` times it."""
DOUBTED_FOR: Final = 30 * MINUTE
"""After so long (ms) another price says nothing of the old one any more: prices change."""
ENOUGH_AGAINST: Final = 2
"""Crawls of other egresses that must see the price before."""
_ASKED_MOST: Final = 5
"""Looks that are asked for: an egress that comes by again and again says nothing new."""
_SAME: Final = 0.01
DOUBT: Final = "doubt"
"""The end of such a field in a product's held hash: `buybox:doubt`."""


class Step(Enum):
    """What becomes of a doubt."""

    ASK = "ask"
    """Look again, soon."""
    WAIT = "wait"
    SETTLED = "settled"
    FALSE = "false"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A price that only one egress has seen. Prices are minor units, times ms UTC."""

    price: int
    before: int
    """What was believed before it."""
    at: int
    """When it was recorded."""
    egress: str
    against: int = 0
    """Crawls of other egresses that saw the price before."""
    asked: int = 1
    """Looks that were asked for."""

    def write(self) -> str:
        """The field's value: `499 1599 1764067200000 1 1 e1`."""
        return f"{self.price} {self.before} {self.at} {self.against} {self.asked} {self.egress}"


def doubt_field(offer: Offer) -> str:
    """`buybox:doubt`."""
    return f"{offer.value}:{DOUBT}"


def read_doubts(fields: Mapping[str, str]) -> dict[Offer, Doubt]:
    """The doubts of a product's held hash; what cannot be read is none."""
    found: dict[Offer, Doubt] = {}
    for offer in Offer:
        *numbers, egress = fields.get(doubt_field(offer), "").split(" ")
        if len(numbers) == 5 and all(number.isdecimal() for number in numbers):
            price, before, at, against, asked = (int(number) for number in numbers)
            found[offer] = Doubt(price, before, at, egress, against, asked)
    return found


def doubted(price: int | None, before: int | None, at: int, egress: str) -> Doubt | None:
    """The doubt over a price that this egress alone saw and that was just recorded; None if it is not startling."""
    if price is None or before is None or STARTLING * before <= price <= TOO_DEAR * before:
        return None
    return Doubt(price, before, at, egress)


def look_again(doubt: Doubt, seen: int | None, egress: str, now: int) -> tuple[Step, Doubt]:
    """What a further crawl says of a doubt: it saw `seen` (None: no offer) through `egress` at `now` (ms)."""
    if now - doubt.at > DOUBTED_FOR:
        return Step.SETTLED, doubt
    if egress == doubt.egress:
        if doubt.asked >= _ASKED_MOST or not near(seen, doubt.price, _SAME):
            return Step.WAIT, doubt
        return Step.ASK, replace(doubt, asked=doubt.asked + 1)
    if not near(seen, doubt.before, _SAME):
        return Step.SETTLED, doubt
    after = replace(doubt, against=doubt.against + 1, asked=doubt.asked + 1)
    return (Step.FALSE if after.against >= ENOUGH_AGAINST else Step.ASK), after
