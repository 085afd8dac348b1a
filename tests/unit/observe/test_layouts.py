"""Every layout family on pages of our own making: what is read, and what is refused."""

import base64
import json

import msgspec
import pytest

from pennywren.errors import BadInput
from pennywren.observe.page import MAX_BYTES, OfferReading, PageReading, read_page
from tests.unit.observe.made_pages import (
    ASIN,
    OTHER,
    a_price,
    box,
    button,
    headline,
    hidden,
    modern,
    page,
    row,
    rows,
    stock,
)


def price(reading: PageReading) -> int | None:
    """The buy box's price of a product page."""
    assert reading.kind == "product", reading
    return reading.offers["buybox"].price


def refused(reading: PageReading, reason: str) -> None:
    """The page is not guessed at."""
    assert (reading.kind, reading.offers) == ("unreadable", {})
    assert (reading.reason or "").startswith(reason), reading.reason


def test_the_usual_page_of_today() -> None:
    reading = read_page(modern(), "us")
    assert reading.product_id == f"us:{ASIN}"
    assert reading.offers["buybox"] == OfferReading(price=1795, currency="USD")
    assert (reading.availability, reading.title, reading.list_price) == ("in_stock", "A thing", None)
    assert {e.where for e in reading.evidence} >= {"#productTitle", "#ASIN", "#availability"}


def test_json_is_spelled_as_promised() -> None:
    spoken = json.loads(msgspec.json.encode(read_page(modern(), "us")))
    assert spoken["productID"] == f"us:{ASIN}"
    assert spoken["offers"]["buybox"] == {"price": 1795, "currency": "USD"}
    assert {"kind", "title", "image", "listPrice", "availability", "seller", "parentAsin", "context"} <= spoken.keys()


@pytest.mark.parametrize(
    ("market", "host", "text", "symbol", "mark", "minor", "currency"),
    [
        ("de", "www.amazon.de", "1.299,00€", "€", ",", 129900, "EUR"),
        ("in", "www.amazon.in", "₹1,08,999.00", "₹", ".", 10899900, "INR"),
        ("jp", "www.amazon.co.jp", "￥4,849", "￥", "", 4849, "JPY"),
        ("cn", "www.amazon.cn", "￥72.00", "￥", ".", 7200, "CNY"),
        ("br", "www.amazon.com.br", "R$\u00a01.645,19", "R$", ",", 164519, "BRL"),
        ("sa", "www.amazon.sa", "SAR1,279.00", "SAR", ".", 127900, "SAR"),
        ("ca", "www.amazon.ca", "$12.30", "$", ".", 1230, "CAD"),
    ],
)
def test_marketplaces(market: str, host: str, text: str, symbol: str, mark: str, minor: int, currency: str) -> None:
    reading = read_page(modern(text, symbol=symbol, mark=mark, host=host), market)
    assert reading.offers["buybox"] == OfferReading(price=minor, currency=currency)


def test_unit_prices_and_list_prices_are_not_prices() -> None:
    unit = f'<span class="pricePerUnit">({a_price("$1.86", names="a-text-price", parts=False)} / ounce)</span>'
    struck = (
        '<span class="basisPrice">List Price: <span class="a-price a-text-price" data-a-strike="true">'
        '<span class="a-offscreen">$20.00</span><span aria-hidden="true">$20.00</span></span></span>'
    )
    pay = a_price("$8.00", names="priceToPay")
    reading = read_page(
        page(headline(pay, beside=unit + struck), box(a_price("$8.00") + unit, button() + stock())), "us"
    )
    assert (price(reading), reading.list_price) == (800, 2000)


def test_an_element_that_contradicts_itself_is_refused() -> None:
    wrong = a_price("$17.95", whole="71", mark=".", cents="95")
    refused(
        read_page(page(headline(a_price("$17.95", names="priceToPay")), box(wrong, button() + stock())), "us"),
        "garbled",
    )
    lost = a_price("", whole="17", mark=".", names="priceToPay")
    refused(read_page(page(headline(lost), button(), stock()), "us"), "garbled")


