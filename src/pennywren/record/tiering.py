"""Moving a product between tiers: its whole history is rewritten in one step, so nothing is lost or seen half done.

A product is `cold` from its first look on: packed, without series. It gets its series when somebody watches or views it
(`warm_up`), or when its history has become long, and is packed again when that has ended (`cool`).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Final

from pennywren import keyspace
from pennywren.errors import StillWarm, VersionMoved
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.record.rewriting import rewrite
from pennywren.store.cold import read_cold
from pennywren.store.round_trip import RoundTrip
from pennywren.store.state import Tier
from pennywren.store.store import Store

_EVER = 1 << 45
"""A time (ms) after all others: the year 3084."""
_TRIES = 5
_AT_ONCE: Final = 5_000


async def move_to_tier(
    store: Store, product: ProductID, tier: Tier, *, again: bool = False, cooled_since: int | None = None
) -> bool:
    """Keep a product's history in `tier` from now on; False if it is there already or was never recorded.

    `again` makes all of it anew also where it is there already: compactions that were lost come back.

    Raises:
        VersionMoved: it was recorded five times while we tried; it moves at its next change.
        StillWarm: to `cold`, and somebody has watched or viewed it after `cooled_since` (ms).
        Unavailable: Redis does not answer.
    """
    for attempt in range(_TRIES):
        state = await store.product(product)
        if state is None or (state.tier == tier and not again):
            return False
        offers = {offer: await store.steps(product, offer, 0, _EVER) for offer in Offer if offer in state.offers}
        try:
            await rewrite(
                store,
                product,
                state.currency,
                offers,
                reason="tier",
                tier=tier,
                expected_version=state.version,
                cooled_since=cooled_since,
            )
        except VersionMoved:
            if attempt == _TRIES - 1:
                raise
            continue
        return True
    return False


async def warm_up(store: Store, products: Sequence[ProductID], now: int) -> int:
    """Somebody watches or views these products at `now` (ms): they have series from now on; how many had none.

    A product that was never looked at gets them with its first look.

    Raises:
        Unavailable: Redis does not answer; doing it again is safe.
    """
    moved = 0
    for start in range(0, len(products), _AT_ONCE):
        by_partition: defaultdict[int, list[ProductID]] = defaultdict(list)
        for product in dict.fromkeys(products[start : start + _AT_ONCE]):
            by_partition[keyspace.partition_of(product)].append(product)
        packed = await _perhaps_packed(store, by_partition, now)
        for product, known in zip(packed, await read_cold(store.client, packed), strict=True):
            if known.fields:  # else it was never looked at
                moved += await move_to_tier(store, product, "raw")
    return moved


async def _perhaps_packed(
    store: Store, by_partition: Mapping[int, Sequence[ProductID]], now: int
) -> Sequence[ProductID]:
    """Note that products are wanted, and find those without series, of partitions in which anything is packed."""
    trip, found = RoundTrip(store.client), list[ProductID]()
    places: list[tuple[int, Sequence[tuple[ProductID, int]]]] = []
    for n, some in by_partition.items():
        # In this order: whoever records the first look in between finds it wanted.
        trip.command("ZADD", keyspace.warm(n), "GT", *chain.from_iterable((now, str(each)) for each in some))
        # A key a command: while a slot moves between nodes, one with more of them has to wait.
        at = trip.command("EXISTS", keyspace.cold(n))
        places.append((at, [(each, trip.command("EXISTS", keyspace.product(each))) for each in some]))
    replies = await trip.send()
    for at, some in places:
        if replies[at]:
            found += [each for each, has_series in some if not replies[has_series]]
    return found


async def cool(store: Store, product: ProductID, since: int) -> bool:
    """Pack a product again that nobody watches and nobody viewed after `since` (ms); whether it was packed.

    Raises:
        Unavailable: Redis does not answer; doing it again is safe.
    """
    try:
        return await move_to_tier(store, product, "cold", cooled_since=since)
    except (StillWarm, VersionMoved):
        return False


async def let_cool(store: Store, product: ProductID, now: int) -> None:
    """A product that has series and no watch begins to cool at `now` (ms), if it did not already."""
    await store.client.zadd(keyspace.warm(keyspace.partition_of(product)), {str(product): now}, nx=True)
