"""A partition goes to another node of a cluster, whole: Redis moves its keys, and we what Redis leaves behind."""

from collections.abc import Sequence
from contextlib import suppress

from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import Unavailable, VersionMoved
from pennywren.model.product import ProductID
from pennywren.record.tiering import move_to_tier
from pennywren.store.cluster import Address, ClusterClient
from pennywren.store.slots import move_slot, slot_of_partition
from pennywren.store.store import Store


async def move_partition(store: Store, cluster: ClusterClient, partition: int, target: Address) -> int:
    """Move a partition to the primary `target`; how many keys there were. Run again, it finishes what was interrupted.

    A time series arrives without the rules of its compactions (DUMP and MIGRATE drop them), so those are made anew.

    Raises:
        BadInput: `target` is no primary of this cluster.
        Unavailable: a node does not answer, or refuses.
    """
    charted: set[ProductID] = set()

    def note(keys: Sequence[str]) -> None:
        charted.update(product for key in keys if (product := keyspace.product_of_compaction(key)) is not None)

    try:
        return await move_slot(cluster, slot_of_partition(partition), target, note)
    finally:
        # Also of what had come over before something went wrong: the next run does not see those keys again.
        for product in sorted(charted, key=str):
            await _make_compactions(store, product)


async def mend_compactions(store: Store, cluster: ClusterClient, partition: int) -> int:
    """Make the compactions of a partition anew where their rules are missing; how many products that were.

    For partitions that another tool has moved (`redis-cli --cluster reshard`).

    Raises:
        Unavailable: Redis does not answer.
    """
    lost: set[ProductID] = set()
    try:
        async for key in cluster.scan_iter(match=keyspace.compactions_of(partition), count=10_000):
            product = keyspace.product_of_compaction(str(key))
            if product is not None and await store.lacks_rules(product):
                lost.add(product)
    except (RedisError, OSError) as error:
        raise Unavailable(f"not all of the cluster answers: {error}") from error
    for product in sorted(lost, key=str):
        await _make_compactions(store, product)
    return len(lost)


async def _make_compactions(store: Store, product: ProductID) -> None:
    """However often it is recorded meanwhile: nothing else would bring them back."""
    while True:
        with suppress(VersionMoved):
            await move_to_tier(store, product, "charted", again=True)
            return
