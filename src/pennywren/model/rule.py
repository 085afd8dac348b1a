"""What can be watched: what each kind of rule means, when a change crosses it, and how it is said in words.

A rule sits at one integer, its place, in one of a few sorted sets of its product's offer; a change crosses exactly the
places of one range in each of them. So a change costs a few ranges, however many watches there are, and the
index, the decision in SQL and the explanation afterwards all hold a place against the same ranges (`crossed`).

    set     place                                           a change crosses
    watch   threshold, in minor units                       new <= place < old: the edge of a fall
    rise    threshold, in minor units                       old < place <= new: its mirror
    lows    days of which it must be the lowest             place <= lowestForDays; all of them at a new low
    stock   1 out of stock, 2 back in stock                 the one that happened
    moves   least move: minor units, or minus 0.01 percent  -percent <= place <= amount
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, assert_never

import msgspec
from msgspec import Meta

from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.money import MAX_PRICE, MIN_PRICE

ALL_TIME: Final = 100_000
"""The place of "the lowest of all time" among days."""

MAX_DAYS: Final = 3650
OUT, BACK = 1, 2
"""The places of who waits for the end of stock, and for its return."""
_WHOLE: Final = 10_000
"""A percentage is held in hundredths of a percent, so that it is exact."""

Amount = Annotated[int, Meta(ge=MIN_PRICE, le=MAX_PRICE, description="Minor units of the currency: 1299 is 12.99 USD.")]
Percent = Annotated[float, Meta(ge=0.01, le=1000, description="Percent, to the hundredth.")]
Days = Annotated[int, Meta(ge=1, le=MAX_DAYS)]
Money = Callable[[int], str]
"""Writes an amount in minor units for its reader."""


class WatchSet(StrEnum):
    """The sorted sets of an offer, as their keys spell them."""

    FALL = "watch"
    RISE = "rise"
    LOWS = "lows"
    STOCK = "stock"
    MOVES = "moves"


class Base(StrEnum):
    """What a drop or a rise is counted from."""

    SUBSCRIPTION = "priceAtSubscription"
    MEDIAN = "median90Days"
    LAST_ALERT = "lastAlert"


BASE_WORDS: Final = {
    Base.SUBSCRIPTION: "the price when you began to watch",
    Base.MEDIAN: "the median of the last 90 days",
    Base.LAST_ALERT: "the price that you were last told",
}


class _Rule(msgspec.Struct, frozen=True, rename="camel", tag_field="kind", forbid_unknown_fields=True):
    """The ground of all kinds."""


class PriceAtOrBelow(_Rule, frozen=True, tag="priceAtOrBelow"):
    """The price falls to the threshold or below it."""

    threshold: Amount


class PriceAtOrAbove(_Rule, frozen=True, tag="priceAtOrAbove"):
    """The price rises to the threshold or above it."""

    threshold: Amount


class Drop(_Rule, frozen=True, tag="drop"):
    """The price falls by a percentage or an amount (one of the two) from a base."""

    base: Base = Base.SUBSCRIPTION
    percent: Percent | None = None
    amount: Amount | None = None


class Rise(_Rule, frozen=True, tag="rise"):
    """The price rises by a percentage or an amount (one of the two) from a base."""

    base: Base = Base.SUBSCRIPTION
    percent: Percent | None = None
    amount: Amount | None = None


class AllTimeLow(_Rule, frozen=True, tag="allTimeLow"):
    """The price is lower than ever since we began to look."""


class LowestInDays(_Rule, frozen=True, tag="lowestInDays"):
    """The price is the lowest of so many days, or of all that we know where that is less."""

    days: Days


class BackInStock(_Rule, frozen=True, tag="backInStock"):
    """The offer is there again."""


class OutOfStock(_Rule, frozen=True, tag="outOfStock"):
    """The offer is gone."""


class AnyChange(_Rule, frozen=True, tag="anyChange"):
    """The price moves up or down by a percentage or an amount (one of the two) at least."""

    percent: Percent | None = None
    amount: Amount | None = None


Rule = PriceAtOrBelow | PriceAtOrAbove | Drop | Rise | AllTimeLow | LowestInDays | BackInStock | OutOfStock | AnyChange
KINDS: Final = (
    PriceAtOrBelow, PriceAtOrAbove, Drop, Rise, AllTimeLow, LowestInDays, BackInStock, OutOfStock, AnyChange
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule sits in the index."""

    set: WatchSet
    at: int


@dataclass(frozen=True, slots=True)
class Range:
    """The places of one set that a change crosses, both ends included."""

    set: WatchSet
    low: int
    high: int


def kind_of(rule: Rule) -> str:
    """The name of a rule's kind, as JSON spells it."""
    return str(rule.__struct_config__.tag)


def set_of(rule: Rule) -> WatchSet:
    """The sorted set that a rule of this kind sits in."""
    match rule:
        case PriceAtOrBelow() | Drop():
            return WatchSet.FALL
        case PriceAtOrAbove() | Rise():
            return WatchSet.RISE
        case AllTimeLow() | LowestInDays():
            return WatchSet.LOWS
        case BackInStock() | OutOfStock():
            return WatchSet.STOCK
        case AnyChange():
            return WatchSet.MOVES
        case _:
            assert_never(rule)


def base_of(rule: Rule) -> Base | None:
    """What a rule is counted from; None where its place does not hang on a price."""
    return rule.base if isinstance(rule, Drop | Rise) else None


