"""Why somebody is told, in one sentence: the same words in a mail, a short message and a notification."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pennywren.model.offer import Offer

Money = Callable[[int], str]
"""Writes an amount of the subscription's currency, in minor units, for its reader."""

_OFFER_NOTES: Final = {
    Offer.BUYBOX: "",
    Offer.AMAZON: " for the price of Amazon itself",
    Offer.NEW: " for the lowest price of a new one",
    Offer.USED: " for the lowest price of a used one",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked to be told; `threshold` in minor units."""

    offer: Offer
    threshold: int


def reason_in_words(asked: Asked, money: Money) -> str:
    """`You asked to be told at €14.00 or less.`"""
    return f"You asked to be told at {money(asked.threshold)} or less{_OFFER_NOTES[asked.offer]}."
