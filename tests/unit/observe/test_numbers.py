"""Money text of every marketplace, to minor units and back, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.model.marketplace import MARKETPLACES
from pennywren.model.money import MAX_PRICE, minor_digits
from pennywren.observe.page.numbers import Money, bare, currency_of, moneys, read_groups, read_number, read_plain

GOOD = [
    ("us", "$1,234.99", 123499, "USD"), ("us", "US$ 17.95", 1795, "USD"), ("uk", "£4.45", 445, "GBP"),
    ("de", "1.299,00 €", 129900, "EUR"), ("de", "EUR 12,34", 1234, "EUR"), ("de", "€1,299.00", 129900, "EUR"),
    ("de", "1.299 €", 129900, "EUR"), ("fr", "1\u202f234,56\u00a0€", 123456, "EUR"), ("it", "8,00€", 800, "EUR"),
    ("es", "1234,56 €", 123456, "EUR"), ("nl", "€ 1.234,56", 123456, "EUR"), ("be", "1 234,56 €", 123456, "EUR"),
    ("ie", "€1,234.56", 123456, "EUR"), ("se", "1\u00a0299,00\u00a0kr", 129900, "SEK"),
    ("pl", "1234,56 zł", 123456, "PLN"), ("tr", "1.234,56TL", 123456, "TRY"), ("tr", "₺1.234,56", 123456, "TRY"),
    ("in", "₹1,08,999.00", 10899900, "INR"), ("in", "₹1,08,999", 10899900, "INR"), ("in", "Rs. 499.00", 49900, "INR"),
    ("jp", "￥ 4,849", 4849, "JPY"), ("jp", "¥4,849", 4849, "JPY"), ("jp", "4,849円", 4849, "JPY"),
    ("cn", "￥72.00", 7200, "CNY"), ("ca", "CDN$ 12.99", 1299, "CAD"), ("ca", "$1,012.99", 101299, "CAD"),
    ("mx", "$1,234.50", 123450, "MXN"), ("br", "R$\u00a01.645,19", 164519, "BRL"), ("au", "$12.30", 1230, "AUD"),
    ("sg", "S$12.30", 1230, "SGD"), ("ae", "AED 1,299.00", 129900, "AED"), ("sa", "SAR1,279.00", 127900, "SAR"),
    ("sa", "\u200f١٬٢٧٩٫٠٠ ر.س.\u200f", 127900, "SAR"), ("eg", "جنيه1,234.00", 123400, "EGP"),
    ("eg", "EGP 1,234.00", 123400, "EGP"), ("za", "R 1,699.00", 169900, "ZAR"), ("za", "R1 699,00", 169900, "ZAR"),
]  # fmt: skip


@pytest.mark.parametrize(("market", "text", "minor", "currency"), GOOD)
def test_every_marketplace_writes_money_in_its_own_manner(market: str, text: str, minor: int, currency: str) -> None:
    assert bare(text, MARKETPLACES[market]) == Money(minor, currency)


@pytest.mark.parametrize(
    ("market", "text"),
    [
        ("us", "$1.299"), ("us", "$1,23.00"), ("us", "$01.20"), ("us", "$17.9"), ("us", "$17.955"),
        ("us", "$1,08,999.00"),
        ("us", "$12.99 15"), ("us", "$"), ("us", ""), ("us", "$1.234.56"), ("us", "$17 95"), ("us", "$17.95 - $19.95"),
        ("de", "1,299 €"), ("jp", "￥72.00"), ("in", "₹1,08,99"), ("us", "-$5.00"), ("us", "NaN"), ("us", "$1e5"),
        ("us", "$99,999,999,999,999.00"), ("uk", "£4.45/count"),
    ],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_or_in_none_is_refused(market: str, text: str) -> None:
    assert bare(text, MARKETPLACES[market]) is None


def test_the_marketplace_says_which_dollar_and_which_yen_is_meant() -> None:
    meant = {code: currency_of("$", m) for code, m in MARKETPLACES.items()}
    assert {code: c for code, c in meant.items() if c} == {
        "us": "USD", "ca": "CAD", "mx": "MXN", "au": "AUD", "sg": "SGD",
    }  # fmt: skip
    assert currency_of("￥", MARKETPLACES["cn"]) == "CNY"
    assert currency_of("￥", MARKETPLACES["jp"]) == "JPY"
    assert currency_of("￥", MARKETPLACES["us"]) is None
    assert currency_of("R$", MARKETPLACES["br"]) == "BRL"


def test_symbols_inside_words_are_no_symbols() -> None:
    assert moneys("Regular 12.99, kreativ 5,00", MARKETPLACES["za"]) == []


def test_amounts_are_found_in_a_sentence() -> None:
    said = moneys("$32.97 with 34 percent savings", MARKETPLACES["us"])
    assert said == [Money(3297, "USD")]
    assert len(moneys("$36.28 - $59.95", MARKETPLACES["us"])) == 2


def test_machine_decimals_have_a_dot_and_no_groups() -> None:
    assert read_plain("159.0", "USD") == 15900
    assert read_plain("4849.0", "JPY") == 4849
    assert read_plain("17.955", "USD") is None
    assert read_plain("1,234.00", "USD") is None
    assert read_plain("-1", "USD") is None


def _grouped(whole: int, mark: str, lakhs: bool) -> str:
    digits = str(whole)
    if not lakhs or len(digits) <= 3:
        return f"{whole:,}".replace(",", mark)
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(i - 2, 0) : i] for i in range(len(head), 0, -2)][::-1]
    return mark.join([*pairs, tail])


@given(
    minor=st.integers(min_value=1, max_value=MAX_PRICE),
    code=st.sampled_from(sorted(MARKETPLACES)),
    comma=st.booleans(),
    mark=st.sampled_from(["", ".", ",", "\u00a0", "\u202f", " ", "'"]),
)
def test_what_is_written_is_read(minor: int, code: str, comma: bool, mark: str) -> None:
    market = MARKETPLACES[code]
    digits = minor_digits(market.currency)
    point = "," if comma else "."
    if mark == point:
        mark = ""
    whole, cents = divmod(minor, 10**digits)
    text = _grouped(whole, mark, lakhs=code == "in" and mark == ",")
    if digits:
        text += f"{point}{cents:0{digits}d}"
    assert read_number(text, market.currency, market.language) == minor
    assert bare(f"{market.currency} {text}", market) == Money(minor, market.currency)


@given(st.text(alphabet="0123456789.,' ", max_size=16), st.sampled_from(["USD", "EUR", "INR", "JPY"]))
def test_no_reading_without_exactly_these_digits(text: str, currency: str) -> None:
    """Whatever is read, it consists of the text's digits in their order: nothing is dropped or rounded."""
    minor = read_number(text, currency, "en-US")
    if minor is not None:
        digits = "".join(c for c in text if c.isdigit())
        assert str(minor) in (str(int(digits)), str(int(digits) * 10 ** minor_digits(currency)))


@given(st.text(max_size=30))
def test_any_text_is_safe(text: str) -> None:
    market = MARKETPLACES["us"]
    moneys(text, market)
    bare(text, market)
    read_groups(text, "USD")
    read_plain(text, "USD")
