"""What a host's robots.txt allows us (RFC 9309). Fetching it needs an egress token like any other request.

The text is kept in Redis for all workers for a day; a host whose robots.txt cannot be fetched is left alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self

import msgspec
from protego import Protego

from pennywren import keyspace
from pennywren.model.clock import MINUTE
from pennywren.observe.fetch import Fetched
from pennywren.observe.hosts import Address
from pennywren.store.connect import Client

_KEEP_S: Final = 86_400
_LEAVE_ALONE_S: Final = 900
_FETCHING_S: Final = 20
_MAX_TEXT: Final = 512_000
"""RFC 9309 asks for at least 500 KiB; what follows is not read."""
_REMEMBER: Final = MINUTE

Standing = Literal["kept", "unreachable", "being fetched", "not fetched"]
"""What we have of a host's robots.txt: its rules; silence, for which it is left alone; or nothing yet."""


class _Kept(msgspec.Struct, frozen=True):
    """What is in Redis."""

    reachable: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What one host allows."""

    reachable: bool
    """False: robots.txt could not be fetched, so nothing is."""
    parsed: Protego

    @classmethod
    def of(cls, fetched: Fetched) -> Self:
        """What a fetch of robots.txt brought."""
        reachable, text = read_robots(fetched)
        return cls(reachable, Protego.parse(text))

    def allows(self, address: Address, user_agent: str) -> bool:
        """Whether this page may be fetched."""
        return self.reachable and self.parsed.can_fetch(address.url, user_agent)

    def pause_ms(self, user_agent: str) -> int:
        """The pause between requests that the host asks for; 0 where it asks for none."""
        return round((self.parsed.crawl_delay(user_agent) or 0) * 1000)


def read_robots(fetched: Fetched) -> tuple[bool, str]:
    """Whether the host could be asked, and its rules: none of its own where it says that there is no such file."""
    if (
        fetched.trouble is not None
        or fetched.status == 429
        or not (fetched.status == 200 or 400 <= fetched.status < 500)
    ):
        return False, ""
    if fetched.status != 200:
        return True, ""
    return True, fetched.body[:_MAX_TEXT].decode("utf-8", "replace")


class Robots:
    """The rules of all hosts, shared through Redis."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, tuple[int, Rules]] = {}

    async def rules(self, host: str, now: int) -> Rules | None:
        """The rules of a host; None where its robots.txt is to be fetched first. `now` in ms.

        While another worker fetches it, the host counts as one that cannot be reached.
        """
        read_at, rules = self._known.get(host, (0, None))
        if rules is not None and now - read_at < _REMEMBER:
            return rules
        kept = await self._client.get(keyspace.robots(host))
        self._known.pop(host, None)
        if kept is None:
            return None
        found = msgspec.json.decode(kept, type=_Kept)
        rules = Rules(found.reachable, Protego.parse(found.text))
        if rules.reachable:
            self._known[host] = (now, rules)
        return rules

    async def begin(self, host: str) -> bool:
        """Whether it is this worker's turn to fetch the rules: one asks for all."""
        silence = msgspec.json.encode(_Kept(reachable=False)).decode()
        return bool(await self._client.set(keyspace.robots(host), silence, ex=_FETCHING_S, nx=True))

    async def being_fetched(self, host: str) -> bool:
        """Whether somebody is fetching the rules right now, as far as can be told."""
        return await self._client.ttl(keyspace.robots(host)) <= _FETCHING_S

    async def standing(self, hosts: Sequence[str]) -> list[Standing]:
        """What we have of each host, for a person to see."""
        async with self._client.pipeline(transaction=False) as pipe:
            for host in hosts:
                pipe.get(keyspace.robots(host))
                pipe.ttl(keyspace.robots(host))
            replies = await pipe.execute()
        return [_standing(kept, ttl) for kept, ttl in zip(replies[::2], replies[1::2], strict=True)]

    async def keep(self, host: str, fetched: Fetched) -> None:
        """Remember what a fetch of robots.txt brought: rules for a day, silence for a quarter of an hour."""
        reachable, text = read_robots(fetched)
        kept = msgspec.json.encode(_Kept(reachable, text)).decode()
        await self._client.set(keyspace.robots(host), kept, ex=_KEEP_S if reachable else _LEAVE_ALONE_S)
        self._known.pop(host, None)


def _standing(kept: str | None, ttl_s: int) -> Standing:
    if kept is None:
        return "not fetched"
    if msgspec.json.decode(kept, type=_Kept).reachable:
        return "kept"
    return "being fetched" if ttl_s <= _FETCHING_S else "unreachable"
