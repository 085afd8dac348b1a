"""How a language writes numbers, where a reader types them and where one is told them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.language.catalogue import LANGUAGES
from pennywren.language.speaking import language
from pennywren.model.money import MAX_PRICE, MIN_PRICE, parse_amount
from pennywren.web.shapes.rule_form import typed_percent


@given(st.integers(MIN_PRICE, MAX_PRICE), st.sampled_from(["USD", "JPY", "KWD"]), st.sampled_from(LANGUAGES))
def test_an_amount_in_a_field_is_read_as_it_is_written(minor: int, currency: str, code: str) -> None:
    assert parse_amount(language(code).figure(minor, currency), currency) == minor


@given(st.integers(1, 100_000), st.sampled_from(LANGUAGES))
def test_so_is_a_percentage(hundredths: int, code: str) -> None:
    assert typed_percent(language(code).plain(hundredths / 100)) == hundredths / 100


@pytest.mark.parametrize(
    ("share", "english", "german"),
    [
        (1.0, "100%", "100\u00a0%"),
        (0.99999, "99.99%", "99,99\u00a0%"),
        (0.9, "90%", "90\u00a0%"),
        (0.0, "0%", "0\u00a0%"),
    ],
)
def test_a_promise_that_was_nearly_kept_is_not_said_to_be_kept(share: float, english: str, german: str) -> None:
    assert (language("en").percent_kept(share), language("de").percent_kept(share)) == (english, german)
