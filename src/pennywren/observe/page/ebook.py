"""Kindle books: a price table instead of a buy box, and one form that buys with one click."""

import base64
import binascii
import re
from typing import Final

from selectolax.lexbor import LexborNode

from pennywren.observe.page.dom import Page, attr
from pennywren.observe.page.legacy import read_text
from pennywren.observe.page.numbers import read_plain
from pennywren.observe.page.place import Place, Row, Weight

_ACTION: Final = re.compile(r"arn:action:[a-z]{1,8}:[0-9]{1,3}:([A-Za-z0-9+/_\-]{20,400}={0,2})")
_ORDER: Final = re.compile(
    r"(?P<asin>[A-Z0-9]{10}):[A-Z0-9]{5,20}:Buy:[^:]{0,40}:(?P<amount>[0-9.]{1,14}):(?P<currency>[A-Z]{3}):"
)


def places(page: Page) -> list[Place]:
    """The price table, the form's hidden price, and the order that the buy button would send."""
    found: list[Place] = []
    nodes = page.ids("kindle-price") or _innermost(page.css(".kindle-price .a-color-price"))
    for node in nodes:
        place = read_text(page, node, "headline", Weight.VISIBLE, Row.MAIN)
        if place is not None:
            found.append(place)
    for form in page.css("form[action*='arn:action:']"):
        order = _order(attr(form, "action"))
        if order is None:
            continue
        minor = read_plain(order["amount"], order["currency"])
        if minor is not None:
            found.append(
                Place("order", Weight.HIDDEN, frozenset({minor}), order["currency"], "#buyOneClick action", order[0])
            )
    return found


def _innermost(nodes: list[LexborNode]) -> list[LexborNode]:
    """Cell and span carry the same class: the span is the price, the cell has remarks beside it."""
    return [node for node in nodes if len(node.css(".a-color-price")) <= 1]


def _order(action: str) -> re.Match[str] | None:
    match = _ACTION.search(action)
    if not match:
        return None
    coded = match[1].rstrip("=")
    try:
        plain = base64.b64decode(
            coded + "=" * (-len(coded) % 4), altchars=b"-_" if "-" in coded or "_" in coded else None
        )
    except (binascii.Error, ValueError):
        return None
    return _ORDER.match(plain.decode("latin-1"))
