"""Who sells what the buy button buys, roughly: Amazon, a merchant with or without Amazon's shipping, or a publisher."""

import re
from typing import Final

from selectolax.lexbor import LexborNode

from pennywren.observe.page.dom import Page, attr, text
from pennywren.observe.page.evidence import told
from pennywren.observe.page.place import Row, row_of
from pennywren.observe.page.reading import Evidence, Seller

_AMAZON: Final = re.compile(
    r"\AAmazon(?:\.[a-z]{2,3}(?:\.[a-z]{2})?| EU\b.{0,20}|"
    r" (?:US|UK|AU|Retail|Services|Digital Services|Export Sales|Media EU|Prime Now|Fresh)\b.{0,20})?\.?\Z",
    re.IGNORECASE,
)
_BY_AMAZON: Final = re.compile(
    r"(?:sold by|durch|vendu par|vendido por|venduto da|verkocht door|säljs av|sprzedawane przez|satıcı)"
    r".{0,30}\bAmazon(?!\s(?:Warehouse|Resale|Second))|Amazon[^。]{0,12}が販売|由.{0,6}亚马逊",
    re.IGNORECASE,
)
_SHIPPED: Final = re.compile(
    r"(?:fulfilled|shipped|dispatched) by amazon|versand durch amazon|expédié par amazon|gestionado por amazon",
    re.IGNORECASE,
)


def read_seller(page: Page, *, used: bool = False) -> tuple[Seller | None, list[Evidence]]:
    """The seller's kind (of the used offer if that is what the button buys); None where the page names nobody."""
    rows = (Row.MAIN, Row.USED) if used else (Row.MAIN,)
    seller, node = _find(page, rows)
    return seller, told("seller", f"{seller}: {text(node)}", node) if node is not None else []


def _find(page: Page, rows: tuple[Row, ...]) -> tuple[Seller | None, LexborNode | None]:
    """The seller's kind, and the element that says so."""

    def own(nodes: list[LexborNode]) -> list[LexborNode]:
        # A used or subscription row beside the main one names its own merchant.
        return [n for n in nodes if text(n) and row_of(n)[0] in rows]

    printed = page.css(".print-sold-by")
    if printed and page.ids("kindle-price"):
        return "publisher", printed[0]
    names = own(page.css("#merchantInfoFeature_feature_div .offer-display-feature-text-message"))
    names = names or own(page.css('#tabular-buybox [tabular-attribute-name="Sold by"] .tabular-buybox-text-message'))
    if names and _AMAZON.match(text(names[0])):
        return "amazon", names[0]
    links = own(page.ids("sellerProfileTriggerId"))
    for link in links:
        if _AMAZON.match(text(link)):
            return "amazon", link
        if "isAmazonFulfilled=1" in attr(link, "href"):
            return "3p_fba", link
    if links or names:
        ships = own(page.css("#fulfillerInfoFeature_feature_div .offer-display-feature-text-message"))
        by_amazon = next((n for n in ships if text(n).startswith("Amazon")), None)
        return ("3p_merchant", (names or links)[0]) if by_amazon is None else ("3p_fba", by_amazon)
    for node in own(page.ids("merchant-info")):
        said = text(node)
        link = node.css_first('a[href*="seller="]')
        if link is not None:
            fulfilled = "isAmazonFulfilled=1" in attr(link, "href") or _SHIPPED.search(said)
            return "3p_fba" if fulfilled else "3p_merchant", node
        if _BY_AMAZON.search(said):
            return "amazon", node
    third = own(page.ids("soldByThirdParty"))
    if third:
        return "3p_merchant", third[0]
    buy_box = page.first("buybox", "desktop_buybox", "handleBuy")
    return "unknown" if buy_box is not None else None, None
