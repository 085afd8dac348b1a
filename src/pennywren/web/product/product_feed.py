"""A product's price changes as an Atom feed, for whoever would rather read than be mailed."""

from collections.abc import Collection
from typing import Final, NamedTuple
from urllib.parse import urlencode

from litestar import get
from litestar.params import FromPath

from pennywren.errors import NotFound, Unavailable
from pennywren.history.question import parse_offer
from pennywren.history.reading import hearsay
from pennywren.history.step import spans, value_at
from pennywren.model.clock import DAY, rfc3339
from pennywren.model.offer import Offer
from pennywren.model.series import State, Steps
from pennywren.postgres import catalogue
from pennywren.store.proofs import proofs_of
from pennywren.web.rendering.atom import MEDIA_TYPE, Entry, atom_document, price_title
from pennywren.web.rendering.pages import language_of
from pennywren.web.resources import resources_of
from pennywren.web.serving.conditional import conditional
from pennywren.web.serving.paths import product_in_path
from pennywren.web.types import Answer, Request

ENTRIES: Final = 50
_SPAN: Final = 365 * DAY
_SEEN: Final = (State.OFFERED, State.NO_OFFER)


class Change(NamedTuple):
    """At `at` (ms UTC) the price became `new`, and was `old` before. Minor units; None for no offer."""

    at: int
    new: int | None
    old: int | None
    is_first: bool
    """Whether nothing was known before."""


@get("/products/{product:str}/feed.atom")
async def show_product_feed(request: Request, product: FromPath[str]) -> Answer:
    """The last changes that a crawl saw, the newest first."""
    resources = resources_of(request)
    id_ = product_in_path(product, resources.settings.default_marketplace)
    offer = parse_offer(request.query_params.get("offer"))
    state = await resources.store.product(id_)
    if state is None:
        raise NotFound(f"no price of {id_} is known: POST /products tracks it, and its feed begins then")
    known = state.offers.get(offer)
    last_seen = known.last_seen if known else state.last_seen
    steps = await resources.store.steps(id_, offer, last_seen - _SPAN, last_seen + 1)
    rumours = {start for start, _ in hearsay(steps, offer, await proofs_of(resources.client, id_))}
    found = changes(steps, last_seen, rumours)[:ENTRIES]
    if known is not None and known.first is not None and known.first < last_seen - _SPAN:
        # What was in force when the time that we look back over begins did not change then.
        found = [each for each in found if not each.is_first]
    speaking = language_of(request)
    try:
        row = await catalogue.get(resources.pool, id_)
    except Unavailable:
        row = None
    title = (row.title if row else None) or str(id_)
    page = f"{resources.settings.base_url}/products/{id_}"
    own = f"{page}/feed.atom{'' if offer is Offer.BUYBOX else '?' + urlencode({'offer': offer})}"
    body = atom_document(
        speaking,
        base_url=resources.settings.base_url,
        own_url=own,
        page_url=page,
        name=f"{id_}/{offer}",
        title=speaking.say("feed.of_product", title=title, offer=speaking.say(f"offer.{offer}")),
        updated=found[0].at if found else state.last_seen,
        entries=[
            Entry(
                name=f"{id_}/{offer}/{rfc3339(each.at)}",
                title=price_title(title, each.new, None if each.is_first else each.old, state.currency, speaking),
                at=each.at,
                address=page,
                summary=f"{speaking.say(f'offer.{offer}')}, {id_.market.host}",
            )
            for each in found
        ],
    )
    return conditional(request, body, f"{MEDIA_TYPE}; charset=utf-8")


def changes(steps: Steps, last_seen: int, rumours: Collection[int] = ()) -> list[Change]:
    """What changed up to the last look (ms UTC), the newest first.

    A look that finds the same again after a silence is no change. Neither is what began at one of `rumours`: only
    reports know of it.
    """
    held = [(span.start, span.price) for span in spans(steps, 0, last_seen) if span.state in _SEEN]
    state, price = value_at(steps, last_seen)
    if state in _SEEN:
        # The last look is a moment, which no span holds.
        held.append((last_seen, price))
    found: list[Change] = []
    for at, new in held:
        old = found[-1].new if found else None
        if at not in rumours and (not found or new != old):
            found.append(Change(at, new, old, not found))
    return found[::-1]
