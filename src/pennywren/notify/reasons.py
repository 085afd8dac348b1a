"""Why somebody is told, in one sentence: the same words in a mail, a short message and a notification."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pennywren.model.offer import Offer
from pennywren.model.rule import Money, Rule, condition

When = Callable[[int], str]
"""Writes a moment (ms UTC) for its reader."""

_OFFER_NOTES: Final = {
    Offer.BUYBOX: "",
    Offer.AMAZON: " for the price of Amazon itself",
    Offer.NEW: " for the lowest price of a new one",
    Offer.USED: " for the lowest price of a used one",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked to be told."""

    offer: Offer
    rule: Rule
    base_price: int | None = None
    """What the rule is counted from, in minor units."""
    about: str = "change"
    """`change`, `created` for what was so already when it was asked, `expiry` for a watch that ends,
    `correction` for a price that was told and found false."""
    expires_at: int | None = None
    """Milliseconds UTC."""
    because: str | None = None
    """Of a correction: why the price was false."""
    corrects: int | None = None
    """Of a correction: the price that was false (minor units)."""


def reason_in_words(asked: Asked, money: Money, when: When) -> str:
    """`You asked to be told when the price is at €14.00 or less.`"""
    if asked.about == "correction" and asked.corrects is not None:
        because = "" if asked.because is None else f" because {asked.because}"
        return (
            f"We told you a price that was wrong: {money(asked.corrects)} was found false{because}. "
            "It was taken out of the history, and your watch is armed again. We are sorry."
        )
    what = f"when {condition(asked.rule, money, asked.base_price)}{_OFFER_NOTES[asked.offer]}"
    if asked.about == "expiry":
        end = "has ended" if asked.expires_at is None else f"ends on {when(asked.expires_at)}"
        return f"Your watch {end}: you asked to be told {what}. Open your account to have it go on."
    return f"You asked to be told {what}."
