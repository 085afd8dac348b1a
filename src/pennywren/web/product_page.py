"""The page of a product: its price, its past at a glance, and the form to watch it."""

from typing import Final

from markupsafe import Markup

from pennywren.history.chart_svg import chart
from pennywren.history.summary import Summary, summarize
from pennywren.model.clock import DAY
from pennywren.model.money import MIN_PRICE, format_amount, minor_digits
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import OfferState
from pennywren.postgres.catalogue import CatalogueRow
from pennywren.store.state import ProductState
from pennywren.store.store import Store
from pennywren.web.pages import html_page
from pennywren.web.types import Answer
from pennywren.web.views import product_view

CHART_SPAN: Final = 365 * DAY
"""How far back the chart looks."""
ENOUGH_DAYS: Final = 14
"""Days that must be known before the page says what is usual."""

_TITLE: Final = "Buy box price over time"
_SIZES: Final = (("wide", 720, 280), ("narrow", 360, 240))
"""One chart for each kind of screen, of which the style sheet shows one: text in a scaled one could not be read."""
_OFFER_NAMES: Final = {
    Offer.BUYBOX: "Buy box",
    Offer.AMAZON: "Sold by Amazon",
    Offer.NEW: "New, any seller",
    Offer.USED: "Used",
}


async def product_page(
    store: Store, product: ProductID, state: ProductState | None, row: CatalogueRow | None, now: int
) -> Answer:
    """The page; it says the same to everybody, so that it may be cached. `now` is ms UTC."""
    main = state.offers.get(Offer.BUYBOX) if state else None
    currency = state.currency if state else product.market.currency
    picture, summary = await _past(store, product, main, currency, now) if main else (None, None)
    return html_page(
        "product.html",
        product=product,
        view=product_view(product, state, row),
        main=main,
        offers={_OFFER_NAMES[offer]: one for offer, one in state.offers.items()} if state else {},
        offer_keys=[offer.value for offer in state.offers] if state else [],
        last_seen=state.last_seen if state else 0,
        retired=row.retired_ms if row else None,
        chart=picture,
        summary=summary,
        has_enough=summary is not None and summary.known_days >= ENOUGH_DAYS,
        suggestion=_suggestion(main, currency),
    )


async def _past(
    store: Store, product: ProductID, main: OfferState, currency: str, now: int
) -> tuple[Markup | None, Summary]:
    first = main.last_seen if main.first is None else main.first
    steps = await store.steps(product, Offer.BUYBOX, min(now, main.last_seen) - CHART_SPAN, main.last_seen + 1)
    summary = summarize(main, steps)
    if main.first is None:
        return None, summary
    start, end = max(first, now - CHART_SPAN), max(now, main.last_seen + 1)
    charts = [
        f'<div class="{size}">{chart(steps, start, end, currency, title=_TITLE, width=width, height=height)}</div>'
        for size, width, height in _SIZES
    ]
    # Made of numbers, and of text that the chart escapes itself.
    return Markup("".join(charts)), summary  # noqa: S704


def _suggestion(main: OfferState | None, currency: str) -> str:
    """A target to begin with: a tenth below the last price."""
    if main is None or main.last_price is None:
        return format_amount(20 * 10 ** minor_digits(currency), currency)
    return format_amount(max(main.last_price * 9 // 10, MIN_PRICE), currency)