def test_headline_and_buy_box_that_disagree_are_refused() -> None:
    differ = page(headline(a_price("$17.95", names="priceToPay")), box(a_price("$18.95"), button() + stock()))
    refused(read_page(differ, "us"), "places_disagree")


def test_a_foreign_currency_is_refused() -> None:
    refused(read_page(modern("PKR 4,400.00", symbol="PKR"), "us"), "foreign_currency")
    refused(read_page(modern("8,00€", symbol="€", mark=","), "us"), "foreign_currency")


def test_another_marketplaces_page_is_refused() -> None:
    refused(read_page(modern(host="www.amazon.ca"), "us"), "other_marketplace: ca")


def test_used_subscription_and_exchange_rows_beside_the_new_one() -> None:
    made = page(
        headline(a_price("$8.00", names="priceToPay"), row="newAccordionRow"),
        headline(a_price("$7.60", names="priceToPay"), row="snsAccordionRowMiddle"),
        headline(a_price("$5.00", names="priceToPay"), row="usedAccordionRow"),
        rows(
            row("buyBackAccordionRow", "<span>Up to $6.00 off</span>"),
            row("newAccordionRow_0", a_price("$8.00"), button() + stock(), active=True),
            row("snsAccordionRowMiddle", f'<span id="sns-base-price">{a_price("$7.60")}</span>'),
            row(
                "usedAccordionRow", a_price("$5.00"), '<div id="merchant-info">Sold by <a href="?seller=A1">X</a></div>'
            ),
        ),
    )
    reading = read_page(made, "us")
    assert price(reading) == 800
    assert {"subscribe_save", "used_offer", "exchange"} <= set(reading.context)
    assert reading.seller != "3p_merchant"


def test_of_two_new_rows_the_open_one_is_the_buy_box() -> None:
    made = page(
        headline(a_price("$9.00", names="priceToPay"), row="almAccordionRow"),
        headline(a_price("$8.00", names="priceToPay"), row="newAccordionRow"),
        rows(
            row("almAccordionRow", a_price("$9.00"), button("freshAddToCartButton")),
            row("newAccordionRow_1", a_price("$8.00"), button() + stock(), active=True),
        ),
    )
    reading = read_page(made, "us")
    assert price(reading) == 800
    assert "multi_offer" in reading.context


def test_pix_is_the_headline_and_is_said_to_be_pix() -> None:
    pay = a_price("R$303,05", symbol="R$", mark=",", names="priceToPay")
    made = page(
        headline(pay, beside="<span>à vista no Pix</span>"),
        box(a_price("R$303,05", symbol="R$", mark=","), button() + stock("Em estoque")),
        hidden("twister-plus-price-data-price", "319"),
        hidden("attach-base-product-price", "319.0"),
        host="www.amazon.com.br",
    )
    reading = read_page(made, "br")
    assert price(reading) == 30305
    assert "pix" in reading.context
    refused(read_page(made.replace("no Pix", "hoje"), "br"), "places_disagree")


def test_what_the_form_would_charge_has_to_agree() -> None:
    form = hidden("items[0.base][customerVisiblePrice][amount]", "16.95")
    made = page(
        headline(a_price("$17.95", names="priceToPay")), box(a_price("$17.95"), form + button() + stock())
    )  # fmt: skip
    refused(read_page(made, "us"), "places_disagree")
    assert price(read_page(made.replace('"16.95"', '"17.95"'), "us")) == 1795


def test_the_twister_value_that_lost_its_comma() -> None:
    made = page(
        headline(a_price("8,00€", symbol="€", mark=",", names="priceToPay")), button(),
        stock("Gewöhnlich versandfertig in 2 bis 3 Tagen."), hidden("twister-plus-price-data-price", "800"),
        host="www.amazon.de",
    )  # fmt: skip
    assert price(read_page(made, "de")) == 800


def test_buying_options_of_other_rows_are_no_witnesses() -> None:
    options = {"desktop_buybox_group_1": [
        {"displayPrice": "$8.00", "priceAmount": 8.0, "currencySymbol": "$", "buyingOptionType": "NEW"},
        {"displayPrice": "$7.60", "priceAmount": 7.6, "currencySymbol": "$", "buyingOptionType": "SNS"},
    ]}  # fmt: skip
    state = f'<div class="twister-plus-buying-options-price-data">{json.dumps(options)}</div>'
    made = page(headline(a_price("$8.00", names="priceToPay")), button(), stock(), state)
    assert price(read_page(made, "us")) == 800
    refused(read_page(made.replace('"priceAmount": 8.0', '"priceAmount": 8.5'), "us"), "places_disagree")


