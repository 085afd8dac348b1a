"""The proof of a price: what was believed at a moment and why, in words and in fields."""

from typing import Annotated

import msgspec
from litestar import get
from litestar.params import FromPath
from msgspec import Meta, field

from pennywren.errors import BadQuery, NotFound
from pennywren.history.proof import Proof, find_proof
from pennywren.history.proof_words import proof_words
from pennywren.history.question import parse_offer, parse_time
from pennywren.model.clock import MINUTE, rfc3339
from pennywren.model.offer import Offer
from pennywren.model.provenance import Ground
from pennywren.postgres import catalogue
from pennywren.web.rendering.pages import html_page, language_of
from pennywren.web.resources import resources_of
from pennywren.web.serving.conditional import conditional, conditional_page
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.paths import product_in_path
from pennywren.web.shapes.views import Answer as Said
from pennywren.web.shapes.views import Time
from pennywren.web.types import Answer, Request


class WithdrawnView(Said):
    """A price that was recorded for this moment once, and was found false."""

    price: int
    time: Annotated[Time, Meta(description="When it had been seen.")]
    until: Time | None
    withdrawn_time: Time
    because: str


class ProofView(Said):
    """On what ground the price at a moment is believed."""

    product_id: str = field(name="productID")
    offer: Offer
    timestamp: Annotated[Time, Meta(description="The moment that was asked for.")]
    price: Annotated[int | None, Meta(description="In force at that moment; null: there was no such offer.")]
    currency: str
    since: Annotated[Time, Meta(description="When it was seen first: the sample that is meant.")]
    until: Annotated[Time | None, Meta(description="When something else was seen; null if nothing was.")]
    last_seen: Annotated[Time, Meta(description="When anybody looked at this offer last.")]
    ground: Ground
    reporters: Annotated[int, Meta(description="Independent reporters that said so.")]
    first_time: Annotated[Time | None, Meta(description="When the first of them, or of two crawls, said so.")]
    crawled_time: Annotated[Time | None, Meta(description="When a crawl of ours saw it, where one did.")]
    words: Annotated[list[str], Meta(description="The same in sentences.")]
    withdrawn: list[WithdrawnView]


@get("/products/{product:str}/points/{timestamp:str}/proof")
async def show_proof(request: Request, product: FromPath[str], timestamp: FromPath[str]) -> Answer:
    """Why the price at a moment is believed: a page for people, JSON for programs."""
    resources = resources_of(request)
    id_ = product_in_path(product, resources.settings.default_marketplace)
    at = parse_time("timestamp", timestamp)
    if at is None:
        raise BadQuery("no timestamp given: write seconds since 1970, or RFC 3339 like 2025-11-25T10:40:00Z")
    offer = parse_offer(request.query_params.get("offer"))
    if at > resources.clock() + MINUTE:
        raise NotFound(f"{rfc3339(at)} has not come yet")
    proof = await find_proof(resources.store, id_, offer, at)
    if prefers_html(request.headers.get("accept")):
        words = proof_words(proof, language_of(request))
        name = await catalogue.name_of(resources.pool, id_)
        page = html_page(request, "proof.html", product=id_, name=name, proof=proof, words=words)
        return conditional_page(request, page)
    return conditional(request, msgspec.json.encode(proof_view(proof, proof_words(proof))), "application/json")


def proof_view(of: Proof, words: list[str]) -> ProofView:
    """A proof as its JSON shows it."""
    provenance = of.provenance
    seen = of.since if provenance.ground in (Ground.CRAWL, Ground.CRAWLED_TWICE, Ground.VERIFIED) else None
    return ProofView(
        product_id=str(of.product),
        offer=of.offer,
        timestamp=rfc3339(of.asked),
        price=of.price,
        currency=of.currency,
        since=rfc3339(of.since),
        until=_time(of.until),
        last_seen=rfc3339(of.last_seen),
        ground=provenance.ground,
        reporters=provenance.reporters,
        first_time=_time(provenance.first_at),
        crawled_time=_time(provenance.crawled_at or seen),
        words=words,
        withdrawn=[
            WithdrawnView(each.price, rfc3339(each.at), _time(each.until), rfc3339(each.withdrawn_at), each.because)
            for each in of.withdrawn
        ],
    )


def _time(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)
