"""The layouts before 2020: `.priceLarge` in `#priceBlock` (2010 on), `#priceblock_…`, `#price_inside_buybox`."""

import re
from typing import Final

from selectolax.lexbor import LexborNode

from pennywren.model.money import minor_digits
from pennywren.observe.page.core_price import read_element
from pennywren.observe.page.dom import Page, attr, classes, inside, path, text, texts
from pennywren.observe.page.numbers import Money, bare, currency_of, moneys, read_groups, single, tidy
from pennywren.observe.page.place import Place, Row, Weight, row_of

_DEALS: Final = ("priceblock_dealprice", "priceblock_saleprice", "priceblock_pospromoprice")
_USUAL: Final = ("priceblock_ourprice", "actualPriceValue", "buyingPriceValue")
_BOX: Final = ("price_inside_buybox", "newBuyBoxPrice")
_SUBSCRIBE: Final = ("priceblock_snsprice_Based", "priceblock_snsprice_Tiered", "priceblock_snsprice", "snsPrice")
_BOX_HOLDERS: Final = re.compile(r"buybox|desktop_buybox|qualifiedBuybox|rightCol|soldByThirdParty|buyboxDivId")
_PRICE_BLOCK: Final = re.compile(r"priceBlock|actualPriceRow|actualPriceContent|buyingPriceBlock")
_TAIL: Final = re.compile(r" ?\([^()]{1,60}\)\Z")
_RANGE: Final = re.compile(r"[0-9] ?[-–—~〜] ?[^0-9]{0,5}[0-9]")
_FROM: Final = re.compile(
    r"\A(?:from|ab|à partir de|a partir de|desde|da|a partire da|vanaf|från|od|başlayan)\b|(?:から|より|起)\W{0,3}\Z",
    re.IGNORECASE,
)


def places(page: Page) -> list[Place]:
    """What these layouts say. A deal price replaces the usual price, which then stands beside it as an old price."""
    deals = _read(page, page.ids(*_DEALS), "headline")
    usual = _read(page, [*page.ids(*_USUAL), *_large(page)], "headline")
    box = _read(page, page.ids(*_BOX), "box")
    third = [n for n in page.css(".price3P") if inside(n, _BOX_HOLDERS)]
    subscribe = _read(page, page.ids(*_SUBSCRIBE), "headline", row=Row.SUBSCRIBE)
    return [*(deals or usual), *box, *_read(page, third, "box"), *subscribe]


def shows_range(page: Page) -> bool:
    """Whether the price is a span ("$7 - $12") or a lowest one ("From: $119.99"): the visitor has to choose first."""
    for node in page.ids(*_USUAL, *_DEALS):
        shown = tidy(text(node))
        if len(moneys(shown, page.market)) == 2 and _RANGE.search(shown):
            return True
    labels = page.ids("priceblock_ourprice_lbl", "priceblock_saleprice_lbl", "priceblock_dealprice_lbl")
    return any(_FROM.search(tidy(text(node)).rstrip(" :：")) for node in labels)


def read_text(page: Page, node: LexborNode, family: str, weight: Weight, row: Row | None = None) -> Place | None:
    """An element that is one price as text; None where it is empty."""
    shown = tidy(text(node))
    if not shown:
        return None
    money = bare(_TAIL.sub("", shown), page.market) or _superscript(page, node) or single(shown, page.market)
    own, option = row_of(node)
    return Place(
        family=family,
        weight=weight,
        amounts=frozenset({money.minor}) if money else frozenset(),
        currency=(money.currency or _pictured(node)) if money else None,
        where=path(node),
        shown=shown[:60],
        row=row or own,
        option=option,
    )


def _read(page: Page, nodes: list[LexborNode], family: str, row: Row | None = None) -> list[Place]:
    found: list[Place | None] = []
    for node in nodes:
        inner = node if "a-price" in classes(node) else node.css_first(".a-price")
        if inner is not None:
            found.append(read_element(page, inner, family))
        else:
            found.append(read_text(page, node, family, Weight.VISIBLE, row))
    return [place for place in found if place is not None]


def _large(page: Page) -> list[LexborNode]:
    return [node for node in page.css(".priceLarge") if inside(node, _PRICE_BLOCK)]


def _pictured(node: LexborNode) -> str | None:
    """The currency where its sign is a picture: India wrote `<span class="currencyINR">` until 2018."""
    for mark in node.css('[class^="currency"]'):
        found = re.match(r"currency([A-Z]{3})\b", attr(mark, "class"))
        if found:
            return found[1]
    return None


def _superscript(page: Page, node: LexborNode) -> Money | None:
    """`$ 17 ⁹⁵`: the years around 2016 wrote cents as a raised second element without a point."""
    if node.css_first(".price-info-superscript, .priceToPayPadding, sup") is None:
        return None
    pieces = [tidy(piece) for piece in texts(node)]
    numbers = [piece for piece in pieces if piece[:1].isdigit()]
    symbols = {currency_of(piece, page.market) for piece in pieces if not piece[:1].isdigit()}
    currency = next(iter(symbols)) if len(symbols) == 1 else None
    if currency is None or len(numbers) != 2 or len(numbers[1]) != minor_digits(currency):
        return None
    units = read_groups(numbers[0], currency)
    if units is None or not numbers[1].isdigit():
        return None
    return Money(units * 10 ** minor_digits(currency) + int(numbers[1]), currency)
