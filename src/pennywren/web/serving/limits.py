"""Limits for networks: who is not signed in is known by where they come from."""

from typing import Final

from pennywren.accounts.people import Person, known_since
from pennywren.frontier.admission import is_awaited
from pennywren.model.product import ProductID
from pennywren.pipeline.interest import visited
from pennywren.postgres import catalogue
from pennywren.postgres.pool import transaction
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
    resources = resources_of(request)
    if await is_known(resources, product):
        born: int | None = None
        if person is not None:
            async with transaction(resources.pool) as connection:
                born = await known_since(connection, person.id)
        await visited(resources.store, product, person, network_of(request), resources.clock(), born)
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


async def is_known(resources: Resources, product: ProductID) -> bool:
    """Whether a product is in the catalogue and has a price, or is about to have one.

    Raises:
        Unavailable: a part does not answer.
    """
    if not await catalogue.known(resources.pool, [product]):
        return False
    return await resources.store.product(product) is not None or await is_awaited(resources.client, product)


async def spend_for_network(request: Request, purpose: str, *, rate_per_hour: int, burst: int) -> None:
    """Count a request against its network's limit.

    Raises:
        RateLimited: the network has used up its share.
    """
    client = resources_of(request).client
    spent = await spend(client, purpose, network_of(request), rate_per_hour=rate_per_hour, burst=burst)
    note(request.scope, [spent])
