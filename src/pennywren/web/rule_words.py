"""What a watch waits for, in the reader's language: to follow "when"."""

from pennywren.accounts.subscription import Subscription
from pennywren.language.speaking import Language
from pennywren.model.rule import (
    AnyChange,
    Drop,
    LowestInDays,
    PriceAtOrAbove,
    PriceAtOrBelow,
    Rise,
    Rule,
    kind_of,
    place,
)


def waits_for(speaking: Language, of: Subscription) -> str:
    """The rule of a watch, with the price that it comes to now where that is known."""
    return rule_words(speaking, of.rule, of.currency, of.base_price)


def rule_words(speaking: Language, rule: Rule, currency: str, base_price: int | None = None) -> str:
    """`the price is 10 % below the price when you began to watch (at $12.99 or less)`."""
    key = f"rule.{kind_of(rule)}"
    match rule:
        case PriceAtOrBelow() | PriceAtOrAbove():
            return speaking.say(key, amount=speaking.money(rule.threshold, currency))
        case Drop() | Rise():
            at = place(rule, base_price)
            base, step = speaking.say(f"base.{rule.base}"), _step(speaking, rule, currency)
            if at is None:
                return speaking.say(key, step=step, base=base)
            return speaking.say(f"{key}To", step=step, base=base, amount=speaking.money(at.at, currency))
        case LowestInDays():
            return speaking.say(key, count=rule.days)
        case AnyChange():
            return speaking.say(key, step=_step(speaking, rule, currency))
        case _:
            return speaking.say(key)


def _step(speaking: Language, rule: Drop | Rise | AnyChange, currency: str) -> str:
    if rule.percent is not None:
        return f"{speaking.number(rule.percent)}\u00a0%"
    return speaking.money(rule.amount or 0, currency)
