"""Money is read and written without losing a cent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.model.money import MAX_PRICE, MIN_PRICE, format_amount, format_money, parse_amount

currencies = st.sampled_from(["USD", "EUR", "JPY", "INR", "KWD"])


@given(st.integers(MIN_PRICE, MAX_PRICE), currencies)
def test_an_amount_reads_back_as_it_was_written(minor: int, currency: str) -> None:
    assert parse_amount(format_amount(minor, currency), currency) == minor


def test_how_money_is_written() -> None:
    assert format_money(1299, "USD") == "12.99 USD"
    assert format_money(5, "EUR") == "0.05 EUR"
    assert format_money(1980, "JPY") == "1980 JPY"
    assert format_money(-1250, "USD") == "-12.50 USD"


@pytest.mark.parametrize("text", ["", "x", "-1", "1.2.3", "1,299.00", "12.999", "0", "0.00", "1e3", "١٢", "9" * 20])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=repr(text)[1:-1] or "amount"):
        parse_amount(text, "USD")
