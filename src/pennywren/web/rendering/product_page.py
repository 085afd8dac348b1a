"""The page of a product: its price, its past at a glance, and the form to watch it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from markupsafe import Markup

from pennywren.accounts.people import Person
from pennywren.history.chart_svg import chart, extremes
from pennywren.history.outliers import ordinary
from pennywren.history.reading import hearsay
from pennywren.history.step import Measure, measure, spans, value_at
from pennywren.history.suggestions import suggest
from pennywren.history.summary import ENOUGH_DAYS, Summary, summarize
from pennywren.language.speaking import Language
from pennywren.model.clock import DAY
from pennywren.model.money import MIN_PRICE, minor_digits
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import OfferState, State, Steps
from pennywren.postgres.catalogue import CatalogueRow
from pennywren.store.proofs import proofs_of
from pennywren.store.state import ProductState
from pennywren.store.store import Store
from pennywren.web.rendering.atom import MEDIA_TYPE
from pennywren.web.rendering.pages import html_page, language_of
from pennywren.web.shapes.views import ProductView, product_view
from pennywren.web.types import Answer, Request

CHART_SPAN: Final = 365 * DAY
"""How far back the chart looks."""
STALE: Final = 7 * DAY
"""So long after the last look (ms) the chart does not carry the price on, and the page says so."""

_SIZES: Final = (("wide", 720, 300), ("narrow", 360, 240))
"""One chart for each kind of screen, of which the style sheet shows one: text in a scaled one could not be read."""
_ROWS: Final = 20
_LOOKED: Final = (State.OFFERED, State.NO_OFFER)
_KINDS: Final = {"justBelow": "cheaper", "low90Days": "lowest"}
"""What the catalogue calls a suggestion; all others are percentages."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence about the price now; `kind` names it in the catalogue."""

    kind: str
    percent: int = 0
    tone: str = ""
    """`good` or `bad` where the price stands out; a price as most are is neither."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A target to take by one tap; `kind` names it in the catalogue, `threshold` is in minor units."""

    kind: str
    threshold: int
    percent: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """What held from when to when (ms UTC): a price in minor units, or None for no offer."""

    start: int
    end: int
    price: int | None


@dataclass(frozen=True, slots=True)
class Past:
    """What the page shows of a product's past."""

    steps: Steps = field(default_factory=Steps)
    picture: Markup | None = None
    said: str = ""
    """The chart in a few sentences."""
    rows: list[Row] = field(default_factory=list[Row])

    def values(self) -> dict[str, Any]:
        """What the templates use."""
        return {"chart": self.picture, "said": self.said, "rows": self.rows}


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
    now: int

    @property
    def is_stale(self) -> bool:
        """Whether nobody has looked for so long that the price may be another one by now."""
        return self.now - self.last_seen > STALE

    @property
    def has_enough(self) -> bool:
        """Whether enough is known to say what is usual."""
        return self.summary is not None and self.summary.known_days >= ENOUGH_DAYS

    @property
    def verdict(self) -> Verdict | None:
        """How the price now compares, where enough is known to compare and somebody has looked lately."""
        if self.summary is None or not self.has_enough or self.summary.price is None or self.is_stale:
            return None
        if self.summary.price == self.summary.low and self.summary.low != self.summary.high:
            return Verdict("at_low", tone="good")
        below = self.summary.below_average
        if below is None:
            return None
        kind = "below" if below > 0 else "above" if below < 0 else "usual"
        # The chart beside it speaks of the middle half of a year; what lies in there is not praised or blamed here.
        low, high = self.summary.typical or (self.summary.price, self.summary.price)
        if low <= self.summary.price <= high and self.summary.typical is not None:
            return Verdict(f"within_{kind}", abs(below))
        is_low = self.summary.price < low
        tone = "good" if below > 0 and is_low else "bad" if below < 0 and not is_low else ""
        return Verdict(kind, abs(below), tone)

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
            "is_stale": self.is_stale,
        }


async def product_page(
    request: Request,
    store: Store,
    product: ProductID,
    state: ProductState | None,
    row: CatalogueRow | None,
    *,
    person: Person | None,
    target: int | None,
    base_url: str,
    now: int,
) -> Answer:
    """The page, which says the same to everybody who is not signed in. `now` is ms UTC, `target` the person's own."""
    glance, past = await look_at(store, product, state, row, now, language_of(request), target)
    main, view = glance.main, glance.view
    exports = {
        "export_csv": (f"/products/{product}/history.csv", "text/csv"),
        "export_json": (f"/products/{product}/history?interval=raw", "application/json"),
        "export_feed": (f"/products/{product}/feed.atom", MEDIA_TYPE),
        "export_svg": (f"/products/{product}/chart.svg", "image/svg+xml"),
        "export_png": (f"/products/{product}/chart.png", "image/png"),
    }
    return html_page(
        request,
        "product.html",
        **glance.values(),
        retired=row.retired_ms if row else None,
        image=row.image if row else None,
        **past.values(),
        person=person,
        target=target,
        digits=minor_digits(view.currency),
        suggestions=chips(main, past.steps),
        suggestion=_first_target(main, view.currency, language_of(request)),
        exports=exports,
        embed=_embedding(f"{base_url}/products/{product}", language_of(request).say("product.chart_title")),
    )


