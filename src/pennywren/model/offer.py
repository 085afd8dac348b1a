"""Which price of a product is meant."""

from enum import StrEnum


class Offer(StrEnum):
    """The four prices that a product can have at one time; each is a series of its own."""

    # As the text that it equals; Enum's own hash runs in Python, and these are keys of dictionaries on hot paths.
    __hash__ = str.__hash__

    BUYBOX = "buybox"
    """What the page's own buy button costs, whoever sells it."""
    AMAZON = "amazon"
    """What Amazon itself asks."""
    NEW = "new"
    """The lowest price of a new item from any seller."""
    USED = "used"
    """The lowest price of a used item."""
