"""`pennywren cluster`: what an operator sees and does."""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result
from redis import Redis

from pennywren import keyspace
from pennywren.cli.shell import shell
from pennywren.local.children import start, stop, wait_until_ready
from pennywren.local.cluster import LocalCluster
from pennywren.local.ports import free_port
from pennywren.local.redis import ClusterMember, embedded_redis
from pennywren.model.clock import system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.cluster import ClusterClient
from pennywren.store.connect import connect
from pennywren.store.slots import empty_primaries
from pennywren.store.store import Store
from tests.cluster.conftest import open_client

PACKED = [ProductID("us", f"B0{number:08d}") for number in range(30)]
"""Products that nobody watches or views have no place of their own in the frontier."""


@pytest.fixture
def environ(tmp_path: Path, started_cluster: LocalCluster) -> dict[str, str]:
    return {"PENNYWREN_DATA_DIR": str(tmp_path / "data"), "PENNYWREN_REDIS_URL": started_cluster.url}


def run(environ: dict[str, str], *args: str) -> Result:
    return CliRunner().invoke(shell, args, env=environ)


async def _fill(cluster: LocalCluster) -> None:
    client: ClusterClient = open_client(cluster)
    await client.flushall()
    for partition in (1, 2, 3, 4, 5, 6):
        await client.zadd(keyspace.frontier(partition), {f"us:{i}": 1 for i in range(400)})
    raw = connect(cluster.url, decode=False)
    looks = [Look(product, "USD", {Offer.BUYBOX: 1299}, system_clock()) for product in PACKED]
    await Recorder(Store(client, raw), 7 * 86_400).record([LookToRecord(look) for look in looks])
    await client.aclose()
    await raw.aclose()


def test_the_plan_shows_nodes_and_its_lines_can_be_run(environ: dict[str, str], started_cluster: LocalCluster) -> None:
    asyncio.run(_fill(started_cluster))
    shown = run(environ, "cluster", "plan")
    assert shown.exit_code == 0
    assert len(re.findall(r"^127\.0\.0\.1:\d+ +\d+ +[\d,]+ +[\d,]+$", shown.stdout, re.MULTILINE)) == 3
    plan = json.loads(run(environ, "cluster", "plan", "--json").stdout)
    assert sum(node["partitions"] for node in plan["nodes"]) == keyspace.PARTITIONS
    before, after = ([node[key] for node in plan["nodes"]] for key in ("products", "productsAfter"))
    assert sum(before) == sum(after) == 6 * 400 + len(PACKED)
    assert max(after) < max(before)

    lines = [line.split()[1:] for line in shown.stdout.splitlines() if line.startswith("pennywren ")]
    assert len(lines) == len(plan["moves"])
    for line in lines:
        assert run(environ, *line).exit_code == 0
    even = json.loads(run(environ, "cluster", "plan", "--json").stdout)
    assert [node["products"] for node in even["nodes"]] == after
    assert "there is nothing to move" in run(environ, "cluster", "plan").stdout


@pytest.fixture
def newcomer(started_cluster: LocalCluster, tmp_path: Path) -> Iterator[str]:
    """A primary that has joined and has no slots yet; its address. It leaves again."""
    parts = urlsplit(started_cluster.url)
    member = ClusterMember(parts.password or "", free_port(), 2_000)
    server = embedded_redis("newcomer", tmp_path / "newcomer", logs=tmp_path, durable=False, member=member)
    process = start(server.program)
    try:
        wait_until_ready(server.program, process, server.is_ready)
        port = urlsplit(server.url).port or 0
        with ExitStack() as opened:
            nodes = (*started_cluster.primaries, *started_cluster.replicas)
            asks = [cast("Any", opened.enter_context(node.client())).execute_command for node in nodes]
            own = cast("Any", opened.enter_context(Redis.from_url(server.url, decode_responses=True))).execute_command
            asks[0]("CLUSTER", "MEET", "127.0.0.1", port, member.bus_port)
            for ask in asks:
                while ("127.0.0.1", port) not in empty_primaries(ask("CLUSTER", "NODES")):
                    time.sleep(0.05)
            while "cluster_size:3" not in own("CLUSTER", "INFO"):
                time.sleep(0.05)
            yield f"127.0.0.1:{port}"
            for ask in asks:
                ask("CLUSTER", "FORGET", own("CLUSTER", "MYID"))
    finally:
        stop({process.pid: (server.program, process)})


def test_a_primary_that_has_just_joined_is_given_its_share(
    environ: dict[str, str], started_cluster: LocalCluster, newcomer: str
) -> None:
    asyncio.run(_fill(started_cluster))
    plan = json.loads(run(environ, "cluster", "plan", "--json").stdout)
    (new,) = [node for node in plan["nodes"] if node["node"] == newcomer]
    assert (new["partitions"], new["products"]) == (0, 0)
    assert new["productsAfter"] > 0
    move = next(each for each in plan["moves"] if each["to"] == newcomer)
    for target, keys in ((newcomer, "[1-9]"), (newcomer, "0"), (move["from"], "[1-9]")):
        moved = run(environ, "cluster", "move", str(move["partition"]), "--to", target)
        assert moved.exit_code == 0, moved.stderr
        assert re.fullmatch(rf"moved {keys}\d* keys: partition {move['partition']} is at {target} now\n", moved.stdout)


def test_there_is_nothing_to_mend_where_nothing_was_lost(environ: dict[str, str]) -> None:
    assert run(environ, "cluster", "mend", "1", "2").stdout == "There was nothing to mend.\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("move", "1", "--to", "somewhere"), "'somewhere' is no node: write HOST:PORT"),
        (("move", "1", "--to", "10.9.9.9:1"), "is no primary of this cluster: they are 127.0.0.1:"),
        (("move", "2000", "--to", "127.0.0.1:1"), "2000"),
        (("move", "--to", "127.0.0.1:1"), "PARTITIONS"),
    ],
)
def test_what_cannot_be_moved_is_refused_with_a_sentence(
    environ: dict[str, str], args: tuple[str, ...], said: str
) -> None:
    refused = run(environ, "cluster", *args)
    assert refused.exit_code == 2
    assert said in refused.output


def test_one_redis_has_no_plan(environ: dict[str, str], redis_server: str) -> None:
    if redis_server.startswith("redis+cluster"):
        pytest.skip("the tests run on a cluster")
    refused = run({**environ, "PENNYWREN_REDIS_URL": redis_server}, "cluster", "plan")
    assert refused.exit_code == 2
    assert "redis+cluster://HOST:PORT,HOST:PORT" in refused.stderr
