"""Rules in a form and in words: what a form shows is what it says when it is sent back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.errors import BadInput
from pennywren.language.catalogue import LANGUAGES
from pennywren.language.speaking import language
from pennywren.model.rule import (
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
)
from pennywren.web.rendering.rule_words import rule_words
from pennywren.web.shapes.rule_form import RuleForm, form_of_rule, rule_of_form, typed_percent

amounts = st.integers(1, 10**9)
percents = st.integers(1, 9_999).map(lambda hundredths: hundredths / 100)
bases = st.sampled_from(Base)
rules = st.one_of(
    amounts.map(PriceAtOrBelow),
    amounts.map(PriceAtOrAbove),
    st.one_of(st.builds(Drop, bases, percents), st.builds(Drop, bases, st.none(), amounts)),
    st.one_of(st.builds(Rise, bases, percents), st.builds(Rise, bases, st.none(), amounts)),
    st.one_of(st.builds(AnyChange, percents), st.builds(AnyChange, st.none(), amounts)),
    st.integers(1, 3650).map(LowestInDays),
    st.sampled_from([AllTimeLow(), BackInStock(), OutOfStock()]),
)


@given(rules, st.sampled_from(["USD", "JPY", "KWD"]))
def test_a_form_that_is_sent_back_unchanged_changes_nothing(rule: Rule, currency: str) -> None:
    shown = form_of_rule(rule, currency, language("en"))

    assert rule_of_form(RuleForm(**shown), currency) == rule


@given(rules, st.sampled_from(LANGUAGES), st.none() | amounts)
def test_every_rule_is_said_in_every_language(rule: Rule, code: str, base: int | None) -> None:
    words = rule_words(language(code), rule, "EUR", base)

    assert words
    assert "{" not in words


def test_a_drop_is_said_with_what_it_comes_to() -> None:
    english, german = language("en"), language("de")
    rule = Drop(Base.SUBSCRIPTION, percent=12.5)

    assert rule_words(english, rule, "USD", 2000) == (
        "the price is 12.5% below the price when you began to watch (at $17.50 or less)"
    )
    assert "12,5\u00a0% unter" in rule_words(german, rule, "EUR", None)


@pytest.mark.parametrize("typed", ["", "x", "nan", "inf", "1e3", "-", "--5", "5.5.5", "0", "10000", "٣"])
def test_a_percentage_that_is_none_is_refused_in_words(typed: str) -> None:
    with pytest.raises(BadInput, match=r"from 0\.01 to 1000"):
        typed_percent(typed)


@pytest.mark.parametrize(("typed", "read"), [("10", 10), (" 12,5 % ", 12.5), ("−5", -5), ("-0.5", -0.5)])
def test_a_percentage_is_read_as_people_type_it(typed: str, read: float) -> None:
    assert typed_percent(typed, -99, 1000) == read


@pytest.mark.parametrize("days", ["", "0", "3651", "9.5", "-1", "²"])
def test_days_that_cannot_be_are_refused_in_words(days: str) -> None:
    with pytest.raises(BadInput, match="from 1 to 3650"):
        rule_of_form(RuleForm("lowestInDays", days=days), "USD")
