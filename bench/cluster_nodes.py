"""A Redis Cluster beside one Redis: what an operation costs, what idle matchers cost, how long a death lasts.

No throughput of several machines follows from this one: `docs/capacity.md` derives that from the cost per operation.
"""

import asyncio
import os
import random
import resource
import shutil
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from bench.report import Goal, Section
from bench.servers import Servers
from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.history.question import parse_question
from pennywren.history.reading import HistoryReader
from pennywren.history.service import HistoryService
from pennywren.local.cluster import LocalCluster, temporary_cluster
from pennywren.match import hints
from pennywren.match.streams import ChangeReader
from pennywren.model.clock import DAY, HOUR, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.settings import Settings
from pennywren.store.cluster import ClusterClient
from pennywren.store.connect import HURRIED, Client, connect
from pennywren.store.slots import slot_of_partition
from pennywren.store.store import Store

PRODUCTS: Final = 20_000
BATCH: Final = 500
READS: Final = 5_000
IDLE_S: Final = 20.0
NODE_TIMEOUT_MS: Final = 2_000
START: Final = 1_700_000_000_000
_RECORDED: Final = "a look recorded, after waiting for it"
_NAMES: Final = [ProductID("us", f"B{number:09d}") for number in range(PRODUCTS)]


async def _servers(client: Client) -> list[Any]:
    if isinstance(client, ClusterClient):
        return [node for _, node in await client.each_primary()]
    return [client]


async def _server_cpu(client: Client) -> list[float]:
    """Seconds of processor time that each server behind a client has used."""
    said: list[Any] = [await node.info("cpu") for node in await _servers(client)]
    return [each["used_cpu_user"] + each["used_cpu_sys"] for each in said]


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def _cost(client: Client, count: int, work: Callable[[], Awaitable[object]]) -> list[str]:
    """Operations a second, and µs of processor time an operation of all servers, of each, and of this process."""
    server, own, begun = await _server_cpu(client), _own_cpu(), time.perf_counter()
    await work()
    took = time.perf_counter() - begun
    own = _own_cpu() - own
    each = [(now - then) / count * 1e6 for now, then in zip(await _server_cpu(client), server, strict=True)]
    return [_figure(count / took), _figure(sum(each)), " · ".join(map(_figure, each)), _figure(own / count * 1e6)]


def _looks(at: int, share: float) -> list[LookToRecord]:
    chance = random.Random(at)
    return [
        LookToRecord(Look(p, "USD", {Offer.BUYBOX: 1000 + (at % 97 if chance.random() < share else 0)}, at))
        for p in _NAMES
    ]


async def _operations(url: str) -> list[list[str]]:
    client, bytes_client = connect(url), connect(url, decode=False)
    store = Store(client, bytes_client)
    recorder = Recorder(store, 30 * 86_400)

    async def record(looks: list[LookToRecord]) -> None:
        for i in range(0, len(looks), BATCH):
            await recorder.record(looks[i : i + BATCH])

    async def read() -> None:
        for product in random.Random(1).choices(_NAMES, k=READS):
            await store.steps(product, Offer.BUYBOX, 0, START + DAY)

    await record(_looks(START, 0))
    rows = [
        ["record, 10 % changed", *await _cost(client, PRODUCTS, lambda: record(_looks(START + HOUR, 0.1)))],
        ["read a history", *await _cost(client, READS, read)],
    ]
    await client.aclose()
    await bytes_client.aclose()
    return rows


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


async def _idle(url: str) -> list[str]:
    """A matcher that has nothing to do, with the sweep of all partitions that happens each half minute."""
    client = connect(url)
    reader = ChangeReader(client, "idle", system_clock)
    await hints.sweep(client, system_clock())
    server, own, end = await _server_cpu(client), _own_cpu(), time.monotonic() + IDLE_S
    await hints.sweep(client, system_clock())
    while time.monotonic() < end:
        reading = await reader.read(1.0)
        if reading is not None:
            await reader.finish(reading, reading.entries, {})
    used, own = sum(await _server_cpu(client)) - sum(server), _own_cpu() - own
    connections = 0
    for node in await _servers(client):
        connections += sum(1 for each in await node.client_list() if each["lib-name"] == "redis-py")
    await client.aclose()
    return [f"{own / IDLE_S:.2%}", f"{used / IDLE_S:.2%}", str(connections)]


async def _death(cluster: LocalCluster) -> dict[str, float]:
    """Seconds, from the kill of a primary, until each kind of request has its answer."""
    url = cluster.url
    clients = [
        connect(url, decode=decode, patience=HURRIED, standby=standby)
        for standby in (False, True)
        for decode in (True, False)
    ]
    store, standby = Store(clients[0], clients[1]), Store(clients[2], clients[3])
    readers = [HistoryReader(each, Settings(), lambda: START + DAY) for each in (store, standby)]
    history = HistoryService(store, readers[0], (standby, readers[1]))
    patient = connect(url)
    assert isinstance(patient, ClusterClient)
    question = parse_question({}, START + DAY)
    victim = _NAMES[0]
    await history.answer(victim, question)
    await patient.get("{0}:nothing")
    address = patient.topology.primaries[slot_of_partition(keyspace.partition_of(victim))]
    assert address is not None
    os.kill(next(node.pid for node in cluster.primaries if node.port == address[1]), signal.SIGKILL)
    killed = time.monotonic()
    took: dict[str, float] = {}

    async def stale_history() -> None:
        assert (await history.answer(victim, question)).stale
        took["history, from its replica"] = time.monotonic() - killed

    async def refusal() -> None:
        try:
            await store.product(victim)
        except Unavailable:
            took["503 to anything else"] = time.monotonic() - killed

    async def write() -> None:
        look = LookToRecord(Look(victim, "USD", {Offer.BUYBOX: 5}, START + 2 * HOUR))
        await Recorder(Store(patient, patient), 30 * 86_400).record([look])
        took[_RECORDED] = time.monotonic() - killed

    await asyncio.gather(stale_history(), refusal(), write())
    for client in (*clients, patient):
        await client.aclose()
    return took


def measure(up: Servers) -> Section:
    """One Redis and a cluster of three, the same work one after the other; then a primary of the cluster is killed."""
    section = Section(
        "A Redis Cluster",
        f"{PRODUCTS:,} products, batches of {BATCH}; three primaries and three replicas on this one machine: only the "
        "cost of an operation says something, not how many there are in a second.",
        ["what", "servers", "a second", "µs of all servers", "µs of each", "µs of the client"],
    )
    folder = Path(tempfile.mkdtemp(prefix="pennywren-cluster-"))
    try:
        with temporary_cluster(folder, node_timeout_ms=NODE_TIMEOUT_MS) as cluster:
            for name, url in (("one", up.redis_url), ("three", cluster.url)):
                section.rows += [[row[0], name, *row[1:]] for row in asyncio.run(_operations(url))]
            for name, url in (("one", up.redis_url), ("three", cluster.url)):
                own, server, connections = asyncio.run(_idle(url))
                section.limits.append(
                    f"a matcher with nothing to do over {keyspace.PARTITIONS:,} partitions, {name}: {own} of a core, "
                    f"{server} of the servers', {connections} connections"
                )
            took = asyncio.run(_death(cluster))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    goals = {
        "history, from its replica": 2.0,
        "503 to anything else": 2.0,
        "a look recorded, after waiting for it": 10.0,
    }
    for name, limit in goals.items():
        section.goals.append(Goal(f"after kill -9 of a primary: {name}", took[name], limit, at_most=True, unit="s"))
    return section
