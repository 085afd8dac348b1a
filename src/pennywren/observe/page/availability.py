"""Whether the product can be bought now, by the buy buttons and by what the page says about it."""

import re
from dataclasses import dataclass
from itertools import chain
from typing import Final

from selectolax.lexbor import LexborNode

from pennywren.observe.page import core_price, legacy, words
from pennywren.observe.page.dom import Page, ancestors, attr, path, text
from pennywren.observe.page.place import Row, row_of
from pennywren.observe.page.reading import Availability

_BUTTONS: Final = (
    '#add-to-cart-button, #buy-now-button, #one-click-button, #bb_atc_button, #buyNow, #add-to-cart-button-ubb, '
    'input[name="submit.add-to-cart"], input[name="submit.buy-now"], input[name^="submit.one-click"], '
    'input[name="submit.preorder"], #freshAddToCartButton, #mobile-buy-now-button, input[name="submit.addToCart"][id]'
)  # fmt: skip
_STATEMENTS: Final = (
    "availability", "ddmAvailabilityMessage", "availability-brief", "outOfStock", "deliveryBlockMessage",
    "exportsUndeliverable_feature_div", "unqualifiedBuyBox", "fod-cx-message-with-learn-more", "fod-cx-box",
    "availability_feature_div",
)  # fmt: skip
_OLD_STATEMENTS: Final = ".availGreen, .availOrange, .availRed, #availabilityContent"


_DEAD_ENDS: Final = re.compile(r"partialStateBuybox|outOfStock|undeliverable", re.IGNORECASE)
"""Buttons in these lead to a choice or to other products."""


@dataclass(frozen=True, slots=True)
class Stock:
    """`state`, the words that say so, where they stand, and whether a buy button is there."""

    state: Availability
    shown: str
    where: str
    buyable: bool
    hidden_price: str
    """Where the page says that the price is shown in the cart only; empty where it does not."""
    stated: bool
    """Whether the page says `state` itself (a statement or a structure), not only by what is absent."""


def read_stock(page: Page) -> Stock:
    """Buttons first: what has a working one can be bought, whatever else is written."""
    partial = page.first("partialStateBuybox")
    button = next((n for n in page.css(_BUTTONS) if _works(n)), None)
    statements = [(text(n), f"#{attr(n, 'id')}") for n in page.ids(*_STATEMENTS) if row_of(n)[0] in _OWN]
    statements += [(text(n), f".{attr(n, 'class')[:30]}") for n in page.css(_OLD_STATEMENTS)]
    statements = [(shown, where) for shown, where in statements if shown]
    buyable = button is not None
    hidden = _hides_price(page)

    def stock(state: Availability, shown: str, where: str, *, stated: bool = True) -> Stock:
        return Stock(state, shown[:120], where, buyable, hidden, stated)

    if partial is not None:
        return stock("needs_selection", text(partial, 120), "#partialStateBuybox")
    if core_price.shows_range(page) or legacy.shows_range(page):
        return stock("needs_selection", "", "price range")
    for shown, where in statements:
        if words.CHOOSE.search(shown):
            return stock("needs_selection", shown, where)
    if button is not None:
        first = next(
            (s for s in statements if s[1] in ("#availability", "#ddmAvailabilityMessage", ".availGreen")), None
        )
        shown, where = first or ("", attr(button, "id") or attr(button, "name"))
        return stock("in_stock", shown, where, stated=first is not None)
    for pattern, state in _WORDS:
        for shown, where in statements:
            if pattern.search(shown):
                return stock(state, shown, where)
    for name in ("unqualifiedBuyBox", "buybox-see-all-buying-choices", "fod-cx-box"):
        node = page.first(name)
        if node is not None and text(node):
            return stock("no_featured_offer", text(node, 120), f"#{name}")
    out = page.first("outOfStock")
    if out is not None and text(out):
        return stock("unavailable", text(out, 120), "#outOfStock")
    for shown, where in statements:
        if words.IN_STOCK.search(shown):
            return stock("in_stock", shown, where)
    shown, where = statements[0] if statements else ("", "")
    return stock("unknown", shown, where, stated=False)


_OWN: Final = (Row.MAIN, Row.USED, Row.PRIME, Row.OTHER)
_WORDS: Final[tuple[tuple[re.Pattern[str], Availability], ...]] = (
    (words.UNDELIVERABLE, "undeliverable"),
    (words.SELLERS_ONLY, "no_featured_offer"),
    (words.UNAVAILABLE, "unavailable"),
)


def _works(node: LexborNode) -> bool:
    """A button of the buy box that is not switched off and not another product's or a subscription's."""
    if "disabled" in node.attributes or row_of(node)[0] in (Row.SUBSCRIBE, Row.EXCHANGE, Row.RENT, Row.OTHER):
        return False
    return not any(_DEAD_ENDS.search(attr(up, "id")) for up in ancestors(node))


def _hides_price(page: Page) -> str:
    """Where the seller forbids showing the price before the item is in the cart."""
    stated = (n for n in page.ids("priceNotAvailable_feature_div") if text(n))
    blocks = page.ids("price", "price_feature_div", "priceBlock", "apex_desktop")
    worded = (n for n in blocks if words.PRICE_IN_CART.search(text(n)))
    node = next(chain(stated, worded), None)
    return "" if node is None else path(node)