OUR = '<span id="priceblock_ourprice_lbl">{label}</span><span id="priceblock_ourprice">{text}</span>'


def test_the_layout_of_2015() -> None:
    bar = '<span id="miniATF_price">$1,234.99</span>'
    saved = '<span class="a-text-strike">$1,299.00</span><tr><td id="regularprice_savings">$64.01 (5%)</td></tr>'
    made = page(f'<div id="price">{saved}</div>', OUR.format(label="Price:", text="$1,234.99"), button(), stock(), bar)
    reading = read_page(made, "us")
    assert (price(reading), reading.list_price) == (123499, 129900)


def test_a_currency_sign_that_is_a_picture() -> None:
    shown = '<span class="currencyINR">&nbsp;&nbsp;</span> 1,299.00'
    bar = '<span id="miniATF_price">Rs. 1,299.00</span>'
    reading = read_page(
        page(OUR.format(label="Price:", text=shown), button(), stock(), bar, host="www.amazon.in"), "in"
    )
    assert reading.offers["buybox"] == OfferReading(price=129900, currency="INR")


def test_shipping_beside_the_price_is_not_part_of_it() -> None:
    ship = '<span id="ourprice_shippingmessage">+ $5.39 shipping</span>'
    third = (
        '<div id="buybox"><div id="soldByThirdParty"><span class="price3P">$1.19</span> + $5.39 shipping</div></div>'
    )
    reading = read_page(page(OUR.format(label="Price:", text="$1.19"), ship, third, button(), stock()), "us")
    assert (price(reading), reading.seller) == (119, "3p_merchant")


def test_a_deal_price_replaces_the_usual_one() -> None:
    deal = '<span id="priceblock_dealprice">$9.99</span>'
    inside = '<div id="buybox"><span id="price_inside_buybox">$9.99</span></div>'
    made = page(OUR.format(label="Price:", text="$12.99"), deal, inside, button(), stock())
    assert price(read_page(made, "us")) == 999


def test_cents_written_as_a_raised_second_element() -> None:
    split = (
        '<span class="price-info-superscript">$</span><span class="buyingPrice">17</span>'
        '<span class="price-info-superscript">95</span>'
    )
    made = page(OUR.format(label="Price:", text=split), button(), stock(), '<span id="miniATF_price">$17.95</span>')
    assert price(read_page(made, "us")) == 1795
    no_mark = OUR.format(label="Price:", text="<b>$17</b><b>95</b>")
    refused(read_page(page(no_mark, button(), stock()), "us"), "garbled")


@pytest.mark.parametrize(("label", "text"), [("From:", "$119.99"), ("Price:", "$7.70 - $12.50")])
def test_a_span_or_a_lowest_price_needs_a_selection(label: str, text: str) -> None:
    reading = read_page(page(OUR.format(label=label, text=text), button(), stock()), "us")
    assert (price(reading), reading.availability) == (None, "needs_selection")


def test_a_partial_buy_box_needs_a_selection() -> None:
    partial = f'<div id="buybox"><div id="partialStateBuybox">To buy, select <b>Size</b>{button()}</div></div>'
    reading = read_page(page(OUR.format(label="Price:", text="$7.70"), partial), "us")
    assert (price(reading), reading.availability) == (None, "needs_selection")


def test_a_range_in_the_present_layout_needs_a_selection() -> None:
    span = f'<span class="a-price-range">{a_price("$36.28", parts=False)} - {a_price("$59.95", parts=False)}</span>'
    reading = read_page(page(f'<div id="corePrice_desktop">{span}</div>', button()), "us")
    assert (price(reading), reading.availability) == (None, "needs_selection")


