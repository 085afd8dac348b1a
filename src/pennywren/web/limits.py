"""Limits for networks: who is not signed in is known by where they come from."""

from pennywren.store.limits import spend
from pennywren.web.network import client_network
from pennywren.web.resources import resources_of
from pennywren.web.types import Request


def network_of(request: Request) -> str:
    """The network that a request came from."""
    peer = request.client.host if request.client else None
    trusted = resources_of(request).settings.trusted_proxies
    return client_network(peer, request.headers.getall("x-forwarded-for", []), trusted)


async def spend_for_network(request: Request, purpose: str, *, rate_per_hour: int, burst: int) -> None:
    """Count a request against its network's limit.

    Raises:
        RateLimited: the network has used up its share.
    """
    client = resources_of(request).client
    await spend(client, purpose, network_of(request), rate_per_hour=rate_per_hour, burst=burst)
