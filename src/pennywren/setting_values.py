"""What the text of a setting may be, where it is more than a number or a word."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final
from urllib.parse import urlsplit

import msgspec

from pennywren.errors import BadSetting
from pennywren.model.marketplace import MARKETPLACES

SCHEMES: Final = {
    "redis_url": ("redis", "rediss", "unix", "redis+cluster", "rediss+cluster"),
    "queue_url": ("redis", "rediss", "unix"),
    "postgres_url": ("postgresql", "postgres"),
    "smtp_url": ("smtp", "smtps"),
    "image_origin": ("http", "https"),
}
"""What the address of a server begins with, by the name of the setting."""

Network = IPv4Network | IPv6Network
PRIVATE_NETWORKS: Final[tuple[Network, ...]] = tuple(
    ip_network(text)
    for text in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)
"""Addresses that nobody on the Internet has."""


class Egress(msgspec.Struct, frozen=True):
    """An IP that requests leave from."""

    name: str
    source: str | None = None
    """Local address to send from; None for the machine's own choice."""
    proxy: str | None = None
    """Proxy URL; None for a direct connection."""


def parse_egresses(text: str) -> tuple[Egress, ...]:
    """Read `e1=direct,e2=direct@127.0.0.2,e3=http://proxy:3128`."""
    found: list[Egress] = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, equals, how = part.partition("=")
        if not equals or not name.replace("-", "").isalnum():
            raise BadSetting(f"PENNYWREN_EGRESSES: {part!r} is not NAME=direct, NAME=direct@ADDRESS or NAME=PROXY-URL")
        if how == "direct":
            found.append(Egress(name))
        elif how.startswith("direct@"):
            found.append(Egress(name, source=how.removeprefix("direct@")))
        elif urlsplit(how).scheme in ("http", "https", "socks5", "socks5h"):
            found.append(Egress(name, proxy=how))
        else:
            raise BadSetting(f"PENNYWREN_EGRESSES: {how!r} is neither direct, direct@ADDRESS nor a proxy URL")
    if not found or len({e.name for e in found}) < len(found):
        raise BadSetting("PENNYWREN_EGRESSES: give each egress a name of its own, and at least one")
    if len({(e.source, e.proxy) for e in found}) < len(found):
        # Each has a token of its own: the shop would see two requests a second from one address.
        raise BadSetting("PENNYWREN_EGRESSES: two egresses leave from the same address; give it one name")
    return tuple(found)


def parse_origins(text: str) -> dict[str, str]:
    """Read `us=http://127.0.0.1:9000,de=…`."""
    origins: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        code, _, url = part.partition("=")
        parts = urlsplit(url)
        if code not in MARKETPLACES or parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadSetting(f"PENNYWREN_SHOP_ORIGINS: {part!r} is not MARKETPLACE=http://HOST:PORT")
        origins[code] = f"{parts.scheme}://{parts.netloc}"
    return origins


def parse_networks(text: str) -> tuple[Network, ...]:
    """Read `private`, `all`, `none` or `10.1.0.0/16,2001:db8::/32,192.0.2.7`."""
    named = {"private": PRIVATE_NETWORKS, "none": (), "all": (ip_network("0.0.0.0/0"), ip_network("::/0"))}
    if text in named:
        return named[text]
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise BadSetting(f"PENNYWREN_METRICS_NETWORKS: {error}; write private, all, none, or networks") from error


def parse_address(name: str, text: str) -> str:
    """The address of a server, for a setting. What is wrong is told without the text: it may hold a password."""
    schemes = SCHEMES[name]
    try:
        parts = urlsplit(text)
        # PostgreSQL's, and that of a Redis Cluster, may list several servers, each with a port.
        lists = name == "postgres_url" or parts.scheme.endswith("+cluster")
        usable = parts.scheme in schemes and (lists or parts.port != 0)
    except ValueError:
        usable = False
    if not usable or "://" not in text:
        ways = " or ".join(f"{scheme}://…" for scheme in schemes)
        raise BadSetting(f"PENNYWREN_{name.upper()}: this is not an address of such a server: write {ways}")
    return text
