"""Limits for networks: who is not signed in is known by where they come from."""

import asyncio
from typing import Final

from pennywren.accounts.people import Person
from pennywren.frontier.admission import is_awaited
from pennywren.model.product import ProductID
from pennywren.pipeline.interest import visited
from pennywren.postgres import catalogue
from pennywren.store.limits import spend
from pennywren.web.resources import Resources, resources_of
from pennywren.web.serving.counting import note
from pennywren.web.serving.network import network_of
from pennywren.web.types import Request

_TRACK_PER_HOUR: Final = 60
_TRACK_BURST: Final = 20


async def spend_for_unknown(request: Request, product: ProductID, person: Person | None = None) -> bool:
    """Count the tracking of a product that nobody has looked at yet; whether it is known already: then it is a visit.

    What we follow only because a page named it is not known yet: whoever asks for it has it looked at soon. A person
    may bring as many at once as their plan has subscriptions; who is not signed in, a few from each network.

    Raises:
        RateLimited: the person or the network has brought many new products.
        Unavailable: a part does not answer.
    """
    if not await spend_unless_known(request, product, person):
        return False
    await count_visit(request, product, person)
    return True


async def spend_unless_known(request: Request, product: ProductID, person: Person | None = None) -> bool:
    """The same without counting the visit."""
    resources = resources_of(request)
    if await is_known(resources, product):
        return True
    if person is None:
        await spend_for_network(request, "track", rate_per_hour=_TRACK_PER_HOUR, burst=_TRACK_BURST)
    else:
        plans = {"free": resources.settings.free_subscriptions, "plus": resources.settings.plus_subscriptions}
        burst = plans[person.plan] + _TRACK_BURST
        spent = await spend(
            resources.client, "track-person", str(person.id), rate_per_hour=_TRACK_PER_HOUR, burst=burst
        )
        note(request.scope, [spent])
    return False


async def count_visit(request: Request, product: ProductID, person: Person | None) -> None:
    """Count that somebody came for a product that is known."""
    resources = resources_of(request)
    await visited(resources.store, product, person, network_of(request), resources.clock())


async def is_known(resources: Resources, product: ProductID) -> bool:
    """Whether a product is in the catalogue and has a price, or is about to have one.

    Raises:
        Unavailable: a part does not answer.
    """
    known, state = await asyncio.gather(catalogue.known(resources.pool, [product]), resources.store.product(product))
    return bool(known) and (state is not None or await is_awaited(resources.client, product))


async def spend_for_network(request: Request, purpose: str, *, rate_per_hour: int, burst: int) -> None:
    """Count a request against its network's limit.

    Raises:
        RateLimited: the network has used up its share.
    """
    client = resources_of(request).client
    spent = await spend(client, purpose, network_of(request), rate_per_hour=rate_per_hour, burst=burst)
    note(request.scope, [spent])