async def look_at(
    store: Store,
    product: ProductID,
    state: ProductState | None,
    row: CatalogueRow | None,
    now: int,
    speaking: Language,
    target: int | None = None,
) -> tuple[Glance, Past]:
    """A product at a glance, and its past; `target` (minor units) is a line in the chart."""
    main = state.offers.get(Offer.BUYBOX) if state else None
    view = product_view(product, state, row)
    past, summary = Past(), None
    if main is not None:
        past, summary = await _past(store, product, main, view.currency, now, speaking, target)
    offers = dict(state.offers) if state else {}
    if past.picture is None and (other := next((each for each in Offer if _had_a_price(offers.get(each))), None)):
        picture, said = await _past_of(store, product, other, offers[other], view.currency, now, speaking)
        past = replace(past, picture=picture, said=said)
    last_seen, version = (state.last_seen, state.version) if state else (0, 0)
    return Glance(product, view, main, offers, last_seen, version, summary, now), past


def chips(main: OfferState | None, steps: Steps) -> list[Chip]:
    """The targets that are worth one click (`history.suggestions`), the highest first."""
    found = [
        Chip(_KINDS.get(each.name, "percent"), each.threshold, int("0" + "".join(filter(str.isdigit, each.name))))
        for each in suggest(main, steps)
    ]
    return sorted(found, key=lambda each: -each.threshold)


async def _past(
    store: Store,
    product: ProductID,
    main: OfferState,
    currency: str,
    now: int,
    speaking: Language,
    target: int | None,
) -> tuple[Past, Summary]:
    first = main.last_seen if main.first is None else main.first
    steps = await store.steps(product, Offer.BUYBOX, min(now, main.last_seen) - CHART_SPAN, main.last_seen + 1)
    summary = summarize(main, steps)
    rows = _rows(steps, max(first, main.last_seen - CHART_SPAN), main.last_seen)
    if main.first is None:
        return Past(steps, None, "", rows), summary
    start, end = max(first, now - CHART_SPAN), max(now, main.last_seen + 1)
    whole = measure(steps, start, end)
    said = _said(main, whole, summary, currency, speaking) if whole is not None else speaking.say("chart.empty")
    usual = ordinary(spans(steps, start, end))
    if usual and usual.outside:
        said = f"{said} {speaking.say('chart.outliers', count=usual.outside)}"
    draw = partial(
        chart,
        steps,
        start,
        end,
        currency,
        title=speaking.say("product.chart_title"),
        words=speaking,
        unverified=hearsay(steps, Offer.BUYBOX, await proofs_of(store.client, product)),
        target=target,
        described=said,
    )
    return Past(steps, _in_both_sizes(draw), said, rows), summary


def _had_a_price(offer: OfferState | None) -> bool:
    return offer is not None and offer.first is not None


async def _past_of(
    store: Store, product: ProductID, offer: Offer, of: OfferState, currency: str, now: int, speaking: Language
) -> tuple[Markup, str]:
    """The picture of another offer, and what it shows, where the buy box never had a price."""
    start, end = max(of.first or 0, now - CHART_SPAN), max(now, of.last_seen + 1)
    steps = await store.steps(product, offer, min(now, of.last_seen) - CHART_SPAN, of.last_seen + 1)
    title = speaking.say(f"chart.of.{offer}", product=product)
    whole = measure(steps, start, end)
    told = speaking.say("chart.empty") if whole is None else extremes(whole, currency, speaking)
    unverified = hearsay(steps, offer, await proofs_of(store.client, product))
    draw = partial(chart, steps, start, end, currency, title=title, words=speaking, unverified=unverified)
    return _in_both_sizes(draw), f"{title}. {told}"


def _in_both_sizes(draw: Callable[..., str]) -> Markup:
    charts = [f'<div class="{size}">{draw(width=width, height=height)}</div>' for size, width, height in _SIZES]
    # Made of numbers, and of text that the chart escapes itself.
    return Markup("".join(charts))  # noqa: S704


def _said(main: OfferState, whole: Measure, summary: Summary, currency: str, speaking: Language) -> str:
    """What the chart shows, in a few sentences: those that a script puts there, too, as soon as it draws."""
    money = partial(speaking.money, currency=currency)
    now = speaking.say("chart.none") if main.price is None else speaking.say("chart.now", price=money(main.price))
    told = f"{now} {extremes(whole, currency, speaking)}"
    if summary.known_days < ENOUGH_DAYS or summary.typical is None:
        return f"{told} {_too_short(summary.known_days, speaking)}"
    if whole.low == whole.high:
        return told
    low, high = summary.typical
    if low == high:
        return f"{told} {speaking.say('chart.typical_price', price=money(low))}"
    return f"{told} {speaking.say('chart.typical', low=money(low), high=money(high))}"


def _rows(steps: Steps, start: int, end: int) -> list[Row]:
    """The latest of what held, the newest first: the figures behind the chart, for who runs no script."""
    seen = [Row(span.start, span.end, span.price) for span in spans(steps, start, end) if span.state in _LOOKED]
    state, price = value_at(steps, end)
    if state in _LOOKED and (not seen or seen[-1].price != price):
        # The last look is a moment, which may be all that there is.
        seen.append(Row(end, end, price))
    return seen[-_ROWS:][::-1]


def _embedding(address: str, title: str) -> str:
    """Markup for other people's pages: the picture of the chart, which leads here. Neither part needs escaping."""
    picture = f'<img src="{address}/chart.svg?range=1y&amp;theme=light" width="720" height="280" alt="{title}">'
    return f'<a href="{address}">{picture}</a>'


def _first_target(main: OfferState | None, currency: str, speaking: Language) -> str:
    """A target to begin with: a tenth below the last price."""
    if main is None or main.last_price is None:
        return speaking.figure(20 * 10 ** minor_digits(currency), currency)
    return speaking.figure(max(main.last_price * 9 // 10, MIN_PRICE), currency)


def _too_short(days: int, speaking: Language) -> str:
    """What is said instead of what is usual, after so many whole days."""
    return speaking.say("chart.short", count=days) if days else speaking.say("chart.begun")
