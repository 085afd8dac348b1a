"""Supporting witnesses elsewhere on the page: they can confirm a price, and their silence or dissent means nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from selectolax.lexbor import LexborNode

from pennywren.model.money import minor_digits
from pennywren.observe.page.dom import Page, attr, path, text
from pennywren.observe.page.numbers import Money, moneys, read_plain, tidy
from pennywren.observe.page.place import Place, Weight

_OLD_PRICES: Final = (
    "#priceBlock .listprice, #listPriceValue, #price .a-text-strike, .priceBlockStrikePriceString, "
    "#digital-list-price, #print-list-price, .print-list-price .a-text-strike, "
    "#buyBoxListPrice, #listPrice, #actualPriceValue .listprice"
)
_SAVED: Final = (
    "#priceBlock .youSavePriceRow .price, #youSaveValue, #regularprice_savings, #dealprice_savings, #youSave"
)
_BAR: Final = "#miniATF_price, #mobileMiniATF_price"
_CONDITION: Final = re.compile(
    r"/offer-listing/([A-Z0-9]{10})\b.{0,200}?[?&;]condition=(new|used)\b", re.IGNORECASE | re.DOTALL
)
_FIRST_TOGETHER: Final = re.compile(r"buyingPrices\[0\]\s{0,3}=\s{0,3}([0-9]{1,9}(?:\.[0-9]{1,2})?);")
_TOGETHER: Final = re.compile(r'"buyingPrice":([0-9]{1,9}(?:\.[0-9]{1,2})?),"ASIN":"([A-Z0-9]{10})"')


@dataclass(frozen=True, slots=True)
class Listed:
    """A "from" price of the offer list, the text that says it, and the link that it belongs to."""

    money: Money
    shown: str
    link: LexborNode


def places(page: Page, asin: str) -> list[Place]:
    """All supporting witnesses for the price of `asin`."""
    return [*_bar(page), *_listing(page, asin), *_together(page, asin), *_saving(page), *_exchange_header(page)]


def list_prices(page: Page) -> list[tuple[Money, LexborNode]]:
    """The struck-out or list prices that stand beside the price (not those of other rows or products)."""
    found: list[tuple[Money, LexborNode]] = []
    for node in page.css(_OLD_PRICES):
        said = moneys(text(node), page.market)
        if len(said) == 1 and said[0] is not None:
            found.append((said[0], node))
    return found


def listed_from(page: Page, asin: str) -> dict[str, Listed]:
    """`{"new": …, "used": …}`: the "from" prices of the links to the offer list, by the condition in the link."""
    found: dict[str, Listed] = {}
    for link in page.css('a[href*="condition="]'):
        match = _CONDITION.search(attr(link, "href"))
        if not match or match[1].upper() != asin:
            continue
        shown = text(link)
        said = moneys(shown, page.market)
        if not said:
            shown = text(link.parent)
            said = moneys(shown, page.market)
        if len(said) == 1 and said[0] is not None:
            condition = match[2].lower()
            known = found.get(condition)
            if known is None or said[0].minor < known.money.minor:
                found[condition] = Listed(said[0], shown, link)
    return found


def _support(family: str, money: Money, where: str, shown: str) -> Place:
    return Place(family, Weight.SUPPORT, frozenset({money.minor}), money.currency, where, shown[:60])


def _bar(page: Page) -> Iterator[Place]:
    """The bar that stays on top when a visitor scrolls."""
    for node in page.css(_BAR):
        said = moneys(text(node), page.market)
        if len(said) == 1 and said[0] is not None:
            yield _support("bar", said[0], path(node), text(node))


def _listing(page: Page, asin: str) -> Iterator[Place]:
    lowest = listed_from(page, asin).get("new")
    if lowest is not None:
        yield _support("listing", lowest.money, "a[href*=condition=new]", str(lowest.money.minor))


def _together(page: Page, asin: str) -> Iterator[Place]:
    """This product's own price in the sum of "bought together"."""
    currency = page.market.currency
    written = [m[1] for m in _FIRST_TOGETHER.finditer(page.source)]
    written += [m[1] for m in _TOGETHER.finditer(page.source) if m[2] == asin]
    written += [attr(n, "data-price") for n in page.css(f'[data-asin="{asin}"][data-price]')]
    for value in written[:6]:
        minor = read_plain(value, currency)
        if minor:
            yield _support("together", Money(minor, None), "bought together", value)


def _saving(page: Page) -> Iterator[Place]:
    """List price less "you save" is the price: arithmetic that the page does for us."""
    for node in page.css(_SAVED):
        saved = moneys(tidy(text(node)), page.market)
        if not saved or saved[0] is None:
            continue
        for old, _ in list_prices(page):
            if old.minor > saved[0].minor and old.currency == saved[0].currency:
                yield _support("saving", Money(old.minor - saved[0].minor, old.currency), path(node), text(node))


def _exchange_header(page: Page) -> Iterator[Place]:
    """The header of the "without exchange" row, where the rupee sign is an image."""
    for node in page.css('[id^="newAccordionRow"] h5 .a-color-price'):
        if node.css_first(".currencyINR") is not None:
            shown = tidy(text(node)).replace(",", "")
            minor = read_plain(shown, "INR") if minor_digits(page.market.currency) == 2 else None
            if minor:
                yield _support("row header", Money(minor, "INR"), path(node), shown)
