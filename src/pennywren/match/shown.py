"""What the first page shows of all that is followed here: prices that moved lately, and what most people watch.

Two sorted sets that are cut to a size with every write, so that reading them costs the same with ten products and with
500 million. A count is always the length of the watch sets themselves, never one added to what it was: whatever was
missed is right again with the next watch.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import BadProduct, Unavailable
from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import WatchSet
from pennywren.store.connect import Client

MOVES_KEPT: Final = 200
"""Several of one product may be among them: enough for a page of different ones."""
WATCHED_KEPT: Final = 1_000
"""Products whose count is kept; one with fewer watches than all of these enters when it has more than one of them."""
_MOVES_A_STEP: Final = 24


@dataclass(frozen=True, slots=True)
class Move:
    """A price that moved: minor units before and after, and when it was seen (ms UTC)."""

    product: ProductID
    old: int
    new: int
    at: int


@dataclass(frozen=True, slots=True)
class Watched:
    """A product, and how many watches it has."""

    product: ProductID
    watches: int


async def note_moves(client: Client, changes: Sequence[PriceChange]) -> None:
    """Note what of these changes is a price of a buy box that moved; of very many, the latest. Twice is harmless.

    Raises:
        Unavailable: Redis does not answer; doing it again is safe.
    """
    moves = [each for each in changes if each.kind is ChangeKind.PRICE and each.offer is Offer.BUYBOX]
    latest = sorted(moves, key=lambda each: each.at)[-_MOVES_A_STEP:]
    if not latest:
        return
    async with client.pipeline(transaction=False) as pipe:
        pipe.zadd(keyspace.moved(), {f"{each.product} {each.old} {each.new}": each.at for each in latest})
        pipe.zremrangebyrank(keyspace.moved(), 0, -MOVES_KEPT - 1)
        await _execute(pipe)


async def lately_moved(client: Client, most: int) -> list[Move]:
    """The latest move of each of the `most` products whose price moved last, the newest first.

    Raises:
        Unavailable: Redis does not answer.
    """
    async with client.pipeline(transaction=False) as pipe:
        pipe.zrange(keyspace.moved(), 0, -1, desc=True, withscores=True)
        (members,) = await _execute(pipe)
    found: dict[ProductID, Move] = {}
    for member, at in members:
        move = _move(member, int(at))
        if move is not None:
            found.setdefault(move.product, move)
    return list(islice(found.values(), most))


async def count_watches(client: Client, products: Iterable[ProductID]) -> None:
    """Count the watches of products anew, after some of them were put into the index or taken out.

    Raises:
        Unavailable: Redis does not answer; doing it again is safe.
    """
    distinct = list(dict.fromkeys(products))
    if not distinct:
        return
    async with client.pipeline(transaction=False) as pipe:
        for product in distinct:
            ask_counts(pipe, product)
        lengths = await _execute(pipe)
    each = len(lengths) // len(distinct)
    await keep_counts(client, {p: sum(lengths[n * each : (n + 1) * each]) for n, p in enumerate(distinct)})


def ask_counts(pipe: Any, product: ProductID) -> None:
    """Queue the questions whose answers add up to a product's watches."""
    for offer in Offer:
        for each in WatchSet:
            pipe.zcard(keyspace.watch(product, offer, each))


async def keep_counts(client: Client, counts: Mapping[ProductID, int]) -> None:
    """Note how many watches products have, as they were just counted.

    Raises:
        Unavailable: Redis does not answer; doing it again is safe.
    """
    async with client.pipeline(transaction=False) as pipe:
        if some := {str(product): count for product, count in counts.items() if count}:
            pipe.zadd(keyspace.watched(), some)
        if none := [str(product) for product, count in counts.items() if not count]:
            pipe.zrem(keyspace.watched(), *none)
        pipe.zremrangebyrank(keyspace.watched(), 0, -WATCHED_KEPT - 1)
        await _execute(pipe)


async def most_watched(client: Client, most: int) -> list[Watched]:
    """The products with the most watches, the most first.

    Raises:
        Unavailable: Redis does not answer.
    """
    async with client.pipeline(transaction=False) as pipe:
        pipe.zrange(keyspace.watched(), 0, most - 1, desc=True, withscores=True)
        (members,) = await _execute(pipe)
    return [Watched(product, int(count)) for name, count in members if (product := _product(name)) is not None]


def _move(member: str, at: int) -> Move | None:
    name, _, prices = member.partition(" ")
    product, (old, _, new) = _product(name), prices.partition(" ")
    return Move(product, int(old), int(new), at) if product and old.isdecimal() and new.isdecimal() else None


def _product(name: str) -> ProductID | None:
    try:
        return ProductID.parse(name)
    except BadProduct:
        return None


async def _execute(pipe: Any) -> list[Any]:
    try:
        return await pipe.execute()
    except (RedisError, OSError) as error:
        raise Unavailable("what the first page shows is not reachable right now") from error
