"""What a watch waits for, in the reader's language: to follow "when"."""

from pennywren.accounts.subscription import Subscription
from pennywren.language import rules
from pennywren.language.speaking import Language
from pennywren.model.rule import Rule


def waits_for(speaking: Language, of: Subscription) -> str:
    """The rule of a watch, with the price that it comes to now where that is known."""
    return rule_words(speaking, of.rule, of.currency, of.base_price)


def rule_words(speaking: Language, rule: Rule, currency: str, base_price: int | None = None) -> str:
    """`the price is 10% below the price when you began to watch (at $12.99 or less)`."""
    return rules.rule_words(speaking, rule, lambda minor: speaking.money(minor, currency), base_price)
