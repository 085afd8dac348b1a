"""Books, music and films: buy boxes with a section per condition, and the list of formats.

The other formats' prices (`#tmmSwatches`) are never this page's; the selected format's own is a supporting witness.
"""

from typing import Final

from selectolax.lexbor import LexborNode

from pennywren.observe.page.dom import Page
from pennywren.observe.page.legacy import read_text
from pennywren.observe.page.place import Place, Row, Weight, is_other_amount

_NEW: Final = (
    "#buyNewSection .offer-price, #buyNewSection .header-price, #buyNew_noncbb .a-color-price, "
    "#buyNew_cbb .a-color-price, #buyNewInner .a-color-price, #mediaNoAccordion .header-price"
)
_ROWS: Final = '[id$="OfferAccordionRow"] .header-price, [id$="OfferAccordionRow"] .offer-price'
_USED: Final = "#usedBuySection .offer-price, #usedBuySection .header-price, #usedPrice, #buyUsedInner .a-color-price"
_RENT: Final = "#rentBuySection .offer-price, #rentBuySection .header-price, #rentPrice"
_FORMAT: Final = (
    "#tmmSwatches .selected .slot-price .a-color-price, #tmmSwatches .selected .a-button-selected .a-color-price, "
    "[id^=tmm-grid-swatch].selected .slot-price .a-color-price, tr.activeRow[id^=tmm_] td.price"
)


def places(page: Page) -> list[Place]:
    """What the sections and the selected format say."""
    found = [
        *_section(page, _NEW, Row.MAIN),
        *_section(page, _USED, Row.USED),
        *_section(page, _RENT, Row.RENT),
        *_section(page, _ROWS, None),
    ]
    for node in page.css(_FORMAT):
        place = read_text(page, node, "format", Weight.SUPPORT, Row.MAIN)
        if place is not None and place.amounts:
            found.append(place)
    return found


def _section(page: Page, selector: str, row: Row | None) -> list[Place]:
    nodes: list[LexborNode] = [n for n in page.css(selector) if not is_other_amount(n)]
    read = (read_text(page, node, "box", Weight.VISIBLE, row) for node in nodes)
    return [place for place in read if place is not None]
