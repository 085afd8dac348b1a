"""Targets of a product: which are worth one click, and how often and how soon one is met."""

from typing import Final

import msgspec
from litestar import get
from litestar.params import FromPath

from pennywren.errors import BadQuery, NotFound
from pennywren.history.backtest import ENOUGH_DAYS, Backtest, backtest
from pennywren.history.question import parse_offer
from pennywren.history.suggestions import suggest
from pennywren.model.clock import DAY, rfc3339
from pennywren.model.money import MAX_PRICE, MIN_PRICE, format_money
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import Steps
from pennywren.postgres import catalogue
from pennywren.store.state import ProductState
from pennywren.web.resources import Resources, resources_of
from pennywren.web.serving.conditional import conditional
from pennywren.web.serving.paths import product_in_path
from pennywren.web.shapes.watch_views import SuggestionsView, SuggestionView, TargetView
from pennywren.web.types import Answer, Request

_LATELY: Final = 90 * DAY
_LONGEST: Final = 12


@get("/products/{product:str}/suggestions")
async def show_suggestions(request: Request, product: FromPath[str]) -> Answer:
    """Targets for one click: just below now, 5 to 20 percent less, the lowest of the last 90 days."""
    resources = resources_of(request)
    id_ = product_in_path(product, resources.settings.default_marketplace)
    offer = parse_offer(request.query_params.get("offer"))
    state = await _known(resources, id_)
    known = state.offers.get(offer) if state else None
    steps = Steps()
    if known is not None:
        steps = await resources.store.steps(id_, offer, known.last_seen - _LATELY, known.last_seen + 1)
    view = SuggestionsView(
        product_id=str(id_),
        offer=offer,
        currency=state.currency if state else id_.market.currency,
        current_price=known.price if known else None,
        suggestions=[SuggestionView(each.name, each.label, each.threshold) for each in suggest(known, steps)],
    )
    return conditional(request, msgspec.json.encode(view), "application/json")


@get("/products/{product:str}/targets")
async def show_target(request: Request, product: FromPath[str]) -> Answer:
    """How often a target was met in the past, when last, and how long one typically waits for it."""
    resources = resources_of(request)
    id_ = product_in_path(product, resources.settings.default_marketplace)
    offer = parse_offer(request.query_params.get("offer"))
    threshold = _threshold(request.query_params.get("threshold", ""))
    state = await _known(resources, id_)
    known = state.offers.get(offer) if state else None
    steps = Steps() if known is None else await resources.store.steps(id_, offer, 0, known.last_seen + 1)
    currency = state.currency if state else id_.market.currency
    view = _view(id_, offer, currency, threshold, backtest(steps, threshold))
    return conditional(request, msgspec.json.encode(view), "application/json")


async def _known(resources: Resources, product: ProductID) -> ProductState | None:
    state = await resources.store.product(product)
    if state is None and await catalogue.get(resources.pool, product) is None:
        raise NotFound(f"{product} is not followed here yet: paste its link to follow it, or POST it to /products.")
    return state


def _threshold(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < _LONGEST and MIN_PRICE <= int(text) <= MAX_PRICE:
        return int(text)
    raise BadQuery(f"threshold must be {MIN_PRICE} to {MAX_PRICE}, in minor units: ?threshold=1299 asks for 12.99.")


def _view(product: ProductID, offer: Offer, currency: str, threshold: int, found: Backtest | None) -> TargetView:
    return TargetView(
        product_id=str(product),
        offer=offer,
        currency=currency,
        threshold=threshold,
        text=_text(found, format_money(threshold, currency)),
        enough=found is not None and found.enough,
        known_days=found.known_days if found else 0,
        since_time=rfc3339(found.since) if found else None,
        times_met=found.times_met if found else 0,
        last_met_time=rfc3339(found.last_met) if found and found.last_met is not None else None,
        met_now=found is not None and found.met_now,
        share_of_time=_rounded(found.share_of_time, 4) if found else None,
        typical_wait_days=_rounded(found.typical_wait_days, 1) if found else None,
        chance_within_30_days=_rounded(found.chance_within_30_days, 2) if found else None,
    )


def _text(found: Backtest | None, target: str) -> str:
    if found is None:
        return "No price is known yet."
    since = rfc3339(found.since)[:10]
    if found.last_met is None:
        told = f"{target} was never met since we began on {since}."
    else:
        times = "once" if found.times_met == 1 else f"{found.times_met} times"
        last = "it is met now" if found.met_now else f"last on {rfc3339(found.last_met)[:10]}"
        told = f"{target} was met {times} since we began on {since}; {last}."
    if not found.enough:
        days = "one day" if found.known_days == 1 else f"{found.known_days} days"
        return f"{told} We know {days} of prices: how long such a wait takes can be said after {ENOUGH_DAYS}."
    if not found.offered:
        return f"{told} There is no offer now: how long such a wait takes can be said when there is one."
    if found.met_now:
        return told
    if found.typical_wait_days is None:
        return f"{told} Most who wait for such a fall would wait longer than anybody has watched."
    wait = round(found.typical_wait_days)
    return f"{told} Half of those who waited for such a fall waited {'a day' if wait <= 1 else f'{wait} days'} or less."


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
