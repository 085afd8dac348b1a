"""A cluster of which a primary is killed, and whose replicas take over when the test says so."""

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from pennywren import keyspace
from pennywren.local.cluster import LocalCluster, temporary_cluster
from pennywren.model.product import ProductID
from pennywren.store.cluster import ClusterClient
from pennywren.store.slots import slot_of_partition


@contextmanager
def doomed_cluster(folder: Path) -> Generator[LocalCluster]:
    """It misses a node soon, but no replica takes over before it `may_take_over`, however long a test takes."""
    with temporary_cluster(folder, node_timeout_ms=1_000) as cluster:
        for node in cluster.replicas:
            with node.client() as replica:
                replica.config_set("cluster-replica-no-failover", "yes")
                replica.config_set("cluster-replica-validity-factor", "0")
        yield cluster


def may_take_over(cluster: LocalCluster) -> None:
    """From now on a replica whose primary is away becomes one."""
    for node in cluster.replicas:
        with node.client() as replica:
            replica.config_set("cluster-replica-no-failover", "no")


def kill_owner_of(cluster: LocalCluster, client: ClusterClient, product: ProductID) -> None:
    """Kill the primary that has a product, by SIGKILL, when its replica has all that was written."""
    address = client.topology.primaries[slot_of_partition(keyspace.partition_of(product))]
    assert address is not None
    for node in cluster.primaries:
        with node.client() as primary:
            # What follows is about what was there before; what is on its way to a replica may be lost with its primary.
            primary.execute_command("WAIT", 1, 5000)
    os.kill(next(node.pid for node in cluster.primaries if node.port == address[1]), signal.SIGKILL)


def slot_of(product: ProductID) -> int:
    """The slot of a product's keys."""
    return slot_of_partition(keyspace.partition_of(product))
