"""Which other products a page leads to: its links, its variations, and what is shown beside it."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from pennywren.model.product import is_asin
from pennywren.observe.page.dom import Page, attr

MOST: Final = 40
"""Products that one page may lead to; the rest of them stand on other pages as well."""
_PATH: Final = re.compile(r"/(?:dp|gp/product|gp/aw/d)/([A-Z0-9]{10})(?=[/?#]|\Z)")
_VARIATIONS: Final = re.compile(r'"dimensionToAsinMap"\s{0,3}:\s{0,3}\{([^{}]{0,20000})\}')
_IN_QUOTES: Final = re.compile(r'"([A-Z0-9]{10})"')


def linked_products(page: Page, asin: str) -> list[str]:
    """The ASINs of other products of this marketplace that the page of `asin` names, in the order of the page.

    Variations come first: they are what its visitors choose between.
    """
    found: dict[str, None] = {}
    for other in _named(page):
        if other != asin and is_asin(other):
            found[other] = None
            if len(found) == MOST:
                break
    return list(found)


def _named(page: Page) -> Iterator[str]:
    for variations in _VARIATIONS.finditer(page.source):
        yield from _IN_QUOTES.findall(variations[1])
    for link in page.css("a[href]"):
        path = _own_path(page, attr(link, "href"))
        named = _PATH.search(path) if path else None
        if named:
            yield named[1]
    for node in page.css("[data-asin]"):
        yield attr(node, "data-asin")


def _own_path(page: Page, href: str) -> str | None:
    """The path of a link that stays at this shop; another marketplace's product of this ASIN is another product."""
    if len(href) > 2000:
        return None
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    return parts.path if parts.hostname in (None, page.market.host) else None
