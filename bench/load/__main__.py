"""`make load`: minutes of the traffic of a million users of the extension, then a minute of ten times as much."""

import argparse
import asyncio
import csv
import random
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from bench.load import surge, traffic
from bench.load.traffic import Traffic
from bench.report import Goal, Section, median_of, write
from bench.servers import Servers, servers
from bench.site import past, website
from pennywren.accounts.tokens import token_hash
from pennywren.model.clock import DAY, SECOND, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.postgres import catalogue
from pennywren.postgres.catalogue import CatalogueEntry
from pennywren.postgres.moments import to_moment
from pennywren.postgres.pool import open_pool
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import Past, restore
from pennywren.store.connect import connect
from pennywren.store.store import Store

PRODUCTS: Final = 20_000
CHARTED: Final = round(PRODUCTS * traffic.LONG)
"""Products that people look at most: their histories are long."""
INSTALLS: Final = 5_000
PEOPLE: Final = 1_000
BASE_PER_S: Final = 250
"""Of a million users, as `traffic` has them, to two figures."""
SURGE: Final = 10
SURGE_S: Final = 60
SAMPLE_S: Final = 5
_AT_ONCE: Final = 4
"""Histories that are asked for at once before anything is measured."""
_UNLIMITED: Final = {
    "PENNYWREN_TRUSTED_PROXIES": "1",
    "PENNYWREN_REQUESTS_PER_NETWORK": "0",
    "PENNYWREN_REQUESTS_PER_PERSON": "0",
    "PENNYWREN_REPORTS_PER_NETWORK": "100000000",
    "PENNYWREN_REPORTS_PER_INSTALL": "10000000",
}
"""A million users come from more networks than these few."""


async def _fill(up: Servers) -> None:
    client, in_bytes = connect(up.redis_url), connect(up.redis_url, decode=False)
    store, now, chance = Store(client, in_bytes), system_clock(), random.Random(7)
    pool = await open_pool(up.postgres_url, size=2)
    products = [ProductID.parse(traffic.product(n)) for n in range(PRODUCTS)]
    await catalogue.upsert(
        pool, [CatalogueEntry(each, f"An invented kettle of the kind {each.asin}") for each in products]
    )
    pasts = [Past(products[n], "USD", {Offer.BUYBOX: past(n, 120, 500)}, "charted") for n in range(CHARTED)]
    for start in range(0, CHARTED, 100):
        await restore(store, pasts[start : start + 100])
    looks = [
        LookToRecord(
            Look(each, "USD", {Offer.BUYBOX: traffic.price(n)}, now - chance.randrange(0, 50_000)),
            rate_if_changed="0.0.0.0",
        )
        for n, each in enumerate(products)
    ]
    await Recorder(store, DAY).record(looks)
    await pool.close()
    await client.aclose()
    await in_bytes.aclose()
    connection = await asyncpg.connect(up.postgres_url)
    try:
        born, ends = to_moment(now - 40 * DAY), to_moment(now + DAY)
        tokens = [token_hash(traffic.install(n)) for n in range(INSTALLS)]
        installs = [
            (each.hex()[:16], each, sha256(bytes([n % 250])).hexdigest()[:16], born) for n, each in enumerate(tokens)
        ]
        await connection.copy_records_to_table(
            "installs", records=installs, columns=["id", "token_hash", "family", "created_at"]
        )
        people: list[int] = [
            row["id"]
            for row in await connection.fetch(
                "insert into people (email) select 'load' || g || '@example.com' from generate_series(1, $1) g "
                "returning id",
                PEOPLE,
            )
        ]
        sessions = [(token_hash(traffic.person(n)), each, "bearer", born, ends) for n, each in enumerate(people)]
        await connection.copy_records_to_table(
            "sessions", records=sessions, columns=["token_hash", "person_id", "kind", "created_at", "expires_at"]
        )
    finally:
        await connection.close()


def _ask_for_all(address: str) -> None:
    """Each history once, as a server that has run for long holds them: that its memory fills is not measured then."""
    parts, year = urlsplit(address), traffic.year(system_clock() / SECOND)

    def ask(numbers: range) -> None:
        with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=60)) as connection:
            for n in numbers:
                path = f"/products/{traffic.product(n)}/history?{year}"
                connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    raise RuntimeError(f"the history of {traffic.product(n)} was answered with {answer.status}")

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        # Those that people look at most are asked for last, and so held longest.
        list(pool.map(ask, (range(PRODUCTS - 1 - first, -1, -_AT_ONCE) for first in range(_AT_ONCE))))


@dataclass
class Run:
    """What locust saw, and what the server took meanwhile."""

    rows: Mapping[str, Mapping[str, str]]
    longest_ms: float
    memory: list[float]
    """MB of the API's processes, every few seconds."""

    @property
    def failures(self) -> int:
        return int(self.rows["Aggregated"]["Failure Count"])

    @property
    def growth(self) -> float:
        """How much more memory is used in the last third than in the middle one."""
        third = len(self.memory) // 3
        return median_of(self.memory[-third:]) / median_of(self.memory[third : 2 * third]) - 1


