"""Which price of a product is meant."""

from enum import StrEnum


class Offer(StrEnum):
    """The four prices that a product can have at one time; each is a series of its own."""

    BUYBOX = "buybox"
    """What the page's own buy button costs, whoever sells it."""
    AMAZON = "amazon"
    """What Amazon itself asks."""
    NEW = "new"
    """The lowest price of a new item from any seller."""
    USED = "used"
    """The lowest price of a used item."""
