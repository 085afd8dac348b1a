"""The page of a product: its price, its past at a glance, and the form to watch it."""

from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from pennywren.accounts.people import Person
from pennywren.history.chart_svg import chart
from pennywren.history.summary import Summary, summarize
from pennywren.language.speaking import Language
from pennywren.model.clock import DAY
from pennywren.model.money import MIN_PRICE, format_amount, minor_digits
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import OfferState
from pennywren.postgres.catalogue import CatalogueRow
from pennywren.store.state import ProductState
from pennywren.store.store import Store
from pennywren.web.pages import html_page, language_of
from pennywren.web.types import Answer, Request
from pennywren.web.views import ProductView, product_view

CHART_SPAN: Final = 365 * DAY
"""How far back the chart looks."""
ENOUGH_DAYS: Final = 14
"""Days that must be known before the page says what is usual."""

_SIZES: Final = (("wide", 720, 300), ("narrow", 360, 240))
"""One chart for each kind of screen, of which the style sheet shows one: text in a scaled one could not be read."""
_PERCENTS: Final = (5, 10, 20)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence about the price now; `kind` names it in the catalogue."""

    kind: str
    percent: int = 0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A target to take by one tap; `kind` names it in the catalogue, `threshold` is in minor units."""

    kind: str
    threshold: int
    percent: int = 0


@dataclass(frozen=True, slots=True)
class Glance:
    """What the page says of a product, before it is written in a language. Times are ms UTC."""

    product: ProductID
    view: ProductView
    main: OfferState | None
    offers: dict[Offer, OfferState]
    last_seen: int
    version: int
    summary: Summary | None

    @property
    def has_enough(self) -> bool:
        """Whether enough is known to say what is usual."""
        return self.summary is not None and self.summary.known_days >= ENOUGH_DAYS

    @property
    def verdict(self) -> Verdict | None:
        """How the price now compares, where enough is known to compare."""
        if self.summary is None or not self.has_enough or self.summary.price is None:
            return None
        if self.summary.price == self.summary.low and self.summary.low != self.summary.high:
            return Verdict("at_low")
        below = self.summary.below_average
        if below is None:
            return None
        return Verdict("below" if below > 0 else "above" if below < 0 else "usual", abs(below))

    def values(self) -> dict[str, Any]:
        """What the templates use."""
        return {
            "product": self.product,
            "view": self.view,
            "main": self.main,
            "offers": self.offers,
            "last_seen": self.last_seen,
            "version": self.version,
            "summary": self.summary,
            "has_enough": self.has_enough,
            "verdict": self.verdict,
        }


async def product_page(
    request: Request,
    store: Store,
    product: ProductID,
    state: ProductState | None,
    row: CatalogueRow | None,
    *,
    person: Person | None,
    now: int,
) -> Answer:
    """The page, which says the same to everybody who is not signed in. `now` is ms UTC."""
    glance, picture = await look_at(store, product, state, row, now, language_of(request))
    main, view = glance.main, glance.view
    return html_page(
        request,
        "product.html",
        **glance.values(),
        retired=row.retired_ms if row else None,
        image=row.image if row else None,
        chart=picture,
        person=person,
        suggestions=suggestions(main),
        suggestion=_first_target(main, view.currency),
        exports=[
            {"name": "export_json", "path": f"/products/{product}/history"},
            {"name": "export_csv", "path": f"/products/{product}/history.csv"},
            {"name": "export_svg", "path": f"/products/{product}/chart.svg"},
            {"name": "export_png", "path": f"/products/{product}/chart.png"},
        ],
    )


async def look_at(
    store: Store, product: ProductID, state: ProductState | None, row: CatalogueRow | None, now: int, speaking: Language
) -> tuple[Glance, Markup | None]:
    """A product at a glance, and the picture of its past where it has one."""
    main = state.offers.get(Offer.BUYBOX) if state else None
    view = product_view(product, state, row)
    picture, summary = await _past(store, product, main, view.currency, now, speaking) if main else (None, None)
    offers = dict(state.offers) if state else {}
    last_seen, version = (state.last_seen, state.version) if state else (0, 0)
    return Glance(product, view, main, offers, last_seen, version, summary), picture


def suggestions(main: OfferState | None) -> list[Suggestion]:
    """Targets below the last price, the highest first: any drop, some percent less, and the lowest so far."""
    if main is None or main.last_price is None or main.last_price <= MIN_PRICE:
        return []
    last = main.last_price
    found = [Suggestion("cheaper", last - 1)]
    found += [Suggestion("percent", last * (100 - percent) // 100, percent) for percent in _PERCENTS]
    if main.low is not None and main.low < last:
        found.append(Suggestion("lowest", main.low))
    distinct = {each.threshold: each for each in found if each.threshold >= MIN_PRICE}
    return sorted(distinct.values(), key=lambda each: -each.threshold)


async def _past(
    store: Store, product: ProductID, main: OfferState, currency: str, now: int, speaking: Language
) -> tuple[Markup | None, Summary]:
    first = main.last_seen if main.first is None else main.first
    steps = await store.steps(product, Offer.BUYBOX, min(now, main.last_seen) - CHART_SPAN, main.last_seen + 1)
    summary = summarize(main, steps)
    if main.first is None:
        return None, summary
    start, end = max(first, now - CHART_SPAN), max(now, main.last_seen + 1)
    title = speaking.say("product.chart_title")
    charts = [
        f'<div class="{size}">{chart(steps, start, end, currency, title=title, width=width, height=height)}</div>'
        for size, width, height in _SIZES
    ]
    # Made of numbers, and of text that the chart escapes itself.
    return Markup("".join(charts)), summary  # noqa: S704


def _first_target(main: OfferState | None, currency: str) -> str:
    """A target to begin with: a tenth below the last price."""
    if main is None or main.last_price is None:
        return format_amount(20 * 10 ** minor_digits(currency), currency)
    return format_amount(max(main.last_price * 9 // 10, MIN_PRICE), currency)
