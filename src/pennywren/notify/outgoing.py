"""Outgoing HTTP: the one client for requests to an address that somebody gave us.

A name is resolved once, everything that it resolves to is checked, and the connection goes to what was checked: no
second look-up can lead elsewhere. No redirect is followed, no proxy of the environment is used, no cookie is kept,
and neither time nor size has no end.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import httpcore

from pennywren.errors import BadInput, DeliveryError

TIMEOUT: Final = 10.0
"""Seconds that a whole request may take."""

_WAY_TIMEOUT: Final = 2.0
"""Seconds that one address of several is given to take the connection."""

MAX_ANSWER: Final = 64 * 1024
"""Bytes of an answer that are read; what comes after them is not."""

MAX_URL: Final = 2_000

Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host name, for a port."""

# All of IPv6 that has been given to anybody (IANA, global unicast). What lies outside and is not known to be private
# may still lead inside: ::10.0.0.1, fec0::1, ::ffff:0:10.0.0.1, 64:ff9b::a00:1.
_GIVEN: Final = IPv6Network("2000::/3")
# Within it: they lead to IPv4 addresses that are not visible in them (6to4, Teredo), or are for examples.
_NOBODYS: Final = tuple(map(IPv6Network, ("2002::/16", "2001::/32", "3fff::/20")))
_FAULTS: Final = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError)


class Refused(DeliveryError):
    """The address is not one that we send to."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    retry_after: float | None
    """Seconds, where the peer asks for a pause."""
    body: bytes
    """The first MAX_ANSWER bytes."""


def parse_networks(text: str) -> tuple[Network, ...]:
    """Read `10.0.0.0/8, 127.0.0.1`.

    Raises:
        ValueError: one of them is no network.
    """
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is everybody's: not private, loopback, link-local, multicast, reserved or a tunnel's."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address not in _GIVEN or any(address in network for network in _NOBODYS):
            return False
    return address.is_global and not address.is_multicast


def checked_url(text: str, private: Iterable[Network] = ()) -> SplitResult:
    """The parts of an address that may be sent to, as far as it can be told without a look-up.

    https with a host name or a public address; addresses of the networks `private` also over http.

    Raises:
        BadInput: says what is wrong with it.
    """
    if len(text) > MAX_URL or not text.isascii() or not text.isprintable() or " " in text:
        raise BadInput(f"An address is plain ASCII of at most {MAX_URL} characters, without spaces.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise BadInput(f"This address cannot be read: {error}.") from error
    if parts.username is not None or parts.password is not None:
        raise BadInput("An address must not carry a user name or a password.")
    if not parts.hostname:
        raise BadInput("An address looks like https://example.com/path.")
    literal = _literal(parts.hostname)
    ours = literal is not None and any(literal in network for network in private)
    if parts.scheme != "https" and not (ours and parts.scheme == "http"):
        raise BadInput("An address begins with https://.")
    if literal is not None and not ours and not is_public(literal):
        raise BadInput("This address belongs to a private network: it must be reachable by everybody.")
    if port is not None and port != 443 and port < 1024 and not ours:
        raise BadInput("The port of an address is 443 or at least 1024.")
    return parts


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


async def resolve(host: str, port: int) -> list[str]:
    """The addresses that a name has now.

    Raises:
        OSError: it has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to names only by way of an address that was checked. TLS still asks for the name."""

    def __init__(self, private: tuple[Network, ...], look_up: Resolve) -> None:
        self._private = private
        self._resolve = look_up
        # Its types know the stand-in for where anyio is missing.
        self._network: httpcore.AsyncNetworkBackend = httpcore.AnyIOBackend()  # pyright: ignore[reportAttributeAccessIssue]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._resolve(host, port)
        # All of them: a name that has one private address is not trusted with the others.
        if not addresses or not all(self._is_allowed(address) for address in addresses):
            raise Refused("the address leads to a private network")
        *others, last = addresses
        for address in others:
            # One way there that is down, mostly that over IPv6, does not keep us from the others.
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._network.connect_tcp(address, port, _WAY_TIMEOUT, local_address, socket_options)
        return await self._network.connect_tcp(last, port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise Refused("the address is not one of the internet")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)

    def _is_allowed(self, text: str) -> bool:
        address = ip_address(text.partition("%")[0])
        return is_public(address) or any(address in network for network in self._private)


class OutgoingClient:
    """Sends requests; connections stay open for a while and are shared by requests to one host."""

    def __init__(
        self, private: Iterable[Network] = (), *, timeout: float = TIMEOUT, look_up: Resolve = resolve
    ) -> None:
        """Addresses of the networks `private` may be sent to although they are; `timeout` is in seconds."""
        self._private = tuple(private)
        self._timeout = timeout
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=50,
            max_keepalive_connections=10,
            keepalive_expiry=30,
            network_backend=_CheckedBackend(self._private, look_up),
        )

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send one request and read its answer, whatever its status.

        Raises:
            Refused: it is not an address that we send to.
            DeliveryError: to be tried again: nobody answers there, or not in time.
        """
        try:
            parts = checked_url(url, self._private)
        except BadInput as error:
            raise Refused(error.message) from error
        own = {"Host": parts.netloc, "Content-Length": str(len(body)), "User-Agent": "Pennywren", **headers}
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._pool.stream("POST", url, headers=list(own.items()), content=body) as response,
            ):
                read = await _read(response)
        except TimeoutError as error:
            raise DeliveryError("there was no answer in time", permanent=False) from error
        except _FAULTS as error:
            raise DeliveryError(f"nobody answers there ({type(error).__name__})", permanent=False) from error
        return Answer(response.status, _retry_after(response), read)

    async def aclose(self) -> None:
        """Close what is open."""
        await self._pool.aclose()


async def _read(response: httpcore.Response) -> bytes:
    read = bytearray()
    async for chunk in response.aiter_stream():
        read += chunk
        if len(read) >= MAX_ANSWER:
            break
    return bytes(read[:MAX_ANSWER])


def _retry_after(response: httpcore.Response) -> float | None:
    for name, value in response.headers:
        if name.lower() == b"retry-after" and value.isdigit() and len(value) < 7:
            return float(value)
    return None


def error_of(answer: Answer) -> DeliveryError | None:
    """What an answer to a message means; None for success.

    404 and 410 say that nobody is there any more. 408, 425, 429 and 5xx pass; a redirect and the rest are for good.
    """
    if 200 <= answer.status < 300:
        return None
    words = f"the receiver answered {answer.status}"
    if answer.status in (404, 410):
        return DeliveryError(words, permanent=True, address_gone=True)
    passing = answer.status in (408, 425, 429) or answer.status >= 500
    return DeliveryError(words, permanent=not passing, retry_after=answer.retry_after if passing else None)
