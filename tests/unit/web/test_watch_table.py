"""Tables of watches: what others write is read, what is wrong is said with its line, and ours comes back as it was."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.accounts.subscription import NotificationType, State, Subscription
from pennywren.errors import BadInput
from pennywren.model.money import format_amount
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import PriceAtOrBelow, Rule
from pennywren.web.shapes.subscription_views import wish_of
from pennywren.web.watch.watch_table import MOST, looks_like_a_table, read_price, read_table, write_table
from tests.unit.web.test_rule_form import amounts, rules


def read(text: str) -> list[tuple[str, int | None, str]]:
    table = read_table(text, "us")
    assert table.bad == []
    return [(each.wish.product_id, each.wish.threshold, each.wish.offer.value) for each in table.entries]


def test_a_table_of_another_tracker_is_read_by_its_headings() -> None:
    text = 'Name,ASIN,Locale,Price Type,Desired Price\n"A kettle, red",B08N5WRWNW,UK,3rd Party New,"£1,299.00"\n'
    assert read(text) == [("uk:B08N5WRWNW", 129900, "new")]

    text = "ASIN;Domain;Type;Tracking price\nB08N5WRWNW;3;AMAZON;12,99 €\nB000000002;com;;9\n"
    assert read(text) == [("de:B08N5WRWNW", 1299, "amazon"), ("us:B000000002", 900, "buybox")]


def test_links_know_their_marketplace_and_a_target_may_be_missing() -> None:
    text = "\ufeffURL\tTarget\nhttps://www.amazon.co.jp/dp/B08N5WRWNW\t¥1,299\nhttps://www.amazon.com/dp/B000000002\t\n"

    assert read(text) == [("jp:B08N5WRWNW", 1299, "buybox"), ("us:B000000002", None, "buybox")]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nonsense,,10,", "nonsense"),
        (",,10,", "no product given"),
        ("B000000003,mars,10,", "no marketplace that we know"),
        ("B000000003,us,cheap,", "is not a price"),
        ("B000000003,us,-5,", "is not a price"),
        ("B000000003,us,0,", "too small"),
        ("B000000003,us,1.234567,", "more digits"),
        ("B000000003,us,10,EUR", "not in EUR"),
        ("B000000001,us,10,", "same product as line 2"),
    ],
)
def test_a_bad_line_is_named_and_keeps_no_good_one_back(line: str, says: str) -> None:
    table = read_table(f"asin,marketplace,target,currency\nB000000001,us,5,USD\n\n{line}\nB000000002,us,6,\n", "us")

    assert [entry.wish.product_id for entry in table.entries] == ["us:B000000001", "us:B000000002"]
    [bad] = table.bad
    assert bad.line == 4
    assert says in bad.reason


def test_a_table_without_a_product_column_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="one of them must be ASIN"):
        read_table("name,price\nkettle,5\n", "us")


def test_what_is_too_much_is_said_line_by_line() -> None:
    table = read_table("asin\n" + "".join(f"B{i:09}\n" for i in range(MOST + 2)), "us")

    assert (len(table.entries), [bad.line for bad in table.bad]) == (MOST, [MOST + 2, MOST + 3])


def test_only_a_heading_makes_a_table() -> None:
    assert looks_like_a_table("\n ASIN ,x\n")
    assert not looks_like_a_table("https://www.amazon.com/dp/B08N5WRWNW\n")
    assert not looks_like_a_table("")


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.99", "USD", 1299), ("12,99 €", "EUR", 1299), ("$1,299.00", "USD", 129900), ("1.299,00 €", "EUR", 129900),
        ("1,299", "USD", 129900), ("1.299", "KWD", 1299), ("¥1,299", "JPY", 1299), ("1 299,50 kr", "SEK", 129950),
        ("1'299.00", "USD", 129900), ("1,234,567", "USD", 123456700), ("12.", "USD", 1200), ("12.990", "USD", 1299000),
    ],
)  # fmt: skip
def test_prices_are_read_as_people_and_programs_write_them(text: str, currency: str, minor: int) -> None:
    assert read_price(text, currency) == minor


@given(st.integers(1, 10**10), st.sampled_from(["USD", "JPY", "KWD"]))
def test_a_plain_decimal_is_read_exactly(minor: int, currency: str) -> None:
    assert read_price(format_amount(minor, currency), currency) == minor


@given(st.text(max_size=300))
def test_no_text_breaks_the_reading(text: str) -> None:
    try:
        read_table("asin,target,rule\n" + text, "us")
        read_table(text, "us")
    except BadInput:
        pass


kinds = st.sampled_from(NotificationType)
rearms = st.none() | st.integers(0, 10**6)


@given(
    rules,
    st.sampled_from(Offer),
    kinds,
    st.booleans(),
    st.none() | st.integers(0, 10**6),
    st.text(max_size=40),
    amounts,
)
def test_what_is_exported_is_imported_as_it_was(
    rule: Rule, offer: Offer, kind: NotificationType, once: bool, rearm: int | None, title: str, base: int
) -> None:
    product = ProductID("us", "B08N5WRWNW")
    held = Subscription(
        1, 1, product, offer, rule, "USD", kind, State.ACTIVE, 0, 0, None, None, base, rearm, once, 4_000_000_000_000,
        None, None,
    )  # fmt: skip
    table = read_table(write_table([held], {product: title}), "us")

    assert table.bad == []
    [entry] = table.entries
    again, terms = wish_of(entry.wish)
    assert (again, entry.wish.offer, entry.wish.notification_type) == (rule, offer, kind)
    assert (terms.once, terms.rearm_after, terms.expires_at) == (once, rearm, 4_000_000_000_000)
    assert isinstance(again, PriceAtOrBelow) == (entry.wish.rule is None)


def test_a_title_that_is_a_formula_is_exported_as_text() -> None:
    product = ProductID("us", "B08N5WRWNW")
    held = Subscription(
        1, 1, product, Offer.BUYBOX, PriceAtOrBelow(5), "USD", NotificationType.EMAIL, State.ACTIVE, 0, 0, None, None,
        None, None, False, None, None, None,
    )  # fmt: skip

    assert ",'=1+1," in write_table([held], {product: "=1+1"})
    assert msgspec.json.encode(PriceAtOrBelow(5)).decode().replace('"', '""') in write_table([held], {})
