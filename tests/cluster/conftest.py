"""A Redis Cluster of three primaries and three replicas, started once; who kills a node of it starts another."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from pennywren import keyspace
from pennywren.local.cluster import LocalCluster, temporary_cluster
from pennywren.store.cluster import ClusterClient, Patience
from pennywren.store.connect import PATIENT, connect
from pennywren.store.store import Store


@pytest.fixture(scope="session")
def started_cluster(servers_dir: Path) -> Iterator[LocalCluster]:
    with temporary_cluster(servers_dir / "whole-cluster") as cluster:
        yield cluster


@pytest.fixture
async def cluster_client(started_cluster: LocalCluster) -> AsyncIterator[ClusterClient]:
    client = open_client(started_cluster)
    await client.flushall()
    await mark_as_test_server(client)
    yield client
    await client.aclose()


@pytest.fixture
async def cluster_store(started_cluster: LocalCluster, cluster_client: ClusterClient) -> AsyncIterator[Store]:
    bytes_client = connect(started_cluster.url, decode=False)
    yield Store(cluster_client, bytes_client)
    await bytes_client.aclose()


def open_client(cluster: LocalCluster, patience: Patience = PATIENT) -> ClusterClient:
    client = connect(cluster.url, patience=patience)
    assert isinstance(client, ClusterClient)
    return client


async def mark_as_test_server(client: ClusterClient) -> None:
    """Let scripts honour a `now` that is passed in."""
    async with client.pipeline(transaction=False) as pipe:
        for partition in range(keyspace.PARTITIONS):
            pipe.set(keyspace.test_server(partition), "1")
        await pipe.execute()
