"""The slots of a Redis Cluster: what is in each partition, and moving one from a node to another while all goes on."""

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from redis.asyncio import Redis
from redis.crc import key_slot
from redis.exceptions import RedisError, ResponseError

from pennywren import keyspace
from pennywren.errors import BadInput, Unavailable
from pennywren.model.marketplace import MARKETPLACES
from pennywren.store.cluster import Address, ClusterClient, text
from pennywren.store.evening import Held

_KEYS_AT_ONCE: Final = 100
_MIGRATED_WITHIN_MS: Final = 5_000
_NOT_HERE: Final = frozenset(("fail", "fail?", "handshake", "noaddr"))
"""What CLUSTER NODES says of a node that is away, or not known well enough."""


def slot_of_partition(partition: int) -> int:
    """The slot (0 to 16383) that all keys of a partition have."""
    return key_slot(f"{{{partition}}}".encode())


async def held_partitions(cluster: ClusterClient) -> tuple[list[Held], list[Address]]:
    """Where each partition is, weighed by its products, and all primaries, also those that have no slot yet.

    Raises:
        Unavailable: a node does not answer.
    """
    try:
        nodes = list(await _primaries(cluster))
        async with cluster.pipeline(transaction=False) as pipe:
            for partition in range(keyspace.PARTITIONS):
                pipe.zcard(keyspace.frontier(partition))
                pipe.hmget(keyspace.cold(partition), *MARKETPLACES)
            sizes: list[Any] = await pipe.execute()
    except (RedisError, OSError) as error:
        raise Unavailable(f"not all of the cluster answers: {error}") from error
    held: list[Held] = []
    for partition, (placed, packed) in enumerate(zip(sizes[0::2], sizes[1::2], strict=True)):
        slot = slot_of_partition(partition)
        node = cluster.topology.primaries[slot]
        if node is not None:
            held.append(Held(partition, slot, node, placed + sum(int(meta.split(" ")[1]) for meta in packed if meta)))
    return held, nodes


async def _primaries(cluster: ClusterClient) -> dict[Address, Redis]:
    """Those that have slots, and those that joined and have none yet."""
    primaries = dict(await cluster.each_primary())
    told = text(await next(iter(primaries.values())).execute_command("CLUSTER", "NODES"))
    return primaries | {address: cluster.node(address) for address in empty_primaries(told) if address not in primaries}


def empty_primaries(nodes: str) -> list[Address]:
    """The primaries without slots in an answer to CLUSTER NODES."""
    found: list[Address] = []
    for line in nodes.splitlines():
        _, where, flags, _, _, _, _, _, *slots = line.split()
        words = set(flags.split(","))
        if "master" in words and not slots and not words & _NOT_HERE:
            host, _, port = where.partition("@")[0].rpartition(":")
            found.append((host, int(port)))
    return found


async def move_slot(
    cluster: ClusterClient, slot: int, target: Address, moved: Callable[[Sequence[str]], None] | None = None
) -> int:
    """Move one slot with all its keys to `target`; how many there were. It can be run again after it was interrupted.

    Meanwhile single keys are answered by whoever has them, and scripts wait: their client is told to try again.
    `moved` is told of the keys, some at a time. A key is written at its new place before it is removed
    from its old one.

    Raises:
        BadInput: `target` is no primary of this cluster.
        Unavailable: a node does not answer, or refuses.
    """
    try:
        await cluster.learn()
        nodes = await _primaries(cluster)
    except (RedisError, OSError) as error:
        raise Unavailable(f"not all of the cluster answers: {error}") from error
    source = cluster.topology.primaries[slot]
    if target not in nodes or source is None:
        known = ", ".join(f"{host}:{port}" for host, port in nodes)
        raise BadInput(f"{target[0]}:{target[1]} is no primary of this cluster: they are {known}")
    if source == target:
        return 0
    try:
        count = await _move(slot, nodes[source], nodes[target], list(nodes.values()), target, moved)
        await cluster.learn()
    except (RedisError, OSError) as error:
        raise Unavailable(f"slot {slot} is not moved yet: {error}; run it again to finish it") from error
    return count


async def _move(
    slot: int,
    source: Redis,
    target: Redis,
    all_nodes: Sequence[Redis],
    address: Address,
    moved: Callable[[Sequence[str]], None] | None,
) -> int:
    source_id, target_id = [text(await node.execute_command("CLUSTER", "MYID")) for node in (source, target)]
    await target.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", source_id)
    await source.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", target_id)
    login = _login(source)
    count = 0
    while keys := await _keys(source, slot):
        await source.execute_command("MIGRATE", *address, "", 0, _MIGRATED_WITHIN_MS, *login, "KEYS", *keys)
        count += len(keys)
        if moved is not None:
            moved(keys)
    # The new owner first: were the old one to hear of it before, nobody would have the slot for a moment.
    await target.execute_command("CLUSTER", "SETSLOT", slot, "NODE", target_id)
    for node in (source, *(each for each in all_nodes if each not in (source, target))):
        try:
            await node.execute_command("CLUSTER", "SETSLOT", slot, "NODE", target_id)
        except ResponseError as error:
            # Who has just given its last slot away is a replica at once. Others hear of it anyway.
            if node is source and "only with masters" not in str(error):
                raise
    return count


async def _keys(node: Redis, slot: int) -> list[str]:
    return list(await cast("Any", node).execute_command("CLUSTER", "GETKEYSINSLOT", slot, _KEYS_AT_ONCE))


def _login(node: Redis) -> list[str]:
    kwargs: dict[str, Any] = node.connection_pool.connection_kwargs
    user, password = kwargs.get("username"), kwargs.get("password")
    if not password:
        return []
    return ["AUTH2", str(user), str(password)] if user else ["AUTH", str(password)]
