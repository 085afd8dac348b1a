"""Circumstances under which the price holds, for those who compare prices of different visits."""

import re
from typing import Final

from pennywren.observe.page.dom import Page, text
from pennywren.observe.page.place import Place, Row

_PIX: Final = re.compile(r"\b(?:no|com|via) pix\b", re.IGNORECASE)
_COUPON: Final = '[id^="couponText"], [id^="couponBadge"], #vpcButton, .couponLabelText'
_DEAL: Final = (
    "#dealBadge_feature_div .dealBadge, .dealBadge, #dealBadgeSupportingText, #priceblock_dealprice, #LDBuybox"
)
_PRIME: Final = (
    '#primeExclusivePricingMessage, #pep_feature_div .a-text-bold, [id^="dealsAccordionRow"], .primeExclusive'
)


def has_pix(page: Page) -> bool:
    """Whether the price block says that its price is for instant payment ("à vista no Pix"), only in Brazil."""
    if page.market.code != "br":
        return False
    blocks = page.ids(
        "corePriceDisplay_desktop_feature_div",
        "oneTimePaymentPrice_feature_div",
        "apex_desktop",
        "apex_offerDisplay_desktop",
        "buybox",
    )
    return any(_PIX.search(text(block, 4000)) for block in blocks)


def read_context(
    page: Page, places: list[Place], *, used: bool, pix: bool, hidden_price: bool, free: bool
) -> list[str]:
    """The circumstances recognised, sorted."""
    found: dict[str, bool] = {
        "signed_in": page.first("nav-item-signout", "nav_prefetch_yourorders_signout") is not None,
        "coupon": bool(page.css(_COUPON)),
        "deal": any(text(n) for n in page.css(_DEAL)),
        "prime_only": any(p.row is Row.PRIME for p in places) or any(text(n) for n in page.css(_PRIME)),
        "subscribe_save": any(p.row is Row.SUBSCRIBE for p in places),
        "exchange": page.first("buyBackAccordionRow") is not None,
        "used": used,
        "used_offer": any(p.row is Row.USED for p in places) and not used,
        "multi_offer": len({p.option for p in places if p.row is Row.MAIN and p.option}) > 1,
        "pix": pix,
        "price_in_cart": hidden_price,
        "free": free,
    }
    return sorted(name for name, here in found.items() if here)
