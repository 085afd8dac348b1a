"""Circumstances under which the price holds, for those who compare prices of different visits."""

import re
from typing import Final

from selectolax.lexbor import LexborNode

from pennywren.observe.page.dom import Page, path, text
from pennywren.observe.page.evidence import told
from pennywren.observe.page.place import Place, Row
from pennywren.observe.page.reading import Evidence

_PIX: Final = re.compile(r"\b(?:no|com|via) pix\b", re.IGNORECASE)
_COUPON: Final = '[id^="couponText"], [id^="couponBadge"], #vpcButton, .couponLabelText'
_DEAL: Final = (
    "#dealBadge_feature_div .dealBadge, .dealBadge, #dealBadgeSupportingText, #priceblock_dealprice, #LDBuybox"
)
_PRIME: Final = (
    '#primeExclusivePricingMessage, #pep_feature_div .a-text-bold, [id^="dealsAccordionRow"], .primeExclusive'
)


def find_pix(page: Page) -> LexborNode | None:
    """The price block that says that its price is for instant payment ("à vista no Pix"), only in Brazil."""
    if page.market.code != "br":
        return None
    blocks = page.ids(
        "corePriceDisplay_desktop_feature_div",
        "oneTimePaymentPrice_feature_div",
        "apex_desktop",
        "apex_offerDisplay_desktop",
        "buybox",
    )
    return next((block for block in blocks if _PIX.search(text(block, 4000))), None)


def read_context(
    page: Page, places: list[Place], *, used: bool, pix: LexborNode | None, hidden_price: str, free: Place | None
) -> tuple[list[str], list[Evidence]]:
    """The circumstances recognised, sorted, and what says so: an element, a place of a price, or a selector."""
    used_place = _of_row(places, Row.USED)
    found: dict[str, LexborNode | Place | str | None] = {
        "signed_in": page.first("nav-item-signout", "nav_prefetch_yourorders_signout"),
        "coupon": next(iter(page.css(_COUPON)), None),
        "deal": _worded(page, _DEAL),
        "prime_only": _of_row(places, Row.PRIME) or _worded(page, _PRIME),
        "subscribe_save": _of_row(places, Row.SUBSCRIBE),
        "exchange": page.first("buyBackAccordionRow"),
        "used": (used_place or "used row") if used else None,
        "used_offer": None if used else used_place,
        "multi_offer": _several(places),
        "pix": pix,
        "price_in_cart": hidden_price or None,
        "free": free,
    }
    here = [(name, by) for name, by in sorted(found.items()) if by is not None]
    return [name for name, _ in here], [line for name, by in here for line in _told(name, by)]


def _of_row(places: list[Place], row: Row) -> Place | None:
    return next((p for p in places if p.row is row), None)


def _worded(page: Page, selector: str) -> LexborNode | None:
    return next((n for n in page.css(selector) if text(n)), None)


def _several(places: list[Place]) -> str | None:
    """Where the offers side by side stand, if there are several."""
    options = {p.option: p.where for p in reversed(places) if p.row is Row.MAIN and p.option}
    return ", ".join(sorted(options.values())[:2]) if len(options) > 1 else None


def _told(name: str, by: LexborNode | Place | str) -> list[Evidence]:
    if isinstance(by, str):
        return told("context", name, by)
    shown, where = (by.shown, by.where) if isinstance(by, Place) else (text(by), path(by))
    return told("context", f"{name}: {shown}".removesuffix(": "), where)
