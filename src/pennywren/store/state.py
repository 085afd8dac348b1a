"""What is believed of a product now, read from its facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import OfferState, State

Tier = Literal["cold", "raw", "charted"]
_TIERS: Final[Mapping[str, Tier]] = {"cold": "cold", "charted": "charted"}


@dataclass(frozen=True, slots=True)
class ProductState:
    """What is believed of one product now."""

    product: ProductID
    tier: Tier
    version: int
    """Moves with everything that is recorded or rewritten."""
    currency: str
    changes: int
    """How many price changes its history has, over all offers."""
    rate: str | None
    """What was learned of its rate of change, as the frontier packs it."""
    availability: str | None
    offers: dict[Offer, OfferState]

    @property
    def last_seen(self) -> int:
        """When anybody last looked (ms); 0 if never."""
        return max((offer.last_seen for offer in self.offers.values()), default=0)


def parse_state(product: ProductID, fields: Mapping[str, str]) -> ProductState | None:
    """Read the facts of a product; None where it has not been recorded yet."""
    if "version" not in fields:
        return None
    offers = {offer: state for offer in Offer if (state := _parse_offer(offer, fields)) is not None}
    return ProductState(
        product=product,
        tier=tier_of(fields),
        version=int(fields["version"]),
        currency=fields["currency"],
        changes=int(fields.get("changes", 0)),
        rate=fields.get("rate"),
        availability=fields.get("availability"),
        offers=offers,
    )


def tier_of(fields: Mapping[str, str]) -> Tier:
    """The tier that the facts of a product say."""
    return _TIERS.get(fields.get("tier", ""), "raw")


def _parse_offer(offer: Offer, fields: Mapping[str, str]) -> OfferState | None:
    last_seen = fields.get(f"{offer}:lastSeen")
    if last_seen is None:
        return None

    def number(name: str) -> int | None:
        text = fields.get(f"{offer}:{name}")
        return None if text is None else int(text)

    last_price = number("price")
    price = last_price if number("state") == State.OFFERED else None
    crawled = fields.get(f"{offer}:crawled")
    return OfferState(
        price=price,
        last_price=last_price,
        since=number("since") or 0,
        first=number("first"),
        last_seen=int(last_seen),
        low=number("low"),
        low_at=number("lowAt"),
        high=number("high"),
        high_at=number("highAt"),
        crawled=crawled is None,
        crawled_price=price if crawled is None else int(crawled) if crawled.isdecimal() else None,
    )
