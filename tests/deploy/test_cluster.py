"""docker/compose.cluster.yaml as processes of this machine: its options, its way to join nodes, and our users."""

import asyncio
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from pennywren.frontier.admission import Admission, admit_all
from pennywren.local.children import Program, start, stop, wait_until_ready
from pennywren.local.ports import free_port
from pennywren.local.redis import find_redis, link_openssl_1
from pennywren.match import index
from pennywren.match.index import Watch
from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.clock import system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.tiering import cool, warm_up
from pennywren.store.connect import connect
from pennywren.store.opening import store_at
from pennywren.store.store import Store
from tests.deploy.compose import DOCKER, answers, services

CLUSTER: dict[str, Any] = yaml.safe_load((DOCKER / "compose.cluster.yaml").read_text())
NODES = [name for name in CLUSTER["services"] if name.startswith("redis")]
KETTLE = ProductID("us", "B08N5WRWNW")
ADDRESSES = {name: CLUSTER["services"][name]["networks"]["inside"]["ipv4_address"] for name in NODES}


@dataclass(frozen=True)
class Cluster:
    """Six servers that run, and what leads to them."""

    secrets: Path
    ports: dict[str, int]

    def cli(self, script: str) -> str:
        """The script of the service `cluster`, with the addresses of this machine."""
        for name, address in ADDRESSES.items():
            script = re.sub(rf"-h {re.escape(address)}(?!\d)", f"-h 127.0.0.1 -p {self.ports[name]}", script)
            script = script.replace(f"{address}:6379", f"127.0.0.1:{self.ports[name]}")
        return script.replace("$$", "$").replace("/run/secrets/", f"{self.secrets}/")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    ports = {name: free_port() for name in NODES}
    hosts = ",".join(f"127.0.0.1:{port}" for port in list(ports.values())[:3])
    environ = {**os.environ, "REDIS_SCHEME": "redis+cluster", "REDIS_HOST": hosts}
    secrets = folder / "secrets"
    subprocess.run([str(DOCKER / "secrets.sh"), str(secrets)], env=environ, check=True, capture_output=True)
    binary = find_redis()
    env = {**os.environ, "LD_LIBRARY_PATH": str(link_openssl_1(folder / "lib"))} if binary.needs_openssl_1 else None
    with ExitStack() as running:
        for name, port in ports.items():
            own = folder / name
            own.mkdir()
            conf = own / "redis.conf"
            conf.write_text((DOCKER / "redis.conf").read_text().replace("/etc/redis/users.acl", f"{secrets}/redis.acl"))
            command: list[str] = CLUSTER["services"]["redis"]["command"]
            words = [each.replace("/etc/redis/replica.conf", f"{secrets}/redis_replica.conf") for each in command[2:]]
            where = ["--port", str(port), "--cluster-port", str(free_port()), "--bind", "127.0.0.1", "--dir", str(own)]
            argv = [str(binary.server), str(conf), *words, *where, "--loadmodule", str(binary.module)]
            program = Program(name=name, argv=argv, env=env, log=own / "log")
            process = start(program)
            running.callback(stop, {process.pid: (program, process)})
            is_ready: Callable[[], bool] = lambda port=port: answers(port)  # noqa: E731
            wait_until_ready(program, process, is_ready)
        found = Cluster(secrets, ports)
        (script,) = CLUSTER["services"]["cluster"]["command"]
        path = f"{binary.server.parent}:{os.environ['PATH']}"
        shell, here = ["/bin/sh", "-euc", found.cli(script)], {**(env or os.environ), "PATH": path}
        for _ in range(2):  # the second time it finds one that is whole
            joined = subprocess.run(shell, env=here, check=False, timeout=60, capture_output=True, text=True)
            assert joined.returncode == 0, joined.stdout + joined.stderr
        yield found


def test_it_is_laid_over_what_there_is() -> None:
    base = services()
    for name, service in CLUSTER["services"].items():
        assert name in base or service["extends"] == {"file": "compose.yaml", "service": "redis"}
    waits = {name for name, of in base.items() if any("redis_url" in each for each in of.get("secrets", []))}
    for name in waits - {"operator"}:
        assert "cluster" in CLUSTER["services"][name]["depends_on"], name
    assert len(set(ADDRESSES.values())) == len(NODES) == 6
    assert {f"{name}:/data" for name in NODES[1:]} <= {
        mount for name in NODES for mount in CLUSTER["services"][name]["volumes"]
    }
    assert set(CLUSTER["volumes"]) == set(NODES[1:])


async def test_what_the_crawlers_user_records_the_apis_user_reads_from_any_node(cluster: Cluster) -> None:
    products = [ProductID("us", f"B{n:09d}") for n in range(12)]
    stores: dict[str, Store] = {}
    for user in ("crawl", "api"):
        url = (cluster.secrets / f"redis_url_{user}").read_text().strip()
        stores[user] = Store(connect(url), connect(url, decode=False))
    try:
        looks = [LookToRecord(Look(product, "USD", {Offer.BUYBOX: 1999})) for product in products]
        await Recorder(stores["crawl"], 7 * 86_400).record(looks)
        states = await stores["api"].products(products)
        assert [state and state.offers[Offer.BUYBOX].price for state in states] == [1999] * len(products)
    finally:
        for store in stores.values():
            await store.client.aclose()
            await store.raw.aclose()


async def test_the_user_of_upkeep_packs_a_product_that_nobody_watches_and_gives_it_series_again(
    cluster: Cluster,
) -> None:
    url = (cluster.secrets / "redis_url_upkeep").read_text().strip()
    async with store_at(url) as store:
        now = system_clock()
        assert [each.new for each in await admit_all(store.client, [Admission(KETTLE)])] == [True]
        await Recorder(store, 7 * 86_400).record([LookToRecord(Look(KETTLE, "USD", {Offer.BUYBOX: 1999}))])
        for tier, moved in (("raw", warm_up(store, [KETTLE], now)), ("cold", cool(store, KETTLE, now))):
            assert await moved == 1
            state = await store.product(KETTLE)
            assert state is not None
            assert state.tier == tier
        await index.move(store.client, Watch(1, KETTLE, Offer.BUYBOX, 1500))
        (found,) = await index.triggered(
            store.client, [PriceChange(KETTLE, Offer.BUYBOX, ChangeKind.PRICE, 1999, 1499, "USD", now, 1)]
        )
        assert found.subscription_ids == (1,)


async def test_a_replica_follows_each_primary(cluster: Cluster) -> None:
    password = (cluster.secrets / "redis_password_operator").read_text().strip()
    roles: list[str] = []
    for port in cluster.ports.values():
        client = connect(f"redis://operator:{password}@127.0.0.1:{port}/0")
        while (found := await client.info("replication"))["role"] == "slave" and found["master_link_status"] != "up":
            await asyncio.sleep(0.05)
        roles.append(found["role"])
        await client.aclose()
    assert sorted(roles) == ["master"] * 3 + ["slave"] * 3
