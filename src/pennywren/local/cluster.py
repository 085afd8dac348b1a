"""A Redis Cluster on the loopback interface: primaries with their replicas, joined when they have started."""

import secrets
import subprocess
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

from redis import Redis

from pennywren.errors import Unavailable
from pennywren.local.children import Program, start, stop, wait_until_ready
from pennywren.local.ports import free_port
from pennywren.local.redis import ClusterMember, EmbeddedRedis, embedded_redis
from pennywren.store.cluster import SLOTS

_JOINED_WITHIN_S: Final = 30.0
_LOOK_EVERY_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class ClusterNode:
    """One server of a cluster that runs."""

    server: EmbeddedRedis
    bus_port: int
    pid: int

    @property
    def port(self) -> int:
        """Where it answers, on the loopback interface."""
        return urlsplit(self.server.url).port or 0

    def client(self) -> Redis:
        """A client of this one node, answering with strings."""
        return Redis.from_url(self.server.url, decode_responses=True, socket_timeout=5)


@dataclass(frozen=True, slots=True)
class LocalCluster:
    """A cluster that runs: as many replicas as primaries, the first of each belong together."""

    primaries: tuple[ClusterNode, ...]
    replicas: tuple[ClusterNode, ...]

    @property
    def url(self) -> str:
        """Its address, as `PENNYWREN_REDIS_URL` has it."""
        parts = urlsplit(self.primaries[0].server.url)
        nodes = ",".join(f"127.0.0.1:{node.port}" for node in (*self.primaries, *self.replicas))
        return f"redis+cluster://{parts.netloc.rpartition('@')[0]}@{nodes}"


@contextmanager
def temporary_cluster(folder: Path, *, primaries: int = 3, node_timeout_ms: int = 2_000) -> Generator[LocalCluster]:
    """A cluster for tests, which forgets everything: `primaries`, and as many replicas.

    Raises:
        MissingPart: no server to run.
        Unavailable: it does not come together.
    """
    password = secrets.token_hex(16)
    running: dict[int, tuple[Program, subprocess.Popen[bytes]]] = {}
    nodes: list[ClusterNode] = []
    try:
        for number in range(2 * primaries):
            name, member = f"node{number}", ClusterMember(password, free_port(), node_timeout_ms)
            server = embedded_redis(name, folder / name, logs=folder, durable=False, member=member)
            process = start(server.program)
            running[process.pid] = (server.program, process)
            nodes.append(ClusterNode(server, member.bus_port, process.pid))
        for node in nodes:
            wait_until_ready(*running[node.pid], node.server.is_ready)
        cluster = LocalCluster(tuple(nodes[:primaries]), tuple(nodes[primaries:]))
        _join(cluster)
        yield cluster
    finally:
        stop(running)


def _join(cluster: LocalCluster) -> None:
    """Make the nodes one cluster: slots in equal ranges, and a replica for each primary."""
    nodes, count = (*cluster.primaries, *cluster.replicas), len(cluster.primaries)
    first = nodes[0]
    with ExitStack() as opened:
        clients = [opened.enter_context(node.client()) for node in nodes]
        for node in nodes[1:]:
            clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", node.port, node.bus_port)
        for number in range(count):
            begin, end = SLOTS * number // count, SLOTS * (number + 1) // count - 1
            clients[number].execute_command("CLUSTER", "ADDSLOTSRANGE", begin, end)
        ids = [_said(client, "MYID") for client in clients]
        _wait(lambda: all(_knows(client, ids) for client in clients), "they do not find each other")
        for number in range(count):
            clients[count + number].execute_command("CLUSTER", "REPLICATE", ids[number])
        _wait(lambda: all(_is_whole(client, count) for client in clients), f"it does not come up; see {first.server}")
        _wait(lambda: all(_follows(client) for client in clients[count:]), "a replica does not follow")


def _knows(client: Redis, ids: Sequence[str]) -> bool:
    lines = _said(client, "NODES").splitlines()
    return all(any(line.startswith(node) and "handshake" not in line for line in lines) for node in ids)


def _is_whole(client: Redis, primaries: int) -> bool:
    lines = _said(client, "INFO").splitlines()
    return "cluster_state:ok" in lines and f"cluster_size:{primaries}" in lines


def _follows(client: Redis) -> bool:
    replication: Any = client.info("replication")
    return replication.get("master_link_status") == "up"


def _said(client: Redis, word: str) -> str:
    return str(cast("Any", client).execute_command("CLUSTER", word))


def _wait(is_so: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _JOINED_WITHIN_S
    while not is_so():
        if time.monotonic() > deadline:
            raise Unavailable(f"the nodes of the cluster run, but {otherwise}")
        time.sleep(_LOOK_EVERY_S)
