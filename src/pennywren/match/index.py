"""The watch index: which subscriptions a price change crosses. Derived from Postgres, and rebuilt from there.

A watch sits in one of the sorted sets of its product's offer, at its place; a change crosses exactly the places of one
range in each set (`model.rule`). For a price threshold that is the half-open `new <= threshold < old`: the edge
trigger, so a price that stays below a threshold, or falls further, never triggers it again. No place moves when a
watch triggers.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.match import shown
from pennywren.model.change import PriceChange
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import WatchSet, crossed
from pennywren.store.connect import Client
from pennywren.store.round_trip import RoundTrip

PAGE: Final = 1_000
"""Watches that one change may trigger and still be handled in one step; above, it is worked off in pages."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A subscription's entry in the index."""

    subscription_id: int
    product: ProductID
    offer: Offer
    place: int
    """The threshold in minor units, or what else its set is ordered by (`model.rule`)."""
    set: WatchSet = WatchSet.FALL


@dataclass(frozen=True, slots=True)
class Triggered:
    """Whom a change concerns."""

    count: int
    subscription_ids: tuple[int, ...]
    """All of them if they fit into one page, else the first page of them."""


async def add(client: Client, *watches: Watch) -> None:
    """Put watches into the index, or move those that are there within their sets. `shown` does not hear of them.

    Raises:
        Unavailable: Redis does not answer; doing it again is safe.
    """
    members: defaultdict[str, list[int]] = defaultdict(list)
    for watch in watches:
        members[keyspace.watch(watch.product, watch.offer, watch.set)] += (watch.place, watch.subscription_id)
    trip = RoundTrip(client)
    for key, each in members.items():
        trip.command("ZADD", key, *each)
    await trip.send()


async def move(client: Client, watch: Watch) -> None:
    """Put a watch where it belongs now, and out of every other set.

    Raises:
        Unavailable: Redis does not answer; doing it again is safe.
    """
    async with client.pipeline(transaction=True) as pipe:
        pipe.zadd(keyspace.watch(watch.product, watch.offer, watch.set), {str(watch.subscription_id): watch.place})
        for other in WatchSet:
            if other is not watch.set:
                pipe.zrem(keyspace.watch(watch.product, watch.offer, other), str(watch.subscription_id))
        shown.ask_counts(pipe, watch.product)
        replies = await _execute(pipe)
    added, *removed = replies[: len(WatchSet)]
    if added != sum(removed):  # else it was there before, and only moved
        await shown.keep_counts(client, {watch.product: sum(replies[len(WatchSet) :])})


async def remove(client: Client, product: ProductID, offer: Offer, *subscription_ids: int) -> None:
    """Take watches out of the index; those that are not there do not matter.

    Raises:
        Unavailable: Redis does not answer; doing it again is safe.
    """
    if not subscription_ids:
        return
    async with client.pipeline(transaction=False) as pipe:
        for each in WatchSet:
            pipe.zrem(keyspace.watch(product, offer, each), *(str(id_) for id_ in subscription_ids))
        shown.ask_counts(pipe, product)
        replies = await _execute(pipe)
    await shown.keep_counts(client, {product: sum(replies[len(WatchSet) :])})


async def triggered(client: Client, changes: Sequence[PriceChange]) -> list[Triggered]:
    """Whom each change concerns: a few ranges each, all in one round trip, and a second one for the large ones.

    Raises:
        Unavailable: Redis does not answer.
    """
    ranges = [
        (n, keyspace.watch(change.product, change.offer, each.set), str(each.low), str(each.high))
        for n, change in enumerate(changes)
        for each in crossed(change)
    ]
    async with client.pipeline(transaction=False) as pipe:
        for _, key, low, high in ranges:
            pipe.zrangebyscore(key, low, high, start=0, num=PAGE + 1)
        found: list[list[str]] = await _execute(pipe)
        long = [i for i, members in enumerate(found) if len(members) > PAGE]
        for i in long:
            pipe.zcount(*ranges[i][1:])
        counts = dict(zip(long, await _execute(pipe), strict=True)) if long else {}
    ids: list[list[int]] = [[] for _ in changes]
    totals = [0] * len(changes)
    for i, (members, (n, *_)) in enumerate(zip(found, ranges, strict=True)):
        # The two were read one after the other, so the count may have shrunk: there are a page and one at least.
        totals[n] += max(counts.get(i, 0), len(members))
        ids[n] += map(int, members)
    return [Triggered(total, tuple(each[:PAGE])) for total, each in zip(totals, ids, strict=True)]


async def _execute(pipe: Any) -> list[Any]:
    try:
        return await pipe.execute()
    except (RedisError, OSError) as error:
        raise Unavailable("the watch index is not reachable right now") from error
