"""What the page tells its own forms and scripts: hidden inputs, state JSON, metrics, JSON-LD and meta elements."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, cast

from selectolax.lexbor import LexborNode

from pennywren.observe.page.dom import Page, attr, path
from pennywren.observe.page.numbers import bare, currency_of, moneys, read_plain
from pennywren.observe.page.place import Place, Row, Weight, row_of

_MAX_JSON: Final = 200_000
_EXCHANGE: Final = re.compile(r'"buyBoxOfferBuyingPrice"\s{0,3}:\s{0,3}"([0-9.]{1,14})"')
_BOX_TEXT: Final = re.compile(r'"buyboxPrice"\s{0,3}:\s{0,3}"([^"]{1,30})"')
_OPTION_ROWS: Final = {"SNS": Row.SUBSCRIBE, "USED": Row.USED, "RENTAL": Row.RENT, "EXCHANGE": Row.EXCHANGE}


def places(page: Page) -> list[Place]:
    """All hidden witnesses."""
    return [*_form(page), *_twister(page), *_options(page), *_metrics(page), *_scripts(page), *_linked(page)]


def _form(page: Page) -> Iterator[Place]:
    """The amount that the add-to-cart form carries as the price the customer saw."""
    for node in page.css('input[name$="[customerVisiblePrice][amount]"], input[name="displayedPrice"]'):
        value = attr(node, "value")
        holder = node.parent
        beside = holder.css('input[name$="[customerVisiblePrice][currencyCode]"]') if holder is not None else []
        currency = attr(beside[0], "value") if beside else None
        yield from _machine(page, node, "form", value, currency)
    for node in page.css('input[name$="[customerVisiblePrice][displayString]"]'):
        money = bare(attr(node, "value"), page.market)
        if money is not None:
            yield _place(node, "form", frozenset({money.minor}), money.currency, attr(node, "value"))
    for node in page.ids("attach-base-product-price"):
        yield from _machine(page, node, "attach", attr(node, "value"), None, Row.MAIN)
    for node in page.ids("priceValue"):
        yield from _machine(page, node, "details", attr(node, "value"), None)


def _twister(page: Page) -> Iterator[Place]:
    """`#twister-plus-price-data-price`: where the page writes a decimal comma, it has lost it ("8,00" became "800")."""
    units = page.ids("twister-plus-price-data-price-unit")
    currency = currency_of(attr(units[0], "value"), page.market) if units else None
    for node in page.ids("twister-plus-price-data-price"):
        value = attr(node, "value")
        readings = {read_plain(value, currency or page.market.currency)}
        if re.fullmatch(r"[0-9]{3,12}", value):
            readings.add(int(value))
        amounts = frozenset(r for r in readings if r)
        if amounts:
            # Every row repeats the main price here, so the row it stands in says nothing.
            yield _place(node, "twister", amounts, currency, value, Row.MAIN)


def _options(page: Page) -> Iterator[Place]:
    """The list of buying options that the variation picker updates."""
    for node in page.css(".twister-plus-buying-options-price-data")[:4]:
        for option in _dicts(_load(node.text())):
            amount, symbol = option.get("priceAmount"), option.get("currencySymbol")
            if not isinstance(amount, int | float) or isinstance(amount, bool):
                continue
            currency = currency_of(symbol, page.market) if isinstance(symbol, str) else None
            minor = read_plain(str(amount), currency or page.market.currency)
            kind, index = option.get("buyingOptionType", "NEW"), option.get("aapiBuyingOptionIndex", 0)
            row = _OPTION_ROWS.get(str(kind), Row.MAIN)
            if row is Row.MAIN and index not in (0, None):
                row = Row.OTHER
            if minor:
                yield _place(node, "options", frozenset({minor}), currency, str(option.get("displayPrice")), row)


def _metrics(page: Page) -> Iterator[Place]:
    for node in page.ids("cerberus-data-metrics"):
        yield from _machine(page, node, "metrics", attr(node, "data-asin-price"), attr(node, "data-asin-currency-code"))


def _scripts(page: Page) -> Iterator[Place]:
    """Prices of the buy box in the scripts' settings."""
    for match in _EXCHANGE.finditer(page.source):
        minor = read_plain(match[1], page.market.currency)
        if minor:
            yield Place("exchange", Weight.HIDDEN, frozenset({minor}), None, "script buyBoxOfferBuyingPrice", match[1])
    for match in _BOX_TEXT.finditer(page.source):
        shown = match[1].encode("ascii", "backslashreplace").decode() if "\\" in match[1] else match[1]
        money = bare(shown, page.market)
        if money is not None and money.minor:
            yield Place("script", Weight.HIDDEN, frozenset({money.minor}), money.currency, "script buyboxPrice", shown)


def _linked(page: Page) -> Iterator[Place]:
    """JSON-LD offers and price meta elements, rare on these pages."""
    for node in page.css('script[type="application/ld+json"]')[:8]:
        for thing in _dicts(_load(node.text())):
            if thing.get("@type") not in ("Offer", "http://schema.org/Offer", "https://schema.org/Offer"):
                continue
            price, currency = thing.get("price"), thing.get("priceCurrency")
            if isinstance(price, str | int | float) and isinstance(currency, str):
                minor = read_plain(str(price), currency)
                if minor:
                    yield _place(node, "linked", frozenset({minor}), currency, str(price), Row.MAIN)
    for node in page.css('meta[property="product:price:amount"], meta[property="og:price:amount"]')[:4]:
        for money in moneys(attr(node, "content"), page.market) or [bare(attr(node, "content"), page.market)]:
            if money is not None and money.minor:
                yield _place(node, "meta", frozenset({money.minor}), money.currency, attr(node, "content"), Row.MAIN)


def _machine(
    page: Page, node: LexborNode, family: str, value: str, currency: str | None, row: Row | None = None
) -> Iterator[Place]:
    minor = read_plain(value, currency or page.market.currency)
    if minor:
        yield _place(node, family, frozenset({minor}), currency or None, value, row)


def _place(
    node: LexborNode, family: str, amounts: frozenset[int], currency: str | None, shown: str, row: Row | None = None
) -> Place:
    own, option = row_of(node)
    return Place(family, Weight.HIDDEN, amounts, currency, path(node), shown[:60], row or own, option)


def _load(source: str) -> object:
    if len(source) > _MAX_JSON:
        return None
    try:
        return cast("object", json.loads(source))
    except (ValueError, RecursionError):
        return None


def _dicts(value: object, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > 6:
        return
    if isinstance(value, dict):
        thing = cast("dict[str, Any]", value)
        yield thing
        for inner in thing.values():
            yield from _dicts(inner, depth + 1)
    elif isinstance(value, list):
        for inner in cast("list[object]", value)[:50]:
            yield from _dicts(inner, depth + 1)