def _memory_mb(root: int) -> float:
    """Resident memory of a process and its children."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True).stdout
    rows = [tuple(map(int, line.split())) for line in listed.splitlines()]
    mine = {root}
    for pid, parent, _ in sorted(rows):
        if parent in mine:
            mine.add(pid)
    return sum(rss for pid, _, rss in rows if pid in mine) / 1024


def _pid_at(port: str) -> int:
    found = subprocess.run(["pgrep", "-f", "pennywren api"], capture_output=True, text=True, check=False).stdout.split()
    for pid in map(int, found):
        if f"PENNYWREN_HTTP_PORT={port}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            return pid
    raise RuntimeError("the API's process was not found")


def _run(up: Servers, address: str, locust: str, per_s: int, seconds: int) -> Run:
    out = up.folder / f"load-{per_s}"
    env = {
        "PATH": "/usr/bin:/bin",
        "LOAD_PRODUCTS": str(PRODUCTS),
        "LOAD_INSTALLS": str(INSTALLS),
        "LOAD_PEOPLE": str(PEOPLE),
        "LOAD_LONGEST": str(out.with_suffix(".longest")),
    }
    argv = [locust, "-f", str(Path(__file__).with_name("locustfile.py")), "--headless", "--only-summary"]
    argv += ["--host", address, "-u", str(per_s), "-r", str(max(1, per_s // 5)), "-t", f"{seconds}s"]
    argv += ["--csv", str(out), "--exit-code-on-error", "0", "--reset-stats", "--stop-timeout", "5"]
    pid, memory = _pid_at(address.rpartition(":")[2]), list[float]()
    with (up.folder / "locust.log").open("w") as log:
        process = subprocess.Popen(argv, env=env, stdout=log, stderr=log)
        while process.poll() is None:
            memory.append(_memory_mb(pid))
            try:
                process.wait(SAMPLE_S)
            except subprocess.TimeoutExpired:
                continue
    if process.returncode:
        raise RuntimeError((up.folder / "locust.log").read_text()[-2000:])
    with Path(f"{out}_stats.csv").open(newline="") as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    return Run(rows, float(out.with_suffix(".longest").read_text()), memory)


def _section(base: Run, much: surge.Surge, minutes: float, per_s: int) -> Section:
    kinds = traffic.KINDS
    section = Section(
        "Load",
        f"{per_s} requests/s for {minutes:g} minutes, mixed as those of a million users of the extension, who make "
        f"{BASE_PER_S}: {kinds['history']} % histories, half of them held by the browser, "
        f"{kinds['reports']} % reports, {kinds['page']} % product pages, {kinds['watch']} % watches set and "
        f"ended; then {SURGE} times as much for {SURGE_S} s, over {surge.CONNECTIONS:,} connections at Poisson times; "
        f"{PRODUCTS:,} products by Zipf, each asked for once before. One process of the API; locust (at the surge: "
        "wrk), Redis and PostgreSQL have the rest of the machine.",
        ["load", "what", "requests", "requests/s", "p50 ms", "p99 ms", "longest ms", "errors"],
    )
    for what, row in base.rows.items():
        section.rows.append(
            [
                "base",
                "all" if what == "Aggregated" else what,
                f"{int(row['Request Count']):,}",
                f"{float(row['Requests/s']):.0f}",
                row["50%"],
                row["99%"],
                f"{float(row['Max Response Time']):.0f}",
                row["Failure Count"],
            ]
        )
    total = much.answered + much.refused + much.errors
    times = [f"{much.p50:.0f}", f"{much.p99:.0f}", f"{much.longest:.0f}"]
    section.rows.append(
        [f"{SURGE} times", "all", f"{total:,}", f"{total / much.seconds:.0f}", *times, str(much.errors)]
    )
    section.goals += [
        Goal("errors at the base load", base.failures, 0, at_most=True, unit="of them"),
        Goal("memory of the API, last third over the middle one", 100 * base.growth, 2, at_most=True, unit="%"),
        Goal("requests sent at the surge over the base load", total / much.seconds / per_s, 0.9 * SURGE),
        Goal(f"longest answer at {SURGE} times the load", much.longest, 500, at_most=True, unit="ms"),
        Goal(
            f"errors at {SURGE} times the load that are not 503 with Retry-After",
            much.errors,
            0,
            at_most=True,
            unit="",
        ),
    ]
    section.limits += [
        f"Memory of the API: {base.memory[len(base.memory) // 3]:.0f} MB after a third, {base.memory[-1]:.0f} MB in "
        f"the end. The longest answer at the base load took {base.longest_ms:.0f} ms, locust's own waiting included.",
        f"At {SURGE} times the load {much.answered / much.seconds:.0f} requests/s were answered, and "
        f"{much.refused / total:.0%} of {total:,} refused with 503 and Retry-After.",
    ]
    return section


def main() -> int:
    """Exit code 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--locust", required=True, help="the program locust, of an environment of its own")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=int, default=BASE_PER_S, help="requests a second of the base load")
    asked = parser.parse_args()
    with servers() as up:
        asyncio.run(_fill(up))
        with website(up, _UNLIMITED) as address:
            _ask_for_all(address)
            base = _run(up, address, asked.locust, asked.rate, round(asked.minutes * 60))
            time.sleep(SAMPLE_S)
            lines = surge.requests(Traffic(random.Random(7), PRODUCTS), system_clock(), INSTALLS, PEOPLE)
            much = surge.send(address, up.folder, lines, SURGE * asked.rate, SURGE_S)
    section = _section(base, much, asked.minutes, asked.rate)
    sys.stdout.write(section.markdown() + "\n")
    write(section)
    return 0 if all(goal.met for goal in section.goals) else 1


if __name__ == "__main__":
    sys.exit(main())
