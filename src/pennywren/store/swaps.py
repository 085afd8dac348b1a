"""The typed wrapper of swap.lua: values that are read, thought about in Python, and replaced if nobody was quicker."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from redis.exceptions import RedisError

from pennywren.errors import Unavailable
from pennywren.store.connect import Client
from pennywren.store.scripts import Script

_SCRIPT: Final = Script("swap")
_VERSION: Final = 8
"""Bytes of the version in front of a value."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A value as it was read; version and body are empty where there is none."""

    version: bytes = b""
    body: bytes = b""


NOTHING: Final = Kept()


def read_kept(value: object) -> Kept:
    """A value as a client that answers with bytes reads it."""
    return Kept(value[:_VERSION], value[_VERSION:]) if isinstance(value, bytes) else NOTHING


@dataclass(frozen=True, slots=True)
class Swap:
    """A wish to put `body` where `read` was, for `expires_in` ms."""

    key: str
    read: Kept
    body: bytes
    expires_in: int

    def value(self, now: int) -> bytes:
        """What is written. A version is never used again: it grows, and a value that expired begins at `now` (ms)."""
        before = int.from_bytes(self.read.version, "big")
        return max(before + 1, now).to_bytes(_VERSION, "big") + self.body


async def read_all(client: Client, keys: Sequence[str]) -> list[Kept]:
    """What stands under each key, in one round trip; `client` answers with bytes.

    Raises:
        Unavailable: Redis does not answer.
    """
    try:
        async with client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.get(key)
            return [read_kept(value) for value in await pipe.execute()]
    except (RedisError, OSError) as error:
        raise Unavailable("the memory of reports is not reachable right now") from error


async def swap_all(client: Client, swaps: Sequence[Swap], now: int) -> list[Kept | None]:
    """Carry out all swaps in one round trip: for each None, or what somebody else has put there meanwhile.

    `client` answers with bytes; `now` is ms UTC.

    Raises:
        Unavailable: Redis does not answer; some may be carried out, and repeating one then answers with what it wrote.
    """
    try:
        replies = await _SCRIPT.run_many(
            client, [([swap.key], [swap.read.version, swap.value(now), swap.expires_in]) for swap in swaps]
        )
    except (RedisError, OSError) as error:
        raise Unavailable("the memory of reports is not reachable right now") from error
    for reply in replies:
        if isinstance(reply, Exception):
            raise Unavailable(f"the memory of reports refused: {reply}") from reply
    return [None if reply == 1 else read_kept(reply) for reply in replies]
