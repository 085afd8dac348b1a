"""A place: one spot of the page that writes a price, and what it can mean."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from selectolax.lexbor import LexborNode

from pennywren.observe.page.dom import ancestors, attr, classes


class Weight(Enum):
    """How much a place counts for."""

    VISIBLE = "visible"
    """What the visitor reads as the price to pay."""
    HIDDEN = "hidden"
    """What the page tells its own forms and scripts: a witness whose disagreement matters."""
    SUPPORT = "support"
    """Elsewhere on the page; agreeing helps, disagreeing means nothing."""


class Row(Enum):
    """Which way of buying a place belongs to."""

    MAIN = "main"
    USED = "used"
    SUBSCRIBE = "subscribe"
    EXCHANGE = "exchange"
    RENT = "rent"
    PRIME = "prime"
    OTHER = "other"
    """Another product, seller or format: never this page's price."""


@dataclass(frozen=True, slots=True)
class Place:
    """`amounts` are the readings that the text allows, in minor units: none where it is garbled.

    `family` names what the place was made from; places of one family are not independent of each other.
    `option` tells several rows of one kind apart. `renderings` counts how often the element itself writes it.
    """

    family: str
    weight: Weight
    amounts: frozenset[int]
    currency: str | None
    where: str
    shown: str
    row: Row = Row.MAIN
    option: str = ""
    renderings: int = 1


_ROWS: Final = (
    # A one-time purchase inside a subscription block is the plain price again, so it is asked first.
    (Row.MAIN, re.compile(r"one-?time", re.IGNORECASE)),
    (Row.OTHER, re.compile(
        r"mbc|olp|aod|all-offers|dynamic-aod|unqualified|sims|similarit|percolate|warranty|bundle|bxgy|aplus|vse|"
        r"a-popover|twister-plus-tool|tmm|MediaMatrix|sp_detail|HLCX|CardInstance|moreBuying|mmc|session|comparison|"
        r"variation_|inline-twister|tp-inline|attach|rhf|nav|desktop-dp-sims|newer-version|replacement|quantityTier"
    )),
    (Row.SUBSCRIBE, re.compile(r"sns|subscri|apex_desktop_sns|rcx", re.IGNORECASE)),
    (Row.EXCHANGE, re.compile(r"buyBack|trade-?in|exchange|apex_desktop_buyBack", re.IGNORECASE)),
    (Row.RENT, re.compile(r"rent(?:al|BuySection|(?:Offer)?AccordionRow|_|\Z)|apex_desktop_rent", re.IGNORECASE)),
    (Row.USED, re.compile(
        r"used(?:BuySection|(?:Offer)?AccordionRow|Price|BuyBox|_|-|\Z)|apex_desktop_used|buyUsed|warehouse",
        re.IGNORECASE,
    )),
    (Row.PRIME, re.compile(
        r"prime(?:Exclusive|Deal|Savings|Upsell|AccordionRow)|dealsAccordionRow|apex_desktop_(?:prime|deals)"
    )),
)  # fmt: skip
_OPTION: Final = re.compile(r"(?:apex_desktop_)?([A-Za-z]{2,30}AccordionRow[A-Za-z]{0,12})(?:_[0-9]{1,2})?\Z")
_NOT_PRICES: Final = frozenset(
    {"pricePerUnit", "apex-priceperunit-value", "basisPrice", "apex-basisprice-value", "a-text-strike",
     "apex-priceperunit-accessibility-label", "qs-widget-price", "a-price-range"}
)  # fmt: skip


def row_of(node: LexborNode) -> tuple[Row, str]:
    """The kind of row that `node` stands in and the row's name: the nearest parent that says so decides."""
    kind: Row | None = None
    for up in ancestors(node):
        name = attr(up, "id")
        if not name:
            continue
        option = _OPTION.match(name)
        kind = kind or next((row for row, pattern in _ROWS if pattern.match(name)), None)
        if option:
            return kind or Row.MAIN, option[1]
    return kind or Row.MAIN, ""


def is_other_amount(node: LexborNode) -> bool:
    """Whether an amount here is a unit price, a struck-out price or the end of a range, not a price to pay."""
    for depth, up in enumerate(ancestors(node)):
        if depth > 4:
            return False
        if attr(up, "data-a-strike") == "true" or classes(up) & _NOT_PRICES:
            return True
    return False
