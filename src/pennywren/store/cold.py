"""The typed wrapper of read_cold.lua: products that are kept packed, without a key or series of their own."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.model.marketplace import MARKETPLACES
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import State, Steps
from pennywren.store.connect import Client
from pennywren.store.scripts import Script

_SCRIPT: Final = Script("read_cold")
_LIST: Final = Script("list_cold")
_PAGE: Final = 16
"""Buckets that are listed at once: some 500 products, a millisecond."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A product as it is kept now."""

    fields: Mapping[str, str]
    """What is believed of it; nothing where it is not packed, or was never recorded."""
    past: Mapping[Offer, Steps] | None = field(default=None)
    """All of its past; None where it is not packed, or that was not asked for."""


async def read_cold(client: Client, products: Sequence[ProductID], *, past: bool = False) -> list[Packed]:
    """Read products that had no series a moment ago, in one round trip.

    Raises:
        Unavailable: Redis does not answer.
    """
    calls = [([keyspace.cold(keyspace.partition_of(product))], [str(product), int(past)]) for product in products]
    try:
        replies = await _SCRIPT.run_many(client, calls)
    except (RedisError, OSError) as error:
        raise Unavailable("the price store is not reachable right now") from error
    found: list[Packed] = []
    for reply in replies:
        if isinstance(reply, Exception):
            raise Unavailable("the price store is not reachable right now") from reply
        found.append(_packed(reply))
    return found


async def list_cold(client: Client, partition: int) -> AsyncIterator[list[ProductID]]:
    """The packed products of a partition that were ever looked at, a page at a time; one may come twice.

    Raises:
        RedisError, OSError: Redis does not answer.
    """
    keys = [keyspace.cold(partition), keyspace.places(partition)]
    found: Any = await client.hmget(keys[0], [*MARKETPLACES])  # pyright: ignore[reportGeneralTypeIssues]
    for marketplace in (code for code, known in zip(MARKETPLACES, found, strict=True) if known):
        first, most = 0, 0
        while True:
            buckets, *names = await _LIST.run(client, keys, [marketplace, first, _PAGE])
            yield [ProductID.parse(_text(name)) for name in names]
            first, most = (0, 0) if buckets < most else (first + _PAGE, buckets)  # buckets that merged may be behind us
            if first >= buckets:
                break


def _packed(reply: Sequence[Sequence[Any]]) -> Packed:
    if not reply:
        return Packed({})
    flat, *columns = reply
    fields = dict(zip(map(_text, flat[::2]), map(_text, flat[1::2]), strict=True))
    if not columns:
        return Packed(fields)
    past = {
        offer: Steps(
            _pairs(columns[2 * i]),
            [(at, State(state)) for at, state in _pairs(columns[2 * i + 1])],
            int(fields.get(f"{offer}:lastSeen", 0)),
        )
        for i, offer in enumerate(Offer)
    }
    return Packed(fields, past)


def part(steps: Steps, start: int, end: int) -> Steps:
    """The part of a past that lies in [start, end) ms, led by what was in force at `start`, with its own time."""
    prices = [point for point in steps.prices if point[0] < end]
    states = [point for point in steps.states if point[0] < end]
    led_prices = sum(1 for at, _ in prices if at <= max(start, 0))
    led_states = sum(1 for at, _ in states if at <= max(start, 0))
    return Steps(prices[max(led_prices - 1, 0) :], states[max(led_states - 1, 0) :], steps.last_seen)


def _pairs(flat: Sequence[Any]) -> list[tuple[int, int]]:
    return [(int(at), int(value)) for at, value in zip(flat[::2], flat[1::2], strict=True)]


def _text(word: Any) -> str:
    return word.decode() if isinstance(word, bytes) else str(word)
