"""What was found in a file of price histories."""

from dataclasses import dataclass, field

from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import State, Steps


@dataclass(frozen=True, slots=True)
class ProductHistory:
    """One product's past, all offers in one currency."""

    product: ProductID
    currency: str
    offers: dict[Offer, Steps]


@dataclass(frozen=True, slots=True)
class BadEntry:
    """What could not be used, and why. The rest of the file can."""

    where: str
    """`line 12`, or `product 3 (B0…)`."""
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Found:
    """Everything in a file: one history a product, and what could not be used."""

    histories: dict[ProductID, ProductHistory] = field(default_factory=dict[ProductID, ProductHistory])
    bad: list[BadEntry] = field(default_factory=list[BadEntry])


def steps_of(looks: list[tuple[int, int | None]], last_seen: int) -> Steps:
    """Step functions from looks (ms, minor units or None for no offer), rising in time, up to `last_seen` (ms)."""
    prices: list[tuple[int, int]] = []
    states: list[tuple[int, State]] = []
    offered: bool | None = None
    for at, price in looks:
        # Before its first state an offer counts as offered from its first price on.
        if offered is not (price is not None) and not (offered is None and price is not None):
            states.append((at, State.NO_OFFER if price is None else State.OFFERED))
        offered = price is not None
        if price is not None and (not prices or prices[-1][1] != price):
            prices.append((at, price))
    return Steps(prices, states, last_seen)
