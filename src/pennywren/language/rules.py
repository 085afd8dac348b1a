"""What a watch waits for, in the reader's language: to follow "when"."""

from decimal import Decimal

from pennywren.language.speaking import Language
from pennywren.model.rule import (
    AnyChange,
    Drop,
    LowestInDays,
    Money,
    PriceAtOrAbove,
    PriceAtOrBelow,
    Rise,
    Rule,
    kind_of,
    place,
)


def rule_words(speaking: Language, rule: Rule, money: Money, base_price: int | None = None) -> str:
    """`the price is 10% below the price when you began to watch (at $12.99 or less)`."""
    key = f"rule.{kind_of(rule)}"
    match rule:
        case PriceAtOrBelow() | PriceAtOrAbove():
            return speaking.say(key, amount=money(rule.threshold))
        case Drop() | Rise():
            at = place(rule, base_price)
            base, step = speaking.say(f"base.{rule.base}"), _step(speaking, rule, money)
            if at is None:
                return speaking.say(key, step=step, base=base)
            return speaking.say(f"{key}To", step=step, base=base, amount=money(at.at))
        case LowestInDays():
            return speaking.say(key, count=rule.days)
        case AnyChange():
            return speaking.say(key, step=_step(speaking, rule, money))
        case _:
            return speaking.say(key)


def _step(speaking: Language, rule: Drop | Rise | AnyChange, money: Money) -> str:
    if rule.percent is not None:
        return speaking.percent(Decimal(str(rule.percent)) / 100)
    return money(rule.amount or 0)