def test_the_layout_of_2011() -> None:
    block = (
        '<div id="priceBlock"><span class="listprice">$19.99</span><b class="priceLarge">$11.75</b>'
        '<table><tr class="youSavePriceRow"><td class="price">$8.24 (41%)</td></tr></table></div>'
    )
    made = page(block, '<span class="availGreen">In Stock.</span>', button("bb_atc_button"), asin="080442957X")
    reading = read_page(made.replace("productTitle", "btAsinTitle"), "us")
    assert (price(reading), reading.list_price, reading.product_id) == (1175, 1999, "us:080442957X")


def test_books_with_a_section_per_condition() -> None:
    new = '<div id="buyNewSection"><span class="offer-price">£7.99</span></div>'
    used = '<div id="usedBuySection"><span class="offer-price">£4.45</span></div>'
    rent = '<div id="rentBuySection"><span class="offer-price">£2.10</span></div>'
    formats = (
        '<div id="tmmSwatches"><li class="selected"><b class="slot-price"><b class="a-color-price">{}</b></b>'
        '</li><li><span class="slot-price"><span class="a-color-price">£0.00</span></span></li></div>'
    )
    uk = "www.amazon.co.uk"
    made = page(f'<div id="buybox">{new}{used}{rent}{button()}</div>', stock(), formats.format("£7.99"), host=uk)
    reading = read_page(made, "uk")
    assert (price(reading), "used" in reading.context) == (799, False)
    only_used = page(
        f'<div id="buybox">{used}{button("add-to-cart-button-ubb")}</div>', formats.format("£4.45"), host=uk
    )
    reading = read_page(only_used, "uk")
    assert (price(reading), "used" in reading.context) == (445, True)


def _order(asin: str, amount: str) -> str:
    coded = base64.b64encode(f"{asin}:ATVPDKIKX0DER:Buy:null:{amount}:USD:null".encode()).decode()
    return (
        f'<form id="buyOneClick" action="/api/actions/arn:action:pa:1:{coded}?x=1">{button("one-click-button")}</form>'
    )


def test_an_electronic_book() -> None:
    table = (
        '<div id="buybox"><table><tr class="kindle-price"><td><span id="kindle-price"> $10.99 </span></td></tr>'
        '<tr class="print-sold-by"><td>Sold by: A Publisher</td></tr></table>'
    )
    reading = read_page(page(table, _order(ASIN, "10.99"), "</div>"), "us")
    assert (price(reading), reading.seller) == (1099, "publisher")
    refused(read_page(page(table, _order(ASIN, "9.99"), "</div>"), "us"), "places_disagree")


def test_a_free_book_has_nothing_to_pay() -> None:
    reading = read_page(
        page('<div id="buybox"><span id="kindle-price">$0.00</span>', _order(ASIN, "0"), "</div>"), "us"
    )
    assert (price(reading), reading.context) == (None, ["free"])


@pytest.mark.parametrize(
    ("market", "host", "where", "words", "state"),
    [
        ("us", "www.amazon.com", "outOfStock", "Currently unavailable. We don't know when", "unavailable"),
        ("de", "www.amazon.de", "availability", "Derzeit nicht verfügbar.", "unavailable"),
        ("fr", "www.amazon.fr", "availability", "Actuellement indisponible.", "unavailable"),
        ("it", "www.amazon.it", "availability", "Attualmente non disponibile.", "unavailable"),
        ("es", "www.amazon.es", "outOfStock", "No disponible por el momento.", "unavailable"),
        ("br", "www.amazon.com.br", "availability", "Não disponível.", "unavailable"),
        ("jp", "www.amazon.co.jp", "availability", "現在在庫切れです。", "unavailable"),
        ("us", "www.amazon.com", "outOfStock", "This item cannot be shipped to your location.", "undeliverable"),
        ("us", "www.amazon.com", "availability", "Available from these sellers.", "no_featured_offer"),
        ("jp", "www.amazon.co.jp", "availability", "出品者からお求めいただけます。", "no_featured_offer"),
        ("us", "www.amazon.com", "unqualifiedBuyBox", "See all 14 offers", "no_featured_offer"),
        ("us", "www.amazon.com", "buybox-see-all-buying-choices", "See All Buying Options", "no_featured_offer"),
    ],
)
def test_nothing_payable_is_said_by_the_page(market: str, host: str, where: str, words: str, state: str) -> None:
    similar = f'<div id="sims-consolidated">{a_price("$5.00", names="priceToPay")}</div>'
    reading = read_page(page(f'<div id="{where}">{words}</div>', similar, host=host), market)
    assert (price(reading), reading.availability) == (None, state)


