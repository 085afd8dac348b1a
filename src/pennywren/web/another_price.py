"""The form "Seeing another price?" of a product's page: what a person sees at the shop, judged as any report is."""

from typing import Annotated, Final

from litestar import Response, post
from litestar.params import FromPath
from msgspec import Meta

from pennywren.accounts.people import known_since
from pennywren.errors import BadInput
from pennywren.model.money import parse_amount
from pennywren.model.offer import Offer
from pennywren.pipeline.report_batches import Batch
from pennywren.pipeline.report_context import Observation
from pennywren.postgres.pool import transaction
from pennywren.trust.conditions import Conditions
from pennywren.trust.door import hash_of
from pennywren.web.body import read_body
from pennywren.web.headers import PRIVATE
from pennywren.web.identity import person_or_none
from pennywren.web.limits import spend_for_network
from pennywren.web.negotiation import prefers_html
from pennywren.web.network import network_of
from pennywren.web.pages import VARY, html_page
from pennywren.web.paths import product_in_path
from pennywren.web.products import show_product
from pennywren.web.report_views import VerdictView
from pennywren.web.resources import resources_of
from pennywren.web.shown_again import shown_again
from pennywren.web.types import Answer, Request
from pennywren.web.views import Question

_PER_HOUR: Final = 10
"""Prices that one network may type."""
_OWN: Final = {"cache-control": PRIVATE, "vary": VARY}


class AnotherPrice(Question):
    """The price that is seen, as typed."""

    amount: Annotated[str, Meta(max_length=30, description="In the currency of the product: `12.99`.")]


@post("/products/{product:str}/price", status_code=200)
@shown_again(show_product.fn)
async def report_price(request: Request, product: FromPath[str]) -> Answer:
    """Judge what somebody sees: by what weight, says the account, its confirmed address, and the network."""
    resources = resources_of(request)
    id_ = product_in_path(product, resources.settings.default_marketplace)
    form = await read_body(request, AnotherPrice)
    state = await resources.store.product(id_)
    currency = state.currency if state else id_.market.currency
    try:
        price = parse_amount(form.amount, currency)
    except ValueError as error:
        raise BadInput(f"{error}.") from error
    person = await person_or_none(request)
    await spend_for_network(request, "another-price", rate_per_hour=_PER_HOUR, burst=_PER_HOUR)
    born = None
    if person is not None:
        async with transaction(resources.pool) as connection:
            born = await known_since(connection, person.id)
    network = network_of(request)
    visitor = resources.reporting.visitor(network, None if person is None else person.id, born)
    seen = Observation(id_, Offer.BUYBOX, price, currency, resources.clock(), Conditions())
    (told,) = await resources.reporting.report(Batch("", network, (seen,), None, hash_of(b""), visitor))
    if prefers_html(request.headers.get("accept")):
        return html_page(request, "another-price-told.html", headers=_OWN, product=id_, told=told)
    return Response(VerdictView(told.kind.value, str(told.code), told.detail), status_code=200, headers=_OWN)
