"""What a page can be read as: the types that `read_page` answers with."""

from typing import Final, Literal

import msgspec

Kind = Literal["product", "captcha", "error", "other", "unreadable"]
"""`unreadable` is a product page whose evidence is missing or disagrees, or a page that could not be parsed."""

Availability = Literal["in_stock", "unavailable", "undeliverable", "needs_selection", "no_featured_offer", "unknown"]
"""`in_stock` says that the page's buy button works, also for pre-orders and items that ship later."""

Seller = Literal["amazon", "3p_fba", "3p_merchant", "publisher", "unknown"]
"""Who sells the buy box: Amazon, a merchant that Amazon ships for, a merchant that ships, an e-book's publisher."""

MAX_BYTES: Final = 4_000_000
"""No shop page is longer; what is longer is not parsed."""

MAX_TITLE: Final = 300


class OfferReading(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One offer: its price in minor units, or None where nothing is payable."""

    price: int | None
    currency: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which place of the page gave what."""

    field: str
    value: str
    where: str


class PageReading(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={"product_id": "productID", "list_price": "listPrice", "parent_asin": "parentAsin"},
):
    """What a page shows. `offers` always has "buybox" for a product, and others where the page shows them clearly."""

    kind: Kind
    product_id: str | None = None
    title: str | None = None
    image: str | None = None
    offers: dict[str, OfferReading] = {}
    list_price: int | None = None
    availability: Availability = "unknown"
    seller: Seller | None = None
    parent_asin: str | None = None
    layout: str | None = None
    """The module whose places the page has: core_price, legacy, books_media or ebook; None for none of them."""
    linked: list[str] = []
    """ASINs of other products that the page leads to."""
    context: list[str] = []
    reason: str | None = None
    evidence: list[Evidence] = []
