"""Where products are in the frontier, whichever way they are kept; the typed wrapper of place_of and some_cold."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pennywren import keyspace
from pennywren.model.marketplace import MARKETPLACES
from pennywren.model.product import ProductID
from pennywren.store.connect import Client
from pennywren.store.scripts import Script

_PLACE: Final = Script("place_of")
_SOME: Final = Script("some_cold")


@dataclass(frozen=True, slots=True)
class Place:
    """One product's place."""

    score: float | None
    """None where it waits for nothing: it is leased, or not in the frontier."""
    known: bool
    """Whether anything is known of the product, be it only that it is to be looked at."""


async def places_of(client: Client, products: Sequence[ProductID]) -> list[Place]:
    """Where these products are, in one round trip."""
    calls = [
        (
            [
                keyspace.product(product),
                keyspace.frontier(n := keyspace.partition_of(product)),
                keyspace.leases(n),
                keyspace.cold(n),
                keyspace.places(n),
            ],
            [str(product)],
        )
        for product in products
    ]
    found: list[Place] = []
    for reply in await _PLACE.run_many(client, calls):
        if isinstance(reply, Exception):
            raise reply
        score, known = reply
        found.append(Place(None if score == "" else float(score), bool(known)))
    return found


def ask_sizes(pipe: Any, partition: int) -> None:
    """Queue the question of how many products a partition has; `read_sizes` reads the two replies."""
    pipe.zcard(keyspace.frontier(partition))
    pipe.hmget(keyspace.cold(partition), *MARKETPLACES)


def read_sizes(in_frontier: int, packed: Sequence[str | None]) -> tuple[int, int]:
    """How many products wait in a partition's frontier with a place of their own, and how many packed."""
    return in_frontier, sum(int(text.split(" ")[2]) for text in packed if text)


async def sample(client: Client, each: int, partitions: Sequence[int], dice: random.Random) -> list[ProductID]:
    """Up to `each` products of every partition at random, packed or not; partition by partition in their order."""
    async with client.pipeline(transaction=False) as pipe:
        for n in partitions:
            ask_sizes(pipe, n)
            pipe.zrandmember(keyspace.frontier(n), each)
        replies: list[Any] = await pipe.execute()
    calls = [([keyspace.cold(n), keyspace.places(n)], [each]) for n in partitions]
    packed: list[Any] = await _SOME.run_many(client, calls)
    found: list[ProductID] = []
    for i, of_cold in enumerate(packed):
        if isinstance(of_cold, Exception):
            raise of_cold
        own, cold = read_sizes(*replies[3 * i : 3 * i + 2])
        lists = [list(replies[3 * i + 2]), list(of_cold)]
        for _ in range(min(each, own + cold)):
            first = 1 if dice.random() * (own + cold) < cold else 0
            chosen = lists[first] or lists[1 - first]
            if chosen:
                found.append(ProductID.parse(chosen.pop()))
    return found
