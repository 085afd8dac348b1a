"""Who keeps a product warm: views of its history, and watches. What has cooled is packed again, some at a time."""

import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.model.clock import DAY, SECOND, Clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import WatchSet
from pennywren.record.tiering import cool, warm_up
from pennywren.settings import Settings
from pennywren.store.connect import Client
from pennywren.store.store import Store

COOL_EVERY: Final = 600
"""Seconds between two jobs that pack what has cooled."""
_AT_ONCE: Final = 128
"""Partitions that are asked together for what may have cooled."""
_EACH: Final = 8
"""Products of each partition that one job looks at: the rest is the next one's."""
_REMEMBERED: Final = 65_536

_log = logging.getLogger(__name__)


class Viewers:
    """Notes in Redis that a product is viewed, once a day for each process: more often would say nothing new."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._noted: OrderedDict[ProductID, int] = OrderedDict()

    def is_noted(self, product: ProductID) -> bool:
        """Whether this process noted it within a day."""
        return self._clock() - self._noted.get(product, -DAY) < DAY

    async def viewed(self, product: ProductID) -> None:
        """Somebody looks at the product's history. Where Redis is away nobody is kept waiting for this."""
        if self.is_noted(product):
            return
        now = self._clock()
        try:
            await warm_up(self._store, [product], now)
        except Unavailable as error:
            _log.info("a view of %s was not noted: %s", product, error)
            return
        self._noted[product] = now
        self._noted.move_to_end(product)
        while len(self._noted) > _REMEMBERED:
            self._noted.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Cooled:
    """What became of products that might have cooled."""

    packed: int = 0
    kept: int = 0
    """Watched ones, those that were viewed again, and those whose history is long."""


async def cool_down(store: Store, settings: Settings, now: int) -> Cooled:
    """Pack what nobody watches and nobody has viewed for `cold_after`: some of each partition, longest ago first.

    Raises:
        Unavailable: Redis does not answer; doing it again is safe.
    """
    before = now - settings.cold_after * SECOND
    packed, kept = 0, 0
    try:
        for start in range(0, keyspace.PARTITIONS, _AT_ONCE):
            partitions = range(start, min(start + _AT_ONCE, keyspace.PARTITIONS))
            async with store.client.pipeline(transaction=False) as pipe:
                for n in partitions:
                    pipe.zrange(keyspace.warm(n), 0, before, byscore=True, offset=0, num=_EACH, withscores=True)
                found: list[list[tuple[str, float]]] = await pipe.execute()
            for name, since in (each for entries in found for each in entries):
                if await _cool_one(store, settings, ProductID.parse(name), int(since), now):
                    packed += 1
                else:
                    kept += 1
    except (RedisError, OSError) as error:
        raise Unavailable("the price store is not reachable right now") from error
    if packed or kept:
        _log.info("%d products were packed, %d keep their series", packed, kept)
    return Cooled(packed, kept)


async def _cool_one(store: Store, settings: Settings, product: ProductID, since: int, now: int) -> bool:
    warm = keyspace.warm(keyspace.partition_of(product))
    if await _is_watched(store.client, product):
        await store.client.zadd(warm, {str(product): now}, xx=True, gt=True)
        return False
    state = await store.product(product)
    if state is None or state.tier == "cold" or state.changes > settings.cold_up_to:
        # Nothing to pack. A view brings it back here.
        await store.client.zrem(warm, str(product))
        return False
    return await cool(store, product, since)


async def _is_watched(client: Client, product: ProductID) -> bool:
    async with client.pipeline(transaction=False) as pipe:
        for offer in Offer:
            for each in WatchSet:
                pipe.exists(keyspace.watch(product, offer, each))
        return any(await pipe.execute())
