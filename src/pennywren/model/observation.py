"""An observation: somebody saw a product's prices at one moment."""

from dataclasses import dataclass
from enum import StrEnum

from pennywren.model.offer import Offer
from pennywren.model.product import ProductID


class Source(StrEnum):
    """Who saw it."""

    # As the text that it equals; Enum's own hash runs in Python, and these are keys of dictionaries on hot paths.
    __hash__ = str.__hash__

    CRAWL = "crawl"
    """One of our own fetches; the only thing that an alert may follow."""
    REPORT = "report"
    """An extension install."""
    IMPORT = "import"
    """A history brought in from elsewhere."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a product's page showed: one observation for each offer that the page speaks of.

    `prices` are minor units of `currency`, None where the offer was not there. `at` is in milliseconds
    UTC, or None for "now, by the clock of Redis".
    """

    product: ProductID
    currency: str
    prices: dict[Offer, int | None]
    at: int | None = None
    source: Source = Source.CRAWL

    def __post_init__(self) -> None:
        """Refuse a look that shows nothing: there would be nothing to record, and no time to record it at."""
        if not self.prices:
            raise ValueError(f"a look at {self.product} shows no offer: give at least one, None where it is absent")
