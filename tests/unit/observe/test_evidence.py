"""Which place of a page gave what: for every part of the reading, short, and harmless to show."""

import pytest

from pennywren.observe.page import PageReading, read_page
from tests.unit.observe.made_pages import (
    ASIN,
    OTHER,
    a_price,
    box,
    button,
    headline,
    modern,
    page,
    row,
    rows,
    stock,
)

PICTURE = "https://m.media-amazon.com/images/I/61qaRrmO6hL._SL1500_.jpg"
SELLER = "#merchantInfoFeature_feature_div span.offer-display-feature-text-message"
SOLD_BY_AMAZON = (
    '<div id="merchantInfoFeature_feature_div"><span class="offer-display-feature-text-message">Amazon.com</span></div>'
)


def told(reading: PageReading, field: str) -> list[tuple[str, str]]:
    """What was shown where, of one field."""
    return [(each.value, each.where) for each in reading.evidence if each.field == field]


def rich(*more: str) -> PageReading:
    """A page with everything on it."""
    pay = a_price("$17.95", names="priceToPay")
    parts = (
        f'<img id="landingImage" src="data:x" data-old-hires="{PICTURE}">',
        headline(pay),
        box(a_price("$17.95"), button() + stock() + SOLD_BY_AMAZON),
        f'<div id="olpDivId"><a href="/gp/offer-listing/{ASIN}/ref=x?condition=new">3 new</a> from $16.00</div>',
        f'<div id="olpUsed"><a href="/gp/offer-listing/{ASIN}/ref=x?condition=used">2 used from $9.50</a></div>',
        f'<script>var state = {{"parentAsin": "{OTHER}"}};</script>',
        '<div id="couponText1">Save 5% with coupon</div>',
        *more,
    )
    return read_page(page(*parts), "us")


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        ("title", "A thing", "#productTitle"),
        ("image", PICTURE, "#landingImage[data-old-hires]"),
        ("parentAsin", OTHER, "script parentAsin"),
        ("seller", "amazon: Amazon.com", SELLER),
        ("offers.amazon", "the buy box's price", SELLER),
        ("offers.new", "3 new from $16.00", "#olpDivId a[href*=condition=new]"),
        ("offers.used", "2 used from $9.50", "#olpUsed a[href*=condition=used]"),
        ("context", "coupon: Save 5% with coupon", "#couponText1"),
    ],
)  # fmt: skip
def test_every_part_of_the_reading_says_where_it_is_from(field: str, value: str, where: str) -> None:
    assert told(rich(), field) == [(value, where)]


def test_the_reading_of_that_page_is_what_its_evidence_says() -> None:
    reading = rich()
    prices = {name: offer.price for name, offer in reading.offers.items()}
    assert prices == {"buybox": 1795, "amazon": 1795, "new": 1600, "used": 950}
    assert (reading.title, reading.image, reading.parent_asin) == ("A thing", PICTURE, OTHER)
    assert (reading.seller, reading.context) == ("amazon", ["coupon"])


def test_the_currency_is_that_of_an_agreeing_price_or_else_the_marketplaces() -> None:
    ((value, where),) = told(rich(), "currency")
    assert value.startswith("USD: $17.95")
    assert "a-price" in where
    sold_out = read_page(page('<div id="outOfStock"><span>Currently unavailable.</span></div>'), "us")
    assert told(sold_out, "currency") == [("USD", "marketplace us")]


def test_each_circumstance_says_what_shows_it() -> None:
    offer = a_price("$17.95")
    subscription = row("snsAccordionRowMiddle", a_price("$15.00"))
    reading = read_page(
        page(headline(offer), rows(row("newAccordionRow", offer, button() + stock()), subscription)), "us"
    )
    assert {value.partition(":")[0] for value, _ in told(reading, "context")} == set(reading.context)
    assert "subscribe_save" in reading.context
    assert all(where for _, where in told(reading, "context"))


def test_a_refused_page_still_says_what_was_found_on_it() -> None:
    reading = read_page(page(headline(a_price("$17.95")), box(a_price("$18.95"), button() + stock())), "us")
    assert reading.kind == "unreadable"
    assert told(reading, "title") == [("A thing", "#productTitle")]
    assert len(told(reading, "price (main, visible)")) == 2
    assert told(reading, "currency") == []


def test_evidence_is_short_and_harmless_whatever_a_page_writes() -> None:
    hostile = "\u202e\x1b[31m" + "x" * 5000
    many = "".join(box(a_price("$17.95"), f'<i id="{hostile}{i}" class="{hostile}"></i>') for i in range(60))
    coupons = "".join(f'<div id="couponText{hostile}{i}">{hostile}</div>' for i in range(60))
    reading = read_page(modern().replace(" A thing ", hostile).replace("</body>", f"{many}{coupons}</body>"), "us")
    assert reading.kind == "product", reading.reason
    assert "coupon" in reading.context
    assert len(reading.evidence) <= 60
    for each in reading.evidence:
        assert max(len(each.value), len(each.where)) <= 120
        assert (each.value + each.where).isprintable()


def test_the_number_of_offers_before_a_yen_sign_is_no_price() -> None:
    links = "".join(
        f'<span><a href="/gp/offer-listing/{ASIN}/ref=x?condition={condition}">{words}</a>'
        f"<span class='a-color-price'>￥ {price}</span>より</span>"
        for condition, words, price in (("new", "新品の出品：5", "4,849"), ("used", "中古品の出品：6", "599"))
    )
    nothing_featured = '<div id="unqualifiedBuyBox">14の新品/中古品の出品を見る：￥ 599 より すべての出品を見る</div>'
    reading = read_page(page(f'<div id="olp">{links}</div>', nothing_featured, host="www.amazon.co.jp"), "jp")
    assert {name: offer.price for name, offer in reading.offers.items()} == {"buybox": None, "new": 4849, "used": 599}
