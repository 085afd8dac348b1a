"""Crawl workers that are killed at random: nothing is lost, hardly anything fetched twice, and the shop not hurried.

`make leases` runs 20,000 products from 100 loopback egresses in ten worker processes against the local shop and kills
one of them with -9 a hundred times; it prints what the shop saw, which is the judge, and fails where a promise breaks.
"""

import argparse
import asyncio
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.servers import Servers, running, servers
from pennywren import keyspace
from pennywren.frontier import hints
from pennywren.frontier.admission import Admission, admit_all
from pennywren.local.children import Program
from pennywren.local.ports import free_port
from pennywren.model.clock import HOUR, system_clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.store.connect import connect
from pennywren.store.store import Store

EGRESSES_A_WORKER = 10
KILL_EVERY_S = 1.8
SWEEP_EVERY_S = 30
"""As `jobs/sweep_hints.py` does in production: a killed worker takes the hints that it had just read with it."""
_JOB = "import sys; from jobs.crawl import crawl; crawl(sys.argv[1].split(), 100_000)"


@dataclass
class Workers:
    """The worker processes, each with its group of egresses."""

    groups: Sequence[Sequence[str]]
    env: dict[str, str]
    chance: random.Random
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list[subprocess.Popen[bytes]])
    kills: int = 0

    def start(self) -> None:
        self.processes = [self._spawn(group) for group in self.groups]

    def kill_one(self) -> None:
        """Kill a random one with -9 and start another in its place."""
        i = self.chance.randrange(len(self.processes))
        self.processes[i].kill()
        self.processes[i].wait()
        self.processes[i] = self._spawn(self.groups[i])
        self.kills += 1

    def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(timeout=30)

    def _spawn(self, group: Sequence[str]) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-c", _JOB, " ".join(group)]
        return subprocess.Popen(argv, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _fill_shop(port: int, products: Sequence[ProductID]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for i, product in enumerate(products):
        body = json.dumps({"productID": str(product), "price": 1000 + i})
        connection.request("POST", "/_prices", body)
        connection.getresponse().read()
    connection.close()


def _shop_log(port: int) -> dict[str, list[dict[str, object]]]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/_log.json")
    log: dict[str, list[dict[str, object]]] = json.loads(connection.getresponse().read())
    connection.close()
    return log


def most_in_a_second(times: Sequence[int]) -> int:
    """The largest number of requests within any 1,000 ms."""
    most, first = 0, 0
    for last, at in enumerate(times):
        while at - times[first] >= 1000:
            first += 1
        most = max(most, last - first + 1)
    return most


async def _is_done(store: Store, products: Sequence[ProductID]) -> bool:
    async with store.client.pipeline(transaction=False) as pipe:
        for n in range(keyspace.PARTITIONS):
            pipe.zcard(keyspace.leases(n))
        leases = sum(await pipe.execute())
    return not leases and all(await store.products(products))


async def _run(up: Servers, count: int, egresses: int, kills: int, seed: int) -> bool:
    products = [ProductID("us", f"B{number:09d}") for number in range(count)]
    names = [f"e{i}" for i in range(egresses)]
    addresses = [f"127.0.{10 + i // 200}.{1 + i % 200}" for i in range(egresses)]
    port = free_port()
    shop = Program(
        name="shop",
        argv=[sys.executable, "-m", "pennywren.local.shop", "--port", str(port)],
        log=up.folder / "shop.log",
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )
    env = {
        **os.environ,
        "PYTHONPATH": ":".join(sys.path),
        "PENNYWREN_REDIS_URL": up.redis_url,
        "PENNYWREN_POSTGRES_URL": up.postgres_url,
        "PENNYWREN_DATA_DIR": str(up.folder),
        "PENNYWREN_SHOP_ORIGINS": f"us=http://127.0.0.1:{port}",
        "PENNYWREN_EGRESSES": ",".join(f"{n}=direct@{a}" for n, a in zip(names, addresses, strict=True)),
        "PENNYWREN_RECRAWL_AFTER": "1000000",
    }
    client, bytes_client = connect(up.redis_url), connect(up.redis_url, decode=False)
    store = Store(client, bytes_client)
    groups = [names[start : start + EGRESSES_A_WORKER] for start in range(0, egresses, EGRESSES_A_WORKER)]
    workers = Workers(groups, env, random.Random(seed))
    with running(shop):
        await asyncio.sleep(1)
        _fill_shop(port, products)
        await admit_all(client, [Admission(product, system_clock() - HOUR) for product in products])
        began = swept = time.monotonic()
        workers.start()
        patience = began + 600 + 3 * count / egresses
        try:
            while not await _is_done(store, products) and time.monotonic() < patience:
                await asyncio.sleep(KILL_EVERY_S)
                if time.monotonic() - swept > SWEEP_EVERY_S:
                    swept = time.monotonic()
                    await hints.sweep(client)
                if workers.kills < kills:
                    workers.kill_one()
        finally:
            workers.stop()
        took = time.monotonic() - began
        log = _shop_log(port)
    states = await store.products(products)
    right = sum(state is not None and state.offers[Offer.BUYBOX].price == 1000 + i for i, state in enumerate(states))
    await client.aclose()
    await bytes_client.aclose()
    visits = Counter(str(line["path"]) for lines in log.values() for line in lines)
    pages = {path: times for path, times in visits.items() if path.startswith("/dp/")}
    twice = sum(times - 1 for times in pages.values())
    hurry = max(most_in_a_second([int(str(line["at"])) for line in lines]) for lines in log.values())
    sys.stdout.write(
        f"leases: kills {workers.kills}, products {count}, crawled {len(pages)}, recorded right {right}, "
        f"lost {count - right}, fetched again {twice}, egresses {len(log)}, "
        f"most requests of one in any second {hurry}, {sum(visits.values()) / took:.0f} requests/s, "
        f"{took:.0f} s, seed {seed}\n"
    )
    return right == count and twice <= workers.kills * EGRESSES_A_WORKER and hurry == 1 and workers.kills == kills


def main() -> int:
    """Exit code 1 where a promise broke."""
    parser = argparse.ArgumentParser(prog="python -m bench.crawl_workers", description=__doc__)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--egresses", type=int, default=100)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with servers() as up:
        return 0 if asyncio.run(_run(up, asked.products, asked.egresses, asked.kills, asked.seed)) else 1


if __name__ == "__main__":
    sys.exit(main())
