"""Whose request this is, for limits: the client's network, seen past our own proxies and no further."""

from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

from litestar.connection import ASGIConnection

from pennywren.web.resources import resources_of

_MAX_HOPS: Final = 50
Address = IPv4Address | IPv6Address
UNKNOWN: Final = "unknown"


def network_of(request: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The network that a request came from."""
    peer = request.client.host if request.client else None
    trusted = resources_of(request).settings.trusted_proxies
    return client_network(peer, request.headers.getall("x-forwarded-for", []), trusted)


def client_network(peer: str | None, forwarded_for: list[str], trusted_proxies: int) -> str:
    """The /24 or /48 of the client's address, or "unknown"; see `client_address`."""
    address = client_address(peer, forwarded_for, trusted_proxies)
    if address is None:
        return UNKNOWN
    prefix = 24 if isinstance(address, IPv4Address) else 48
    return str(ip_network((address, prefix), strict=False))


def client_address(peer: str | None, forwarded_for: list[str], trusted_proxies: int) -> Address | None:
    """The right-most hop that is not ours; None where it is no address.

    `forwarded_for` are the X-Forwarded-For header lines as they came. Each proxy of ours appends whom it was
    called by, so with n trusted proxies the n-th hop from the right is the client; what stands left of it was
    written by the client and is not believed.
    """
    hops = [hop.strip() for line in forwarded_for for hop in line.split(",")][-_MAX_HOPS:]
    chain = [*(hops if trusted_proxies else []), peer or ""]
    return _address(chain[max(len(chain) - 1 - trusted_proxies, 0)])


def _address(text: str) -> Address | None:
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except (ValueError, AddressValueError):
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