def moves_by_itself(rule: Rule) -> bool:
    """Whether its place moves with time or with its alerts, and not only when the person changes it."""
    return base_of(rule) in (Base.MEDIAN, Base.LAST_ALERT)


def place(rule: Rule, base_price: int | None) -> Place | None:
    """Where a rule sits; None while the price is not known that it is counted from."""
    at = _at(rule, base_price)
    return None if at is None else Place(set_of(rule), at)


def _at(rule: Rule, base_price: int | None) -> int | None:
    match rule:
        case PriceAtOrBelow() | PriceAtOrAbove():
            return rule.threshold
        case Drop() if base_price is not None:
            away = base_price * (_WHOLE - _hundredths(rule.percent)) // _WHOLE if rule.percent else None
            return max(base_price - (rule.amount or 0) if away is None else away, MIN_PRICE)
        case Rise() if base_price is not None:
            away = -(-base_price * (_WHOLE + _hundredths(rule.percent)) // _WHOLE) if rule.percent else None
            return min(base_price + (rule.amount or 0) if away is None else away, MAX_PRICE)
        case Drop() | Rise():
            return None
        case AllTimeLow():
            return ALL_TIME
        case LowestInDays():
            return rule.days
        case BackInStock():
            return BACK
        case OutOfStock():
            return OUT
        case AnyChange():
            return -_hundredths(rule.percent) if rule.percent else rule.amount
        case _:
            assert_never(rule)


def crossed(change: PriceChange) -> list[Range]:
    """The places that a change crosses. A price before which there was none fell from, and rose from, infinitely far.

    A rewritten past is no news, nor is that nobody looked for a while: they cross nothing.
    """
    old, new = change.old, change.new
    if change.kind in (ChangeKind.REWRITE, ChangeKind.STATE):
        return []
    if new is None:
        return [Range(WatchSet.STOCK, OUT, OUT)]
    ranges = [
        Range(WatchSet.FALL, new, MAX_PRICE if old is None else old - 1),
        Range(WatchSet.RISE, MIN_PRICE if old is None else old + 1, new),
    ]
    first = change.kind is ChangeKind.FIRST
    if not first:
        ranges.append(Range(WatchSet.LOWS, 1, ALL_TIME if change.new_low else change.lowest_for_days))
    # The first price of an offer that was looked for before in vain: it came into stock.
    if change.kind is ChangeKind.BACK or (first and change.version > 1):
        ranges.append(Range(WatchSet.STOCK, BACK, BACK))
    if old is not None:
        ranges.append(_moves(old, new))
    return [each for each in ranges if each.low <= each.high]


def crosses(change: PriceChange, at: Place) -> bool:
    """Whether a change crosses a place."""
    return any(each.set is at.set and each.low <= at.at <= each.high for each in crossed(change))


def is_met_by(at: Place, price: int) -> bool:
    """Whether a price lies at or beyond a threshold: for falls and rises; nothing else is met by standing still."""
    match at.set:
        case WatchSet.FALL:
            return price <= at.at
        case WatchSet.RISE:
            return price >= at.at
        case WatchSet.LOWS | WatchSet.STOCK | WatchSet.MOVES:
            return False
        case _:
            assert_never(at.set)


def is_moved_by(at: Place, old: int, new: int) -> bool:
    """Whether the move from one price to another is as large as a place asks for; only moves are."""
    found = _moves(old, new)
    return found.set is at.set and found.low <= at.at <= found.high


def _moves(old: int, new: int) -> Range:
    move = abs(new - old)
    return Range(WatchSet.MOVES, -(move * _WHOLE // old), move)


def problem(rule: Rule) -> str | None:
    """What is wrong with the numbers of a rule, in a sentence; None where nothing is."""
    match rule:
        case Drop() | Rise() | AnyChange() if (rule.percent is None) == (rule.amount is None):
            return f"A rule of kind {kind_of(rule)} needs `percent` or `amount`, one of the two."
        case Drop() if rule.percent is not None and _hundredths(rule.percent) >= _WHOLE:
            return "A drop is less than 100 percent: nothing is ever free here."
        case _:
            return None


def condition(rule: Rule, money: Money, base_price: int | None = None) -> str:
    """What a rule waits for, to follow "when": `the price is at 12.99 USD or less`."""
    match rule:
        case PriceAtOrBelow():
            return f"the price is at {money(rule.threshold)} or less"
        case PriceAtOrAbove():
            return f"the price is at {money(rule.threshold)} or more"
        case Drop():
            at = _at(rule, base_price)
            goal = "" if at is None else f" (to {money(at)} or less)"
            return f"the price is {_step(rule, money)} below {BASE_WORDS[rule.base]}{goal}"
        case Rise():
            at = _at(rule, base_price)
            goal = "" if at is None else f" (to {money(at)} or more)"
            return f"the price is {_step(rule, money)} above {BASE_WORDS[rule.base]}{goal}"
        case AllTimeLow():
            return "the price is lower than ever since we began to look"
        case LowestInDays():
            return f"the price is the lowest of {_days(rule.days)}"
        case BackInStock():
            return "it is back in stock"
        case OutOfStock():
            return "it is out of stock"
        case AnyChange():
            return f"the price moves by {_step(rule, money)} or more"
        case _:
            assert_never(rule)


def _step(rule: Drop | Rise | AnyChange, money: Money) -> str:
    return f"{rule.percent:g}%" if rule.percent is not None else money(rule.amount or 0)


def _days(count: int) -> str:
    return "a day" if count == 1 else f"{count} days"


def _hundredths(percent: float | None) -> int:
    return round((percent or 0) * 100)
