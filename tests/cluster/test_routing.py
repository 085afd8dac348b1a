"""Each command goes to the node that has its slot, and whoever calls does not notice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import count

import pytest
from redis.asyncio import ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException, ResponseError

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.local.cluster import LocalCluster
from pennywren.model.product import ProductID
from pennywren.pipeline import gauges
from pennywren.store.cluster import ClusterClient, Command
from pennywren.store.cold import Packed, read_cold
from pennywren.store.connect import HURRIED, connect
from pennywren.store.scripts import Script
from pennywren.store.slots import slot_of_partition
from pennywren.store.versions import Versions
from tests.cluster.conftest import open_client


async def test_a_pipeline_over_all_partitions_is_answered_in_its_order(cluster_client: ClusterClient) -> None:
    async with cluster_client.pipeline(transaction=False) as pipe:
        for partition in range(keyspace.PARTITIONS):
            pipe.set(f"{{{partition}}}:number", partition)
            pipe.get(f"{{{partition}}}:number")
        replies = await pipe.execute()
    assert replies[1::2] == [str(partition) for partition in range(keyspace.PARTITIONS)]
    held = [await node.dbsize() for _, node in await cluster_client.each_primary()]
    # The numbers, and the marks of a test server.
    assert sum(held) == 2 * keyspace.PARTITIONS
    assert len(held) == 3
    assert min(held) > 0


async def test_memory_is_told_of_each_primary(cluster_client: ClusterClient, started_cluster: LocalCluster) -> None:
    found = await gauges.server(cluster_client)
    servers = {sample.labels[0] for sample in found if sample.family.name == "pennywren_redis_memory_bytes"}
    assert servers == {f"127.0.0.1:{node.port}" for node in started_cluster.primaries}
    told = {sample.family.name for sample in found if sample.labels[:1] == (min(servers),)}
    assert told == {"pennywren_redis_memory_bytes", "pennywren_redis_memory_limit_bytes", "pennywren_redis_durable"}


async def test_one_bad_command_fails_alone(cluster_client: ClusterClient) -> None:
    async with cluster_client.pipeline(transaction=False) as pipe:
        pipe.set("{1}:a", "x")
        pipe.hget("{1}:a", "field")
        pipe.set("{2}:a", "y")
        first, second, third = await pipe.execute(raise_on_error=False)
    assert (first, third) == (True, True)
    assert isinstance(second, ResponseError)


async def test_a_transaction_is_of_one_slot(cluster_client: ClusterClient) -> None:
    async with cluster_client.pipeline(transaction=True) as pipe:
        pipe.set("{1}:a", "x")
        pipe.get("{1}:a")
        assert await pipe.execute() == [True, "x"]
        pipe.set("{1}:a", "x")
        pipe.set("{2}:a", "x")
        with pytest.raises(RedisClusterException, match="one slot"):
            await pipe.execute()


async def test_a_script_is_loaded_on_each_node_that_runs_it(cluster_client: ClusterClient) -> None:
    script = Script("swap")
    await cluster_client.script_flush()
    replies = await script.run_many(
        cluster_client, [([f"{{{partition}}}:value"], ["", "12345678body", 1000]) for partition in range(8)]
    )
    assert replies == [1] * 8


async def test_a_script_that_only_reads_is_sent_whole_once_to_each_node(cluster_client: ClusterClient) -> None:
    await cluster_client.script_flush()
    nodes = [node for _, node in await cluster_client.each_primary()]
    for node in nodes:
        await node.config_resetstat()
    products = [ProductID("us", f"B{number:09d}") for number in range(300)]
    assert await read_cold(cluster_client, products) == [Packed({})] * 300
    sent = [(await node.info("commandstats"))["cmdstat_eval_ro"]["calls"] for node in nodes]
    assert sent == [1, 1, 1]


@pytest.fixture
async def hurried(started_cluster: LocalCluster) -> AsyncIterator[ClusterClient]:
    """A client as requests have it."""
    client = open_client(started_cluster, HURRIED)
    yield client
    await client.aclose()


async def test_a_node_that_is_away_is_waited_for_once_and_the_others_answer_meanwhile(
    cluster_client: ClusterClient, hurried: ClusterClient
) -> None:
    client = hurried
    (address, node), *_ = await client.each_primary()
    pool, owners = node.connection_pool, client.topology.primaries
    of_it = [owners[slot_of_partition(n)] == address for n in range(keyspace.PARTITIONS)]
    theirs, others = of_it.index(True), of_it.index(False)
    await client.set(f"{{{theirs}}}:a", "x")
    await cluster_client.script_flush()
    await _lead_to(pool, 1)

    with pytest.raises(RedisConnectionError):
        await client.get(f"{{{theirs}}}:a")
    # It is not even asked now.
    with pytest.raises(RedisConnectionError, match=f"{address[0]}:{address[1]} does not answer"):
        await client.get(f"{{{theirs}}}:a")
    commands: list[Command] = [(("GET", f"{{{n}}}:missing"), {}) for n in (others, theirs, others)]
    first, second, third = await client.execute_many(commands, transaction=False)
    assert (first, third) == (None, None)
    assert isinstance(second, RedisConnectionError)
    assert len(await client.time()) == 2
    versions = Versions(client)
    told = await asyncio.gather(*(versions.of(_in_partition(n)) for n in (theirs, others)), return_exceptions=True)
    assert isinstance(told[0], Unavailable)
    assert told[1] == 0
    assert await Script("swap").run(client, [f"{{{others}}}:value"], ["", "12345678body", 1000]) == 1

    await _lead_to(pool, address[1])
    while True:
        with suppress(RedisConnectionError):
            assert await client.get(f"{{{theirs}}}:a") == "x"
            break
        await asyncio.sleep(0.01)


async def _lead_to(pool: ConnectionPool, port: int) -> None:
    """Let a pool's connections end, and new ones go elsewhere."""
    pool.connection_kwargs["port"] = port
    await pool.disconnect()
    pool.reset()


def _in_partition(partition: int) -> ProductID:
    products = (ProductID("us", f"B{number:09d}") for number in count())
    return next(product for product in products if keyspace.partition_of(product) == partition)


async def test_what_stands_in_no_slot_is_looked_for_on_all_nodes(cluster_client: ClusterClient) -> None:
    for partition in range(30):
        await cluster_client.set(f"{{{partition}}}:hearsay:us:X", "1")
    found = [key async for key in cluster_client.scan_iter(match=keyspace.any_hearsay(), count=1000)]
    assert len(found) == 30


async def test_any_node_of_the_cluster_is_enough_to_find_the_others(started_cluster: LocalCluster) -> None:
    gone = "127.0.0.1:1"
    login, _, nodes = started_cluster.url.rpartition("@")
    client = connect(f"{login}@{gone},{nodes.split(',')[4]}")
    assert await client.get("{1}:nothing") is None
    await client.aclose()


async def test_a_standby_reads_what_was_written_and_writes_nothing(
    started_cluster: LocalCluster, cluster_client: ClusterClient
) -> None:
    await cluster_client.set("{1}:a", "x")
    for node in started_cluster.primaries:
        with node.client() as primary:
            primary.execute_command("WAIT", 1, 2000)
    standby = connect(started_cluster.url, patience=HURRIED, standby=True)
    assert await standby.get("{1}:a") == "x"
    client = open_client(started_cluster)
    primaries = {address for address, _ in await client.each_primary()}
    assert all(r not in primaries for replicas in client.topology.replicas.values() for r in replicas)
    await client.aclose()
    await standby.aclose()
