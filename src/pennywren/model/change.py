"""A price change: the old price, the new price, and when; the entry of a partition's change stream."""

from dataclasses import dataclass
from enum import StrEnum

from pennywren.model.offer import Offer
from pennywren.model.product import ProductID


class ChangeKind(StrEnum):
    """What happened."""

    FIRST = "first"
    """The first price that we know of."""
    PRICE = "price"
    """The price moved."""
    OUT = "out"
    """The offer is gone."""
    BACK = "back"
    """The offer is there again."""
    STATE = "state"
    """What is known moved without a price: nobody had looked for long, or a first look found no offer. No news."""
    REWRITE = "rewrite"
    """The product's past was replaced: nobody is alerted."""


@dataclass(frozen=True, slots=True)
class PriceChange:
    """One change of one offer. Prices are minor units; None stands for "no offer" (as `old`: +infinity)."""

    product: ProductID
    offer: Offer
    kind: ChangeKind
    old: int | None
    new: int | None
    currency: str
    at: int
    """Milliseconds UTC: when the new price was seen."""
    version: int
    new_low: bool = False
    """Lower than every price since we began."""
    lowest_for_days: int = 0
    """Whole days since a price at or below the new one was last there; since we began, where there was none."""
    source: str = "crawl"

    @property
    def change_id(self) -> str:
        """Product, offer, time and new price: a replay of the stream is the same change."""
        return change_id(self.product, self.offer, self.at, self.new)


def change_id(product: ProductID, offer: Offer, at: int, new: int | None) -> str:
    """What names a change: `at` is ms UTC, `new` minor units."""
    return f"{product}/{offer}/{at}/{'none' if new is None else new}"
