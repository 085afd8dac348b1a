"""The verdict over what somebody saw. Pure: what is believed and what waits is passed in, I/O is the pipeline's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from pennywren.model.clock import DAY, MINUTE
from pennywren.model.money import MAX_PRICE, MIN_PRICE
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.series import OfferState

TOO_GOOD: Final = 0.2
"""A price below this share of the believed one is seen a second time before anybody is told: over 80 % off."""
TOO_DEAR: Final = 5.0
"""Likewise a price of more than this many times the believed one: most often a misread decimal point."""
HOLD_FOR: Final = DAY
"""How long a held price waits for a second look (ms)."""
ELSEWHERE_WITHIN: Final = 10 * MINUTE
"""How long the second look is to be another egress's (ms); then the same one may confirm what it saw."""


class Kind(StrEnum):
    """What is done with an observation."""

    ACCEPTED = "accepted"
    HELD = "held"
    REJECTED = "rejected"


class Reason(StrEnum):
    """Why; each is a code, and its docstring the sentence."""

    FIRST = "first"
    """Nothing is known yet that it could contradict."""
    PLAUSIBLE = "plausible"
    """Near enough to what is believed."""
    NO_OFFER = "no_offer"
    """There is no such offer now."""
    SEEN_TWICE = "seen_twice"
    """Far from what is believed, and two crawls in a row saw the same."""
    TOO_GOOD = "too_good"
    """Less than a fifth of the believed price: a second crawl must see it too."""
    TOO_DEAR = "too_dear"
    """More than five times the believed price: a second crawl must see it too."""
    OUT_OF_BOUNDS = "out_of_bounds"
    """Not between 1 and 10^10 minor units."""
    FOREIGN_CURRENCY = "foreign_currency"
    """A currency that this marketplace does not use."""
    OTHER_CURRENCY = "other_currency"
    """Not the currency of this product's history."""
    CONFIRMS = "confirms"
    """A report says what is believed."""
    NEAR = "near"
    """A trusted report says what is believed but for rounding."""
    CORROBORATED = "corroborated"
    """A small move that nobody waits for, and enough independent reporters say the same."""
    WORTH_A_CRAWL = "worth_a_crawl"
    """Likely enough, and enough depends on it: a crawl has been asked for."""
    BEING_VERIFIED = "being_verified"
    """A crawl of this product is on its way and will answer this report too."""
    UNPROVEN = "unproven"
    """Not likely enough for what depends on it; it is remembered, and the next who says the same makes it likelier."""
    REFUTED = "refuted"
    """A crawl has found this very price wrong, lately."""
    HUNDREDFOLD = "hundredfold"
    """A hundred times the believed price or a hundredth of it: a misread decimal point."""
    MEMBER_PRICE = "member_price"
    """A price for members only."""
    CONDITIONAL_PRICE = "conditional_price"
    """A price with a coupon, or for a subscription."""
    OTHER_COUNTRY = "other_country"
    """The page delivered to another country than the marketplace's own."""
    OTHER_VARIATION = "other_variation"
    """Another variation was chosen than the product's own."""
    UNKNOWN_PRODUCT = "unknown_product"
    """No price of it is known yet: the first one is one that a crawl of ours saw."""
    TOO_OLD = "too_old"
    """Seen more than an hour before it was reported."""
    FUTURE = "future"
    """Seen in the future: a clock is wrong."""
    BLOCKED = "blocked"
    """An operator has blocked this reporter."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is done with one observation, and why."""

    kind: Kind
    reason: Reason


@dataclass(frozen=True, slots=True)
class Waiting:
    """A price that waits for a second look: what was seen, and when (ms)."""

    price: int
    at: int
    egress: str = ""
    """Through which egress; empty where that is not known."""


class Belief(Protocol):
    """What is believed of a product (`store.state.ProductState` is one)."""

    @property
    def currency(self) -> str:
        """The currency of its history."""
        ...

    @property
    def offers(self) -> Mapping[Offer, OfferState]:
        """What is believed of each offer."""
        ...


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdicts over all observations of one look."""

    verdicts: dict[Offer, Verdict] = field(default_factory=dict[Offer, Verdict])

    def of_kind(self, kind: Kind) -> list[Offer]:
        """The offers whose verdict is of this kind."""
        return [offer for offer, verdict in self.verdicts.items() if verdict.kind is kind]


def judge(look: Look, belief: Belief | None, waiting: Mapping[Offer, Waiting], now: int, egress: str = "") -> Judgement:
    """The verdict over each observation of a crawl.

    `belief` is what was believed before, None for a product never recorded; `waiting` what earlier crawls saw
    and was held; `now` in ms; `egress` the one that looked, where there are several: the second look is another's.
    """
    if look.currency not in look.product.market.currencies:
        return _all(look, Reason.FOREIGN_CURRENCY)
    if belief is not None and belief.currency != look.currency:
        return _all(look, Reason.OTHER_CURRENCY)
    known: Mapping[Offer, OfferState] = belief.offers if belief is not None else {}
    return Judgement(
        {
            offer: _judge_price(price, known.get(offer), waiting.get(offer), now, egress)
            for offer, price in look.prices.items()
        }
    )


def is_first_of_two(waiting: Waiting, price: int | None, now: int) -> bool:
    """Whether who saw what waits is still the first of the two that must see `price` (`now` in ms)."""
    return waiting.price == price and now - waiting.at <= HOLD_FOR


def second_look_by(look: Look, judgement: Judgement, waiting: Mapping[Offer, Waiting], now: int) -> int | None:
    """When (ms) what a look at `now` saw and was held is to be looked at again at the latest; None if nothing is.

    From then on any egress may confirm it, also the one that saw it first.
    """
    firsts: list[int] = []
    for offer in judgement.of_kind(Kind.HELD):
        first = waiting.get(offer)
        firsts.append(first.at if first is not None and is_first_of_two(first, look.prices[offer], now) else now)
    return min(firsts) + ELSEWHERE_WITHIN if firsts else None


def _all(look: Look, reason: Reason) -> Judgement:
    return Judgement({offer: Verdict(Kind.REJECTED, reason) for offer in look.prices})


def _judge_price(
    price: int | None, known: OfferState | None, waiting: Waiting | None, now: int, egress: str
) -> Verdict:
    if price is None:
        return Verdict(Kind.ACCEPTED, Reason.NO_OFFER)
    if not MIN_PRICE <= price <= MAX_PRICE:
        return Verdict(Kind.REJECTED, Reason.OUT_OF_BOUNDS)
    believed = known.last_price if known is not None else None
    if believed is None:
        return Verdict(Kind.ACCEPTED, Reason.FIRST)
    if believed * TOO_GOOD <= price <= believed * TOO_DEAR:
        return Verdict(Kind.ACCEPTED, Reason.PLAUSIBLE)
    if waiting is not None and waiting.price == price and _is_second(waiting, now, egress):
        return Verdict(Kind.ACCEPTED, Reason.SEEN_TWICE)
    return Verdict(Kind.HELD, Reason.TOO_GOOD if price < believed else Reason.TOO_DEAR)


def _is_second(waiting: Waiting, now: int, egress: str) -> bool:
    elsewhere = not egress or waiting.egress != egress or now - waiting.at >= ELSEWHERE_WITHIN
    return elsewhere and now - waiting.at <= HOLD_FOR
