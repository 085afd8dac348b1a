"""Damaged pages: nothing crashes the reader, and no damage makes it read another price than the page's."""

import random
import re
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pennywren.observe.page import read_page
from tests.pages.labelled import Label, labels
from tests.unit.observe.made_pages import a_price, button, headline, hidden, modern, page, row, rows, stock

_BEARING: Final = (
    '[id^="corePrice"], [id^="apex_desktop"], .a-price, .a-price *, .aok-offscreen, [id*="ccordionRow"], #buybox, '
    '#desktop_buybox, #twister-plus-price-data-price, input[name*="customerVisible"], #attach-base-product-price, '
    ".twister-plus-buying-options-price-data, #priceblock_ourprice, #priceblock_ourprice_lbl, .priceLarge, .listprice, "
    "#kindle-price, #usedBuySection *, .price3P, #cerberus-data-metrics, .currencyINR, #ASIN, #availability, "
    "#outOfStock, #partialStateBuybox, #unqualifiedBuyBox, #add-to-cart-button, #buy-now-button, "
    "#priceNotAvailable_feature_div"
)
"""What bears on the price: damage elsewhere proves little."""

_ROWS = page(
    headline(a_price("$8.00", names="priceToPay"), row="newAccordionRow"),
    headline(a_price("$7.60", names="priceToPay"), row="snsAccordionRowMiddle"),
    rows(
        row("newAccordionRow_0", a_price("$8.00"), button() + stock(), active=True),
        row("snsAccordionRowMiddle", a_price("$7.60")),
        row("usedAccordionRow", a_price("$5.00")),
    ),
    hidden("twister-plus-price-data-price", "8"),
    hidden("attach-base-product-price", "8.0"),
)
_OLD = page(
    '<span id="priceblock_ourprice_lbl">Price:</span><span id="priceblock_ourprice">$1,234.99</span>',
    '<div id="buybox"><span id="price_inside_buybox">$1,234.99</span></div>', button(), stock(),
)  # fmt: skip
_GONE = page('<div id="outOfStock">Currently unavailable.</div>', stock(""))
_MADE = {
    "modern": (modern(), 1795, "$17.95"),
    "rows": (_ROWS, 800, "$8.00"),
    "old": (_OLD, 123499, "$1,234.99"),
    "gone": (_GONE, None, "unavailable"),
}
"""Page, its price, and how the page writes it."""


def _delete(node: LexborNode, nodes: list[LexborNode], dice: random.Random) -> None:
    node.decompose()


def _double(node: LexborNode, nodes: list[LexborNode], dice: random.Random) -> None:
    copies = LexborHTMLParser(node.html or "").css("body > *")
    if copies and node.parent is not None:
        node.insert_after(copies[0])


def _garble(node: LexborNode, nodes: list[LexborNode], dice: random.Random) -> None:
    """One digit of the value or of the text is lost or replaced."""

    def spoil(text: str) -> str:
        spots = [m.start() for m in re.finditer(r"[0-9]", text)]
        if not spots:
            return text
        at = dice.choice(spots)
        return text[:at] + dice.choice(["", "0", "9", ".", ","]) + text[at + 1 :]

    value = node.attributes.get("value")
    child = node.first_child
    if value:
        node.attrs["value"] = spoil(value)
    elif child is not None and child.is_text_node:
        child.replace_with(spoil(child.text_content or ""))


_DAMAGE: Final[list[Callable[[LexborNode, list[LexborNode], random.Random], None]]] = [
    _delete,
    _double,
    _garble,
    _garble,
]


def damaged(html: str, dice: random.Random) -> str:
    """The page after one to six accidents."""
    tree = LexborHTMLParser(html)
    for _ in range(dice.randint(1, 6)):
        nodes = [n for n in tree.css(_BEARING) if n.parent is not None]
        if nodes:
            dice.choice(_DAMAGE)(dice.choice(nodes), nodes, dice)
    return tree.html or ""


def check(html: str, marketplace: str, right: int | None, dice: random.Random, shown: str = "") -> None:
    """Right price, or unreadable: that nothing is for sale has to be said by the page, and damage does not say it.

    Damage that leaves the right price nowhere (`shown` is how it is written) cannot be noticed by anybody.
    """
    spoiled = damaged(html, dice)
    if shown not in spoiled:
        return
    reading = read_page(spoiled, marketplace)
    offer = reading.offers.get("buybox")
    if reading.kind == "product":
        assert offer is not None
        assert offer.price == right, (reading.reason, reading.evidence)
    else:
        assert offer is None


@settings(max_examples=120)
@given(name=st.sampled_from(sorted(_MADE)), seed=st.integers(0, 2**32))
def test_our_own_pages_damaged(name: str, seed: int) -> None:
    html, right, shown = _MADE[name]
    assert read_page(html, "us").offers["buybox"].price == right
    check(html, "us", right, random.Random(seed), shown)


_REAL = [label for label in labels() if label.kind == "product"]
_RIGHT: dict[str, int | None] = {}


@pytest.mark.skipif(not _REAL, reason=f"{len(_REAL)} labelled pages here: PENNYWREN_SHARED says where they are")
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(label=st.sampled_from(_REAL or [None]), seed=st.integers(0, 2**32))
def test_real_pages_damaged(label: Label | None, seed: int) -> None:
    assert label is not None
    html = label.html.decode("utf-8", "replace")
    if label.id not in _RIGHT:
        offer = read_page(html, label.marketplace).offers.get("buybox")
        _RIGHT[label.id] = offer.price if offer else None
    check(html, label.marketplace, _RIGHT[label.id], random.Random(seed))


@settings(max_examples=150)
@given(st.one_of(st.text(max_size=300), st.binary(max_size=300)))
def test_any_input_is_read_as_something(html: str | bytes) -> None:
    assert read_page(html, "jp").kind in ("other", "error", "captcha", "unreadable")
