"""A rule between a form and what we hold: one field for each number, of which the chosen kind reads its own."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from pennywren.errors import BadInput
from pennywren.language.speaking import Language
from pennywren.model.money import parse_amount
from pennywren.model.rule import (
    MAX_DAYS,
    AllTimeLow,
    AnyChange,
    BackInStock,
    Base,
    Drop,
    LowestInDays,
    OutOfStock,
    PriceAtOrAbove,
    PriceAtOrBelow,
    Rise,
    Rule,
    kind_of,
)
from pennywren.web.shapes.views import Question

PERCENT: Final = "%"
"""What the field of a unit says where a step is a percentage; else it is an amount."""
_LONGEST: Final = 30

Typed = Annotated[str, Meta(max_length=_LONGEST)]
Kind = Literal[
    "priceAtOrBelow", "priceAtOrAbove", "drop", "rise", "allTimeLow", "lowestInDays", "backInStock", "outOfStock",
    "anyChange",
]  # fmt: skip


class RuleForm(Question):
    """What the page of a watch asks about its rule; the fields of other kinds than the chosen one are not looked at."""

    kind: Kind
    below: Typed = ""
    above: Typed = ""
    drop: Typed = ""
    drop_unit: Typed = PERCENT
    drop_base: Base = Base.SUBSCRIPTION
    rise: Typed = ""
    rise_unit: Typed = PERCENT
    rise_base: Base = Base.SUBSCRIPTION
    days: Typed = ""
    move: Typed = ""
    move_unit: Typed = PERCENT


_PLAIN: Final[dict[str, Callable[[], Rule]]] = {
    "allTimeLow": AllTimeLow,
    "backInStock": BackInStock,
    "outOfStock": OutOfStock,
}


def rule_of_form(form: RuleForm, currency: str) -> Rule:
    """The rule that a form says; amounts are in `currency`.

    Raises:
        BadInput: a number that the kind needs is missing or is none.
    """
    match form.kind:
        case "priceAtOrBelow":
            return PriceAtOrBelow(typed_amount(form.below, currency, "below"))
        case "priceAtOrAbove":
            return PriceAtOrAbove(typed_amount(form.above, currency, "above"))
        case "drop":
            percent, amount = _step(form.drop, form.drop_unit, currency, "drop")
            return Drop(form.drop_base, percent, amount)
        case "rise":
            percent, amount = _step(form.rise, form.rise_unit, currency, "rise")
            return Rise(form.rise_base, percent, amount)
        case "anyChange":
            percent, amount = _step(form.move, form.move_unit, currency, "move")
            return AnyChange(percent, amount)
        case "lowestInDays":
            days = form.days.strip()
            if not (days.isascii() and days.isdigit() and len(days) < 6 and 1 <= int(days) <= MAX_DAYS):
                raise BadInput(f"The days must be a whole number from 1 to {MAX_DAYS}.", field="days")
            return LowestInDays(int(days))
        case _:
            return _PLAIN[form.kind]()


def form_of_rule(rule: Rule, currency: str, speaking: Language) -> dict[str, Any]:
    """What the fields of the form hold for a rule; those of other kinds have something sensible to begin with."""
    values: dict[str, Any] = {
        "kind": kind_of(rule), "below": "", "above": "", "drop": "10", "drop_unit": PERCENT, "rise": "10",
        "rise_unit": PERCENT, "days": "90", "move": "5", "move_unit": PERCENT,
        "drop_base": Base.SUBSCRIPTION, "rise_base": Base.SUBSCRIPTION,
    }  # fmt: skip
    match rule:
        case PriceAtOrBelow():
            values["below"] = speaking.figure(rule.threshold, currency)
        case PriceAtOrAbove():
            values["above"] = speaking.figure(rule.threshold, currency)
        case Drop():
            values["drop"], values["drop_unit"] = _shown(rule, currency, speaking)
            values["drop_base"] = rule.base
        case Rise():
            values["rise"], values["rise_unit"] = _shown(rule, currency, speaking)
            values["rise_base"] = rule.base
        case AnyChange():
            values["move"], values["move_unit"] = _shown(rule, currency, speaking)
        case LowestInDays():
            values["days"] = str(rule.days)
        case _:
            pass
    return values


def typed_amount(text: str, currency: str, field: str | None = None) -> int:
    """An amount as typed into `field`, in minor units.

    Raises:
        BadInput: not an amount of this currency.
    """
    try:
        return parse_amount(text, currency)
    except ValueError as error:
        raise BadInput(f"{error}.", field=field) from error


def typed_percent(text: str, least: float = 0.01, most: float = 1000, field: str | None = None) -> float:
    """A percentage as typed into `field`, dot or comma: `12.5`.

    Raises:
        BadInput: not a number between `least` and `most`.
    """
    plain = text.strip().removesuffix(PERCENT).strip().replace(",", ".").replace("\u2212", "-")
    digits = plain.removeprefix("-").replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit()) or not least <= float(plain) <= most:
        raise BadInput(f"A percentage is a number from {least:g} to {most:g}, such as 10 or 12.5.", field=field)
    return float(plain)


def _step(text: str, unit: str, currency: str, field: str) -> tuple[float | None, int | None]:
    if unit == PERCENT:
        return typed_percent(text, field=field), None
    return None, typed_amount(text, currency, field)


def _shown(rule: Drop | Rise | AnyChange, currency: str, speaking: Language) -> tuple[str, str]:
    if rule.percent is not None:
        return speaking.plain(rule.percent), PERCENT
    return speaking.figure(rule.amount or 0, currency), currency