def test_a_page_that_says_nothing_about_its_price_is_not_read_as_sold_out() -> None:
    refused(read_page(page(stock(""), button()), "us"), "no_price")
    refused(read_page(page('<div id="buybox"></div>'), "us"), "no_price")


def test_a_price_that_nothing_lets_anybody_pay_is_doubtful() -> None:
    refused(
        read_page(page(headline(a_price("$1.00", names="priceToPay")), box(a_price("$1.00"))), "us"), "no_buy_button"
    )


def test_a_price_that_is_shown_in_the_cart_only() -> None:
    told = '<div id="priceNotAvailable_feature_div">To see the price, add this item to your cart.</div>'
    reading = read_page(page(told, f'<div id="buybox">{button()}</div>'), "us")
    assert (price(reading), reading.availability, reading.context) == (None, "in_stock", ["price_in_cart"])


def test_the_form_names_the_product_and_the_link_may_name_its_parent() -> None:
    linked = modern().replace(f"/dp/{ASIN}", f"/dp/{OTHER}")
    reading = read_page(linked.replace("</body>", f'<script>x = {{"parentAsin" : "{OTHER}"}}</script></body>'), "us")
    assert (reading.product_id, reading.parent_asin) == (f"us:{ASIN}", OTHER)


def test_forms_for_two_products_are_settled_by_the_rest_of_the_page_or_refused() -> None:
    extra = f'<input type="hidden" name="ASIN" value="{OTHER}">'
    assert read_page(modern().replace("</form>", f"{extra}</form>"), "us").product_id == f"us:{ASIN}"
    torn = modern().replace("</form>", f"{extra}</form>").replace('data-asin="', 'data-x="').replace("/dp/", "/x/")
    refused(read_page(torn, "us"), "no_asin")


def test_titles_of_strangers_are_made_harmless() -> None:
    nasty = "A\u202egnp\u0000\u200b&#1;\n\n <b>B</b>" + "x" * 9999
    title = read_page(modern(title=nasty), "us").title or ""
    assert title.startswith("Agnp B")
    assert len(title) == 300


def test_offers_that_links_name_by_their_condition() -> None:
    links = "".join(
        f'<b><a href="/gp/offer-listing/{asin}/ref=x?ie=UTF8&amp;condition={c}">2 {c}</a> from <i>{p}</i></b>'
        for asin, c, p in [
            (ASIN, "new", "$16.00"),
            (ASIN, "used", "$9.50"),
            (OTHER, "used", "$1.00"),
            (ASIN, "all", "$1"),
        ]
    )
    made = modern().replace("</form>", f"</form>{links}")
    offers = {name: offer.price for name, offer in read_page(made, "us").offers.items()}
    assert offers == {"buybox": 1795, "new": 1600, "used": 950}


def test_amazons_own_offer() -> None:
    name = '<span class="offer-display-feature-text-message">Amazon.com</span>'
    sold = f'<div id="merchantInfoFeature_feature_div">{name}</div>'
    reading = read_page(modern().replace("</form>", f"</form>{sold}"), "us")
    assert (reading.seller, reading.offers["amazon"].price) == ("amazon", 1795)


def test_bytes_of_another_encoding() -> None:
    made = modern("£4.45", symbol="£", host="www.amazon.co.uk", head='<meta charset="iso-8859-1">')
    assert price(read_page(made.encode("latin-1"), "uk")) == 445


def test_what_is_too_large_or_nowhere_is_the_callers_mistake() -> None:
    with pytest.raises(BadInput, match="4 MB"):
        read_page(b"x" * (MAX_BYTES + 1), "us")
    with pytest.raises(BadInput, match="4 MB"):
        read_page("€" * (MAX_BYTES // 2), "us")
    with pytest.raises(BadInput, match="marketplace"):
        read_page(b"", "xx")
