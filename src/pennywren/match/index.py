"""The watch index: which subscriptions a price change crosses. Derived from Postgres, and rebuilt from there.

A watch sits in its product's sorted set at its threshold. A change from `old` to `new` triggers exactly the watches
with `new <= threshold < old`: the half-open range is the edge trigger, so a price that stays below a threshold, or
falls further, never triggers it again. No threshold moves when a watch triggers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.model.change import PriceChange
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.store.connect import Client

PAGE: Final = 1_000
"""Watches that one change may trigger and still be handled in one step; above, it is worked off in pages."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A subscription's entry in the index: the threshold in minor units."""

    subscription_id: int
    product: ProductID
    offer: Offer
    threshold: int


@dataclass(frozen=True, slots=True)
class Triggered:
    """Whom a change concerns."""

    count: int
    subscription_ids: tuple[int, ...]
    """All of them if they fit into one page, else the first page of them."""


async def add(client: Client, *watches: Watch) -> None:
    """Put watches into the index, or move those that are there to their new thresholds.

    Raises:
        Unavailable: Redis does not answer; doing it again is safe.
    """
    async with client.pipeline(transaction=False) as pipe:
        for watch in watches:
            pipe.zadd(keyspace.watch(watch.product, watch.offer), {str(watch.subscription_id): watch.threshold})
        await _execute(pipe)


move = add
"""A watch moves by being added again with its new threshold."""


async def remove(client: Client, product: ProductID, offer: Offer, *subscription_ids: int) -> None:
    """Take watches out of the index; those that are not there do not matter.

    Raises:
        Unavailable: Redis does not answer; doing it again is safe.
    """
    if not subscription_ids:
        return
    async with client.pipeline(transaction=False) as pipe:
        pipe.zrem(keyspace.watch(product, offer), *(str(each) for each in subscription_ids))
        await _execute(pipe)


async def triggered(client: Client, changes: Sequence[PriceChange]) -> list[Triggered]:
    """Whom each change concerns, in one round trip; nobody where an offer went away.

    Raises:
        Unavailable: Redis does not answer.
    """
    falling = [change for change in changes if change.new is not None]
    async with client.pipeline(transaction=False) as pipe:
        for change in falling:
            key = keyspace.watch(change.product, change.offer)
            above = "+inf" if change.old is None else f"({change.old}"
            pipe.zcount(key, str(change.new), above)
            pipe.zrangebyscore(key, str(change.new), above, start=0, num=PAGE)
        replies = iter(await _execute(pipe))
    none = Triggered(0, ())
    return [_triggered(next(replies), next(replies)) if change.new is not None else none for change in changes]


def _triggered(count: int, members: Sequence[str]) -> Triggered:
    # The two were read one after the other: below a page, the members that were read are the truth.
    return Triggered(count if count > PAGE else len(members), tuple(int(member) for member in members))


async def _execute(pipe: Any) -> list[Any]:
    try:
        return await pipe.execute()
    except (RedisError, OSError) as error:
        raise Unavailable("the watch index is not reachable right now") from error
