"""Discovery: products that pages and sitemaps name begin to be followed, slowly, and cold.

Whoever pastes a product or watches it is served at once (`tracking`). What we find by ourselves has nobody waiting: it
begins on the frontier's floor, behind all that is there, and no more of it a day than a setting allows. So all of it
together costs no more than the floor's share of the requests.
"""

import logging
import random
from collections.abc import Sequence
from typing import Final

from redis.exceptions import RedisError

from pennywren.errors import Unavailable
from pennywren.frontier.admission import Admission, admit_all
from pennywren.frontier.places import places_of
from pennywren.frontier.score import floor
from pennywren.model.clock import SECOND, Clock
from pennywren.model.product import ProductID
from pennywren.postgres.catalogue import CatalogueEntry, upsert
from pennywren.postgres.pool import Pool
from pennywren.store.connect import Client
from pennywren.store.counters import Counter, count
from pennywren.store.limits import Limit, spend_some

_log = logging.getLogger(__name__)

DISCOVERED: Final = Counter(
    "pennywren_discovered_total", "Products that we began to follow without being asked.", ("source",)
)
_AT_ONCE: Final = 12
"""Products of one page that are looked at: which ones is left to chance, so that none is always passed over."""
_BURST: Final = 100


class Discoverer:
    """Takes what pages name, for one worker."""

    def __init__(self, client: Client, pool: Pool, per_day: int, clock: Clock, dice: random.Random) -> None:
        """`per_day` products at most, over all workers; 0 turns discovery off."""
        self._client = client
        self._pool = pool
        self._per_day = per_day
        self._clock = clock
        self._dice = dice
        self._full_until = 0

    async def offer(self, named: Sequence[ProductID], source: str) -> list[ProductID]:
        """Begin to follow some of the products that a `source` (`link`, `sitemap`) names; which ones are new."""
        now = self._clock()
        if not self._per_day or not named or now < self._full_until:
            return []
        some = self._dice.sample(named, min(_AT_ONCE, len(named)))
        try:
            new = await self._within_limits(await self._unknown(some))
            if new:
                await self._follow(new, now, source)
        except (RedisError, OSError, Unavailable) as error:
            # Nobody waits for these, and other pages name them again.
            _log.info("nothing is discovered now: %s", error)
            return []
        return new

    async def _unknown(self, products: Sequence[ProductID]) -> list[ProductID]:
        found = await places_of(self._client, products)
        return [product for product, place in zip(products, found, strict=True) if not place.known]

    async def _within_limits(self, products: Sequence[ProductID]) -> list[ProductID]:
        limit = Limit("discover", "all", max(1, self._per_day // 24), _BURST)
        granted, wait_s = await spend_some(self._client, limit, len(products))
        if granted < len(products):
            self._full_until = self._clock() + round(wait_s * SECOND)
        return list(products[:granted])

    async def _follow(self, new: Sequence[ProductID], now: int, source: str) -> None:
        await upsert(self._pool, [CatalogueEntry(product) for product in new])
        await admit_all(self._client, [Admission(product, floor(now)) for product in new])
        async with self._client.pipeline(transaction=False) as pipe:
            count(pipe, DISCOVERED, source, by=len(new))
            await pipe.execute()
