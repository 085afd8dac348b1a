"""Why somebody is told, in one sentence: the same words in a mail, a short message and a notification."""

from dataclasses import dataclass
from typing import Final

from pennywren.language.catalogue import DEFAULT, sentence
from pennywren.language.rules import rule_words
from pennywren.model.offer import Offer
from pennywren.model.rule import Rule
from pennywren.notify.channels import Reader
from pennywren.notify.wording import minute, money, speaking

_NAMED_OFFERS: Final = {Offer.AMAZON: "of_amazon", Offer.NEW: "of_new", Offer.USED: "of_used"}


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
    ends_at: int | None = None
    """When the watch will end (ms UTC); None where it has ended, or never does."""
    because: str | None = None
    """Of a correction: why the price was false."""
    corrects: int | None = None
    """Of a correction: the price that was false (minor units)."""


def reason_in_words(asked: Asked, currency: str, reader: Reader) -> str:
    """`You asked to be told when the price is at €14.00 or less.`"""
    words = speaking(reader)

    def amount(minor: int) -> str:
        return money(minor, currency, reader)

    if asked.about == "correction" and asked.corrects is not None:
        if asked.because is None:
            return words.say("reason.corrected", wrong=amount(asked.corrects))
        # An operator's own words stay as they are; those of the rule are ours to translate.
        is_ours = asked.because == sentence(DEFAULT, "because.elsewhere")
        because = words.say("because.elsewhere") if is_ours else asked.because.rstrip(". ")
        return words.say("reason.corrected_because", wrong=amount(asked.corrects), because=because)
    what = rule_words(words, asked.rule, amount, asked.base_price)
    if asked.offer in _NAMED_OFFERS:
        what = words.say(f"reason.{_NAMED_OFFERS[asked.offer]}", what=what)
    if asked.about == "expiry":
        if asked.ends_at is None:
            return words.say("reason.ended", what=what)
        return words.say("reason.ends", what=what, when=minute(asked.ends_at, reader))
    return words.say("reason.asked", what=what)
