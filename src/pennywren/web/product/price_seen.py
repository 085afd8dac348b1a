"""What somebody on the website sees at the shop, said in passing: judged as any report is, with a weight of its own.

By what weight, says the account, its confirmed address, and the network.
"""

from typing import Final

from pennywren.accounts.people import Person
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.report_batches import Batch
from pennywren.pipeline.report_context import Observation
from pennywren.trust.conditions import Conditions
from pennywren.trust.door import hash_of
from pennywren.trust.telling import Told
from pennywren.web.rendering.pages import VARY, html_page
from pennywren.web.resources import resources_of
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.limits import spend_for_network
from pennywren.web.serving.network import network_of
from pennywren.web.shapes.rule_form import typed_amount
from pennywren.web.types import Answer, Request

_PER_HOUR: Final = 10
"""Prices that one network may type."""


async def read_price_seen(request: Request, product: ProductID, typed: str, field: str) -> Observation:
    """A price as typed into `field`, before anything is done with it.

    Raises:
        BadInput: it is no amount of the product's currency.
        RateLimited: the network has typed many.
    """
    resources = resources_of(request)
    state = await resources.store.product(product)
    currency = state.currency if state else product.market.currency
    price = typed_amount(typed, currency, field)
    await spend_for_network(request, "another-price", rate_per_hour=_PER_HOUR, burst=_PER_HOUR)
    return Observation(product, Offer.BUYBOX, price, currency, resources.clock(), Conditions())


async def judge_price_seen(request: Request, seen: Observation, person: Person | None) -> Told:
    """The verdict on what a visitor sees, with everything that follows from it."""
    resources = resources_of(request)
    network = network_of(request)
    who = (None, None) if person is None else (person.id, person.since)
    visitor = resources.reporting.visitor(network, *who)
    (told,) = await resources.reporting.report(Batch("", network, (seen,), None, hash_of(b""), visitor))
    return told


def told_page(request: Request, product: ProductID, told: Told, watch: int | None = None) -> Answer:
    """A verdict as people get it; `watch` is the one that was made with it."""
    headers = {"cache-control": PRIVATE, "vary": VARY}
    return html_page(request, "another-price-told.html", headers=headers, product=product, told=told, watch=watch)
