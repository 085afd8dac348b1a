"""Products: what a price is now and was, and the wish to follow one. A GET never crawls."""

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from pennywren.accounts import subscriptions
from pennywren.accounts.people import Person
from pennywren.accounts.subscription import State
from pennywren.errors import BadInput, NotFound, Unavailable
from pennywren.history.question import parse_question
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import PriceAtOrBelow
from pennywren.pipeline.tracking import track
from pennywren.postgres import catalogue
from pennywren.postgres.catalogue import CatalogueRow
from pennywren.postgres.pool import transaction
from pennywren.web.product.home import show_home
from pennywren.web.product.price_seen import judge_price_seen, read_price_seen, told_page
from pennywren.web.rendering.atom import MEDIA_TYPE
from pennywren.web.rendering.pages import language_of, redirect
from pennywren.web.rendering.product_page import product_page
from pennywren.web.rendering.verdicts import verdict_view
from pennywren.web.resources import Resources, resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.conditional import conditional, conditional_page
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import person_or_none
from pennywren.web.serving.limits import spend_for_unknown
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.packing import HISTORY_VARY, as_sent, takes_gzip
from pennywren.web.serving.paths import product_in_path
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.views import NewProduct, TrackedView, product_view
from pennywren.web.types import Answer, Request


@get("/products/{product:str}")
async def show_product(request: Request, product: FromPath[str]) -> Answer:
    """A product now: a page for people, JSON for programs."""
    resources = resources_of(request)
    id_ = product_in_path(product, resources.settings.default_marketplace)
    state = await resources.store.product(id_)
    row = await _catalogued(resources, id_, needed=state is None)
    if row is None and state is None:
        raise NotFound(f"{id_} is not followed here yet. Follow it, and its price appears in a moment.")
    if prefers_html(request.headers.get("accept")):
        person = await _signed_in(request)
        if state is not None:
            await resources.viewers.viewed(id_)
        target = await _target(resources, person, id_)
        page = await product_page(
            request, resources.store, id_, state, row,
            person=person, target=target, base_url=resources.settings.base_url, now=resources.clock(),
        )  # fmt: skip
        if person is not None:
            page.headers.update({"cache-control": PRIVATE, **({"link": alternates(id_)} if state else {})})
            return page
        found = conditional_page(request, page)
    else:
        found = conditional(request, msgspec.json.encode(product_view(id_, state, row)), "application/json")
    if state is not None:
        found.headers["link"] = alternates(id_)
    else:
        # Its first price may come at any moment, and who runs no script asks every few seconds.
        found.headers["cache-control"] = "no-cache"
    return found


@get("/products/{product:str}/history")
async def show_history(request: Request, product: FromPath[str]) -> Answer:
    """A product's past, always JSON."""
    resources = resources_of(request)
    id_ = product_in_path(product, resources.settings.default_marketplace)
    question = parse_question(dict(request.query_params), resources.clock())
    answer = await resources.history.answer(id_, question)
    if answer.stale:
        return Response(answer.body, media_type="application/json", headers={"vary": HISTORY_VARY})
    packs = takes_gzip(request.headers.get("accept-encoding"))
    sent = as_sent(answer, packs=packs)
    found = conditional(request, sent.body, "application/json", sent.etag)
    found.headers["vary"] = HISTORY_VARY
    if sent.is_packed and found.status_code != 304:
        found.headers["content-encoding"] = "gzip"
    return found


@post("/products", status_code=202)
@shown_again(show_home.fn)
async def track_product(request: Request) -> Answer:
    """Follow a product: it is looked at soon, in a lane with a cap."""
    resources = resources_of(request)
    wish = await read_body(request, NewProduct)
    text = wish.product if wish.product is not None else wish.url
    if text is None or (wish.product is not None and wish.url is not None):
        raise BadInput("Give either product or url: an ASIN, MARKETPLACE:ASIN, or a product link.")
    id_ = ProductID.parse(text, resources.settings.default_marketplace)
    seen = await read_price_seen(request, id_, wish.price_seen, "priceSeen") if wish.price_seen else None
    person = await _signed_in(request)
    is_known = await spend_for_unknown(request, id_, person)
    if not is_known:
        await track(resources.client, resources.pool, [id_], urgent=True)
    told = None if seen is None else await judge_price_seen(request, seen, person)
    if prefers_html(request.headers.get("accept")):
        return redirect(f"/products/{id_}") if told is None else told_page(request, id_, told)
    view = TrackedView(str(id_), "known" if is_known else "tracked", f"/products/{id_}")
    if told is not None:
        view.verdict = verdict_view(told, language_of(request))
    return Response(view, status_code=200 if is_known else 202)


def alternates(product: ProductID) -> str:
    """The Link header of a product with prices: what else there is of it (RFC 8288)."""
    own = f"/products/{product}"
    kinds = (
        ("history", "application/json"),
        ("history.csv", "text/csv"),
        ("feed.atom", MEDIA_TYPE),
        ("chart.svg", "image/svg+xml"),
    )
    return ", ".join(
        [f'<{own}>; rel="canonical"', *(f'<{own}/{name}>; rel="alternate"; type="{kind}"' for name, kind in kinds)]
    )


async def _catalogued(resources: Resources, product: ProductID, *, needed: bool) -> CatalogueRow | None:
    """What the catalogue knows; prices are shown without it while the database is away."""
    try:
        return await catalogue.get(resources.pool, product)
    except Unavailable:
        if needed:
            raise
        return None


async def _signed_in(request: Request) -> Person | None:
    """Who looks at the page; it is shown as to anybody while the database is away."""
    try:
        return await person_or_none(request)
    except Unavailable:
        return None


async def _target(resources: Resources, person: Person | None, product: ProductID) -> int | None:
    """What the person waits for already."""
    if person is None:
        return None
    try:
        async with transaction(resources.pool) as connection:
            held = await subscriptions.list_of(connection, person.id, product=product)
    except Unavailable:
        return None
    waiting = [each for each in held if each.offer is Offer.BUYBOX and each.state in (State.ACTIVE, State.PAUSED)]
    return next((each.rule.threshold for each in waiting if isinstance(each.rule, PriceAtOrBelow)), None)
