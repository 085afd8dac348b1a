"""`read_page`: select the places, combine them, and say what the page shows."""

from itertools import chain
from typing import Final

from selectolax.lexbor import SelectolaxError

from pennywren.errors import BadInput
from pennywren.model.marketplace import MARKETPLACES
from pennywren.model.product import ProductID
from pennywren.observe.page import books_media, core_price, ebook, identity, legacy, structured, support
from pennywren.observe.page.agree import Decision, decide
from pennywren.observe.page.availability import Stock, read_stock
from pennywren.observe.page.context import has_pix, read_context
from pennywren.observe.page.dom import Page, classes, inside, path
from pennywren.observe.page.kinds import kind_of
from pennywren.observe.page.links import linked_products
from pennywren.observe.page.numbers import Money, bare
from pennywren.observe.page.place import Place, Row, Weight, row_of
from pennywren.observe.page.reading import MAX_BYTES, Evidence, OfferReading, PageReading
from pennywren.observe.page.seller import read_seller

_LAYOUTS: Final = {
    "core_price": core_price.places,
    "legacy": legacy.places,
    "books_media": books_media.places,
    "ebook": ebook.places,
}
_NOTHING_PAYABLE = ("unavailable", "undeliverable", "needs_selection", "no_featured_offer")


def read_page(html: bytes | str, marketplace: str) -> PageReading:
    """Say what a saved page of `marketplace` shows. Pure: no clock, no network, no files.

    Raises:
        BadInput: the page is over 4 MB, or there is no such marketplace.
    """
    market = MARKETPLACES.get(marketplace)
    if market is None:
        raise BadInput(f"{marketplace[:20]!r} is not a marketplace; there are {', '.join(MARKETPLACES)}")
    if len(html) > MAX_BYTES or (isinstance(html, str) and len(html.encode("utf-8", "replace")) > MAX_BYTES):
        raise BadInput("a page over 4 MB is not read: no shop page is that long")
    try:
        page = Page(html, market)
    except SelectolaxError:
        return PageReading(kind="unreadable", reason="parser_memory")
    if not page.source.strip():
        return PageReading(kind="unreadable", reason="empty")
    kind, mark = kind_of(page)
    told = [Evidence(field="kind", value=kind, where=mark)]
    if kind != "product":
        return PageReading(kind=kind, reason=mark if kind == "error" else None, evidence=told)
    return _product(page, told)


def _product(page: Page, told: list[Evidence]) -> PageReading:
    market = page.market
    named = identity.named_marketplace(page)
    title = identity.find_title(page)
    if named is not None and named.code != market.code:
        return _unreadable(f"other_marketplace: {named.code}", None, title, told)
    asin, of_asin = identity.find_asin(page)
    told = [*told, *of_asin]
    if asin is None:
        return _unreadable("no_asin", None, title, told)
    product = str(ProductID(market.code, asin))

    stock = read_stock(page)
    told.append(Evidence(field="availability", value=stock.shown or stock.state, where=stock.where))
    by_layout = {name: find(page) for name, find in _LAYOUTS.items()}
    layout = next((name for name, found in by_layout.items() if found), None)
    places = [*chain(*by_layout.values()), *structured.places(page), *support.places(page, asin)]
    pix = has_pix(page)
    decision = decide(
        places,
        currencies=market.currencies,
        selected=_selected(page),
        pix=pix,
    )
    told += _told(decision, places)
    context = read_context(
        page, places, used=decision.used, pix=pix, hidden_price=stock.hidden_price, free=decision.reason == "free"
    )
    if not _settled(decision, stock):
        return _unreadable(decision.reason or "no_buy_button", product, title, told, stock, context, layout)

    price = decision.price if _payable(decision, stock) else None
    old = _list_price(page, price, decision)
    if old is not None:
        told.append(old[1])
    seller = read_seller(page, used=decision.used)
    return PageReading(
        kind="product",
        product_id=product,
        title=title,
        image=identity.find_image(page),
        offers=_offers(page, asin, price, decision, seller == "amazon"),
        list_price=old[0].minor if old else None,
        availability=stock.state,
        seller=seller if price is not None or stock.buyable else None,
        parent_asin=identity.parent_asin(page),
        layout=layout,
        linked=linked_products(page, asin),
        context=context,
        evidence=told,
    )


def _payable(decision: Decision, stock: Stock) -> bool:
    return decision.price is not None and stock.state not in _NOTHING_PAYABLE and not stock.hidden_price


def _settled(decision: Decision, stock: Stock) -> bool:
    """Whether there is a price, or the page itself says that there is none to pay."""
    if stock.state in _NOTHING_PAYABLE:
        return stock.stated
    if stock.hidden_price and decision.reason == "no_price":
        return True
    # A price that nothing on the page lets anybody pay is doubtful: the buy box may be missing from the copy.
    return (decision.price is not None or decision.reason == "free") and stock.state == "in_stock"


def _unreadable(
    reason: str, product: str | None, title: str | None, told: list[Evidence],
    stock: Stock | None = None, context: list[str] | None = None, layout: str | None = None,
) -> PageReading:  # fmt: skip
    return PageReading(
        kind="unreadable",
        product_id=product,
        title=title,
        availability=stock.state if stock else "unknown",
        context=context or [],
        layout=layout,
        reason=reason,
        evidence=told,
    )


def _selected(page: Page) -> str:
    """The name of the buy box's open row."""
    for node in page.css("#buyBoxAccordion .a-accordion-active, #buybox .a-accordion-active"):
        row, option = row_of(node)
        if option and row is Row.MAIN:
            return option
    return ""


def _told(decision: Decision, places: list[Place]) -> list[Evidence]:
    """The agreeing places; where it was refused, all that were asked."""
    shown = decision.agreeing if decision.price is not None else [p for p in places if p.weight is not Weight.SUPPORT]
    lines = [Evidence(field=f"price ({p.row.value}, {p.weight.value})", value=p.shown, where=p.where) for p in shown]
    return lines[:24]


def _list_price(page: Page, price: int | None, decision: Decision) -> tuple[Money, Evidence] | None:
    if price is None:
        return None
    found = list(support.list_prices(page))
    for node in page.css('.basisPrice .a-offscreen, [data-a-strike="true"] .a-offscreen'):
        holder = next((up for up in (node.parent, node) if up is not None and "a-price" in classes(up)), node)
        if not inside(node, core_price.PRICE_BLOCKS) or row_of(holder)[0] not in (Row.MAIN, Row.USED):
            continue
        money = bare(node.text(), page.market)
        if money is not None:
            found.append((money, node))
    for money, node in found:
        if money.minor > price and money.currency in (None, decision.currency):
            return money, Evidence(field="list_price", value=node.text().strip()[:60], where=path(node))
    return None


def _offers(page: Page, asin: str, price: int | None, decision: Decision, by_amazon: bool) -> dict[str, OfferReading]:
    currency = decision.currency or page.market.currency
    offers = {"buybox": OfferReading(price=price, currency=currency)}
    if by_amazon and price is not None and not decision.used:
        offers["amazon"] = offers["buybox"]
    for condition, money in support.listed_from(page, asin).items():
        if money.currency in page.market.currencies and money.minor > 0:
            offers[condition] = OfferReading(price=money.minor, currency=money.currency or currency)
    return offers
