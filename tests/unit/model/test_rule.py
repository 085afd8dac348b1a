"""What each kind of rule means: which changes cross it, against definitions in plain words."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.money import MAX_PRICE, format_money
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import (
    KINDS,
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
    condition,
    crosses,
    kind_of,
    place,
    problem,
)

KETTLE = ProductID("us", "B08N5WRWNW")
PRICES = st.integers(1, 60) | st.integers(1, MAX_PRICE)
PERCENTS = st.integers(1, 9_999).map(lambda hundredths: hundredths / 100)
BASES = st.sampled_from(Base)


def change(old: int | None, new: int | None, kind: ChangeKind | None = None, **more: int) -> PriceChange:
    """A change as record.lua announces it."""
    if kind is None:
        kind = ChangeKind.OUT if new is None else ChangeKind.BACK if old is None else ChangeKind.PRICE
    return PriceChange(
        KETTLE,
        Offer.BUYBOX,
        kind,
        old,
        new,
        "USD",
        at=1,
        version=more.get("version", 2),
        new_low=bool(more.get("new_low", 0)),
        lowest_for_days=more.get("days", 0),
    )


CHANGES = st.builds(
    change,
    st.none() | PRICES,
    st.none() | PRICES,
    st.none(),
    new_low=st.integers(0, 1),
    days=st.integers(0, 400),
).filter(lambda each: each.old != each.new)
RULES = st.one_of(
    st.builds(PriceAtOrBelow, PRICES),
    st.builds(PriceAtOrAbove, PRICES),
    st.builds(Drop, BASES, PERCENTS),
    st.builds(Drop, BASES, st.none(), PRICES),
    st.builds(Rise, BASES, PERCENTS),
    st.builds(Rise, BASES, st.none(), PRICES),
    st.just(AllTimeLow()),
    st.builds(LowestInDays, st.integers(1, 400)),
    st.just(BackInStock()),
    st.just(OutOfStock()),
    st.builds(AnyChange, PERCENTS),
    st.builds(AnyChange, st.none(), PRICES),
)


def plainly(rule: Rule, base: int, seen: PriceChange) -> bool:
    """The definitions, without places and ranges."""
    old, new = seen.old, seen.new
    goal: float
    match rule:
        case BackInStock():
            return old is None and new is not None
        case OutOfStock():
            return new is None
        case PriceAtOrBelow(goal):
            return new is not None and new <= goal and (old is None or old > goal)
        case PriceAtOrAbove(goal):
            return new is not None and new >= goal and (old is None or old < goal)
        case Drop(_, percent, amount):
            wanted = base * (10_000 - round(percent * 100)) if percent else (base - (amount or 0)) * 10_000
            wanted = max(wanted, 10_000)
            return new is not None and new * 10_000 <= wanted and (old is None or old * 10_000 > wanted)
        case Rise(_, percent, amount):
            wanted = base * (10_000 + round(percent * 100)) if percent else (base + (amount or 0)) * 10_000
            wanted = min(wanted, MAX_PRICE * 10_000)
            return new is not None and new * 10_000 >= wanted and (old is None or old * 10_000 < wanted)
        case AllTimeLow():
            return new is not None and seen.new_low
        case LowestInDays(days):
            return new is not None and (seen.new_low or seen.lowest_for_days >= days)
        case AnyChange(percent, amount):
            if old is None or new is None:
                return False
            if percent:
                return abs(new - old) * 10_000 >= round(percent * 100) * old
            return abs(new - old) >= (amount or 0)


@given(RULES, PRICES, CHANGES)
def test_a_change_crosses_what_the_plain_definition_says(rule: Rule, base: int, seen: PriceChange) -> None:
    at = place(rule, base)
    assert at is not None
    assert crosses(seen, at) == plainly(rule, base, seen)


def test_the_first_price_is_no_low_and_no_return_but_may_meet_a_target() -> None:
    first = change(None, 50, ChangeKind.FIRST, version=1, new_low=1)
    met = [rule for rule in (AllTimeLow(), LowestInDays(1), BackInStock(), PriceAtOrBelow(50)) if _crossed(rule, first)]
    assert met == [PriceAtOrBelow(50)]


def test_the_first_price_of_what_was_looked_for_in_vain_came_into_stock() -> None:
    assert _crossed(BackInStock(), change(None, 50, ChangeKind.FIRST, version=3, new_low=1))


def test_a_rewritten_past_is_no_news_to_any_rule() -> None:
    rewritten = change(90, 50, ChangeKind.REWRITE, new_low=1, days=400)
    everything = (PriceAtOrBelow(60), AllTimeLow(), AnyChange(amount=1), PriceAtOrAbove(1), BackInStock(), OutOfStock())
    assert not any(_crossed(rule, rewritten) for rule in everything)


def _crossed(rule: Rule, seen: PriceChange) -> bool:
    at = place(rule, None)
    return at is not None and crosses(seen, at)


def test_a_base_that_is_not_known_gives_no_place() -> None:
    assert place(Drop(percent=10), None) is None
    assert place(Rise(amount=10), None) is None


@given(RULES)
def test_a_rule_survives_its_json(rule: Rule) -> None:
    text = msgspec.json.encode(rule)
    assert msgspec.json.decode(text, type=Rule) == rule
    assert msgspec.json.decode(text)["kind"] == kind_of(rule)


def test_kinds_are_named_once() -> None:
    assert len({kind.__struct_config__.tag for kind in KINDS}) == len(KINDS) == 9


@pytest.mark.parametrize(
    ("rule", "base", "words"),
    [
        (PriceAtOrBelow(1299), None, "the price is at 12.99 USD or less"),
        (PriceAtOrAbove(1299), None, "the price is at 12.99 USD or more"),
        (
            Drop(percent=12.5),
            2000,
            "the price is 12.5% below the price when you began to watch (to 17.50 USD or less)",
        ),
        (
            Drop(Base.LAST_ALERT, amount=500),
            2000,
            "the price is 5.00 USD below the price that you were last told (to 15.00 USD or less)",
        ),
        (Rise(Base.MEDIAN, 10), None, "the price is 10% above the median of the last 90 days"),
        (AllTimeLow(), None, "the price is lower than ever since we began to look"),
        (LowestInDays(1), None, "the price is the lowest of a day"),
        (LowestInDays(30), None, "the price is the lowest of 30 days"),
        (BackInStock(), None, "it is back in stock"),
        (OutOfStock(), None, "it is out of stock"),
        (AnyChange(percent=0.5), None, "the price moves by 0.5% or more"),
    ],
)
def test_a_rule_is_said_in_words(rule: Rule, base: int | None, words: str) -> None:
    assert condition(rule, lambda minor: format_money(minor, "USD"), base) == words


@pytest.mark.parametrize(
    "rule",
    [Drop(), Drop(percent=5, amount=5), Rise(), AnyChange(), AnyChange(1, 1), Drop(percent=100), Drop(percent=150)],
)
def test_numbers_that_cannot_be_are_said_so(rule: Rule) -> None:
    assert problem(rule)
