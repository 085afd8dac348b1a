"""A partition moves to another node while its prices are recorded and read, and nothing is lost."""

import asyncio
from itertools import count
from typing import Any

import pytest

from pennywren import keyspace
from pennywren.errors import BadInput
from pennywren.model.clock import DAY
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.partition_moving import mend_compactions, move_partition
from pennywren.record.recording import LookToRecord, Outcome, Recorder
from pennywren.record.tiering import move_to_tier
from pennywren.store.cluster import Address, ClusterClient
from pennywren.store.slots import held_partitions, move_slot, slot_of_partition
from pennywren.store.store import Store

NOW = 1_760_000_000_000
END = NOW + 50_000 * DAY
"""Later than a day for each look that can be recorded while a slot moves, however long that takes."""
KETTLE = ProductID("us", "B08N5WRWNW")
PARTITION = keyspace.partition_of(KETTLE)
SLOT = slot_of_partition(PARTITION)


def _look(at: int, price: int) -> LookToRecord:
    return LookToRecord(Look(KETTLE, "USD", {Offer.BUYBOX: price}, at))


async def _elsewhere(client: ClusterClient) -> Address:
    """A node that does not have the slot."""
    nodes = [address for address, _ in await client.each_primary()]
    return next(address for address in nodes if address != client.topology.primaries[SLOT])


async def test_what_is_recorded_while_its_slot_moves_is_all_there(
    cluster_store: Store, cluster_client: ClusterClient
) -> None:
    recorder = Recorder(cluster_store, 7 * 86_400, now=END)
    await recorder.record([_look(NOW + i * DAY, 1000 + i) for i in range(30)])
    assert await move_to_tier(cluster_store, KETTLE, "charted")
    over = asyncio.Event()
    recorded = list(range(30))

    async def write() -> None:
        for i in count(30):
            if over.is_set():
                return
            (result,) = await recorder.record([_look(NOW + i * DAY, 1000 + i)])
            assert result.outcomes == {Offer.BUYBOX: Outcome.CHANGED}
            recorded.append(i)

    writing = asyncio.create_task(write())
    for _ in range(3):
        keys = await move_partition(cluster_store, cluster_client, PARTITION, await _elsewhere(cluster_client))
        assert keys >= len(keyspace.COMPACTIONS) + 3
    over.set()
    await writing
    await recorder.record([_look(END, 5)])

    steps = await cluster_store.steps(KETTLE, Offer.BUYBOX, 0, END + 1)
    assert steps.prices == [*((NOW + i * DAY, 1000 + i) for i in recorded), (END, 5)]
    entries: Any = await cluster_client.xrange(keyspace.changes(PARTITION))
    assert [fields["new"] for _, fields in entries if fields["kind"] in ("first", "price")] == [
        *(str(1000 + i) for i in recorded),
        "5",
    ]
    buckets = await cluster_store.buckets(KETTLE, Offer.BUYBOX, "day", 0, END + 1)
    assert buckets is not None
    assert {bucket.min for bucket in buckets} >= {1000 + i for i in recorded[:-2]}


async def test_compactions_that_another_tool_lost_are_found_and_made_anew(
    cluster_store: Store, cluster_client: ClusterClient
) -> None:
    recorder = Recorder(cluster_store, 7 * 86_400, now=NOW + 400 * DAY)
    await recorder.record([_look(NOW + i * DAY, 1000 + i) for i in range(5)])
    await move_to_tier(cluster_store, KETTLE, "charted")
    assert await mend_compactions(cluster_store, cluster_client, PARTITION) == 0
    await move_slot(cluster_client, SLOT, await _elsewhere(cluster_client))
    await recorder.record([_look(NOW + 5 * DAY, 1005), _look(NOW + 9 * DAY, 900)])
    assert await mend_compactions(cluster_store, cluster_client, PARTITION) == 1
    buckets = await cluster_store.buckets(KETTLE, Offer.BUYBOX, "day", 0, NOW + 500 * DAY)
    assert buckets is not None
    assert 1005 in {bucket.max for bucket in buckets}


async def test_a_move_that_was_interrupted_is_finished_by_the_next_one(
    cluster_store: Store, cluster_client: ClusterClient
) -> None:
    recorder = Recorder(cluster_store, 7 * 86_400, now=NOW)
    await recorder.record([_look(NOW - DAY, 1000), _look(NOW, 900)])
    target = await _elsewhere(cluster_client)
    nodes = dict(await cluster_client.each_primary())
    source = cluster_client.topology.primaries[SLOT]
    assert source is not None
    clients: dict[Address, Any] = dict(nodes)
    ids = {address: str(await clients[address].execute_command("CLUSTER", "MYID")) for address in (source, target)}
    await nodes[target].execute_command("CLUSTER", "SETSLOT", SLOT, "IMPORTING", ids[source])
    await nodes[source].execute_command("CLUSTER", "SETSLOT", SLOT, "MIGRATING", ids[target])

    state = await cluster_store.product(KETTLE)
    assert state is not None
    assert state.offers[Offer.BUYBOX].price == 900
    assert await move_slot(cluster_client, SLOT, target) > 0
    assert await move_slot(cluster_client, SLOT, target) == 0
    steps = await cluster_store.steps(KETTLE, Offer.BUYBOX, 0, NOW + DAY)
    assert [price for _, price in steps.prices] == [1000, 900]


async def test_a_node_that_is_none_is_refused_with_those_that_are(cluster_client: ClusterClient) -> None:
    with pytest.raises(BadInput, match=r"10\.9\.9\.9:1 is no primary .* they are 127\.0\.0\.1:"):
        await move_slot(cluster_client, SLOT, ("10.9.9.9", 1))


async def test_partitions_are_weighed_by_their_products(cluster_client: ClusterClient) -> None:
    await cluster_client.zadd(keyspace.frontier(PARTITION), {f"us:{i}": 1 for i in range(7)})
    held, nodes = await held_partitions(cluster_client)
    assert len(held) == keyspace.PARTITIONS
    assert len(nodes) == 3
    assert {h.partition: h.weight for h in held if h.weight > 1} == {PARTITION: 7}
