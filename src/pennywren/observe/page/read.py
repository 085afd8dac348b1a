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
from pennywren.observe.page.context import find_pix, read_context
from pennywren.observe.page.dom import Page, classes, inside, path
from pennywren.observe.page.evidence import told
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
    evidence = told("kind", kind, mark)
    if kind != "product":
        return PageReading(kind=kind, reason=mark if kind == "error" else None, evidence=evidence)
    return _product(page, evidence)


def _product(page: Page, evidence: list[Evidence]) -> PageReading:
    market = page.market
    named = identity.named_marketplace(page)
    title, of_title = identity.find_title(page)
    evidence += of_title
    if named is not None and named.code != market.code:
        return _unreadable(f"other_marketplace: {named.code}", None, title, evidence)
    asin, of_asin = identity.find_asin(page)
    evidence += of_asin
    if asin is None:
        return _unreadable("no_asin", None, title, evidence)
    product = str(ProductID(market.code, asin))

    stock = read_stock(page)
    evidence += told("availability", stock.shown or stock.state, stock.where)
    by_layout = {name: find(page) for name, find in _LAYOUTS.items()}
    layout = next((name for name, found in by_layout.items() if found), None)
    places = [*chain(*by_layout.values()), *structured.places(page), *support.places(page, asin)]
    pix = find_pix(page)
    decision = decide(
        places,
        currencies=market.currencies,
        selected=_selected(page),
        pix=pix is not None,
    )
    evidence += _of_price(decision, places)
    context, of_context = read_context(
        page, places, used=decision.used, pix=pix, hidden_price=stock.hidden_price,
        free=decision.agreeing[0] if decision.reason == "free" else None,
    )  # fmt: skip
    evidence += of_context
    if not _settled(decision, stock):
        return _unreadable(decision.reason or "no_buy_button", product, title, evidence, stock, context, layout)

    price = decision.price if _payable(decision, stock) else None
    old = _list_price(page, price, decision)
    if old is not None:
        evidence += old[1]
    seller, of_seller = read_seller(page, used=decision.used)
    image, of_image = identity.find_image(page)
    parent, of_parent = identity.find_parent(page)
    offers, of_offers = _offers(page, asin, price, decision, of_seller if seller == "amazon" else [])
    if price is not None or stock.buyable:
        evidence += of_seller
    evidence += [*of_offers, *of_image, *of_parent]
    return PageReading(
        kind="product",
        product_id=product,
        title=title,
        image=image,
        offers=offers,
        list_price=old[0].minor if old else None,
        availability=stock.state,
        seller=seller if price is not None or stock.buyable else None,
        parent_asin=parent,
        layout=layout,
        linked=linked_products(page, asin),
        context=context,
        evidence=evidence,
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
    reason: str, product: str | None, title: str | None, evidence: list[Evidence],
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
        evidence=evidence,
    )


def _selected(page: Page) -> str:
    """The name of the buy box's open row."""
    for node in page.css("#buyBoxAccordion .a-accordion-active, #buybox .a-accordion-active"):
        row, option = row_of(node)
        if option and row is Row.MAIN:
            return option
    return ""


def _of_price(decision: Decision, places: list[Place]) -> list[Evidence]:
    """The agreeing places and the first that names the currency; where it was refused, all that were asked."""
    shown = decision.agreeing if decision.price is not None else [p for p in places if p.weight is not Weight.SUPPORT]
    lines = [line for p in shown[:24] for line in told(f"price ({p.row.value}, {p.weight.value})", p.shown, p.where)]
    named = next((p for p in decision.agreeing if decision.currency and p.currency == decision.currency), None)
    return lines if named is None else [*lines, *told("currency", f"{named.currency}: {named.shown}", named.where)]


def _list_price(page: Page, price: int | None, decision: Decision) -> tuple[Money, list[Evidence]] | None:
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
            return money, told("listPrice", node.text()[:400], node)
    return None


def _offers(
    page: Page, asin: str, price: int | None, decision: Decision, by_amazon: list[Evidence]
) -> tuple[dict[str, OfferReading], list[Evidence]]:
    """The offers, and what gave those besides the buy box. `by_amazon` says where Amazon is named as its seller."""
    currency = decision.currency or page.market.currency
    offers = {"buybox": OfferReading(price=price, currency=currency)}
    evidence = [] if decision.currency else told("currency", currency, f"marketplace {page.market.code}")
    if by_amazon and price is not None and not decision.used:
        offers["amazon"] = offers["buybox"]
        evidence += told("offers.amazon", "the buy box's price", by_amazon[0].where)
    for condition, listed in support.listed_from(page, asin).items():
        money = listed.money
        if money.currency in page.market.currencies and money.minor > 0:
            offers[condition] = OfferReading(price=money.minor, currency=money.currency or currency)
            evidence += told(f"offers.{condition}", listed.shown, f"{path(listed.link)}[href*=condition={condition}]")
    return offers, evidence
