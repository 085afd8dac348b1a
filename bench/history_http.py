"""History over HTTP: two years daily of a product with 10,000 changes, beside a no-op and PostgreSQL date_bin."""

import asyncio
import random
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime

import asyncpg

from bench.report import Goal, Section, median_of
from bench.servers import Servers, running
from pennywren.local.children import Program
from pennywren.local.ports import free_port
from pennywren.model.clock import DAY, system_clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import Steps
from pennywren.record.rewriting import rewrite
from pennywren.store.connect import connect
from pennywren.store.store import Store

CHANGES = 10_000
YEARS_MS = 730 * DAY
SECONDS = 4
ROUNDS = 3
CONNECTIONS = 32
PRODUCT = ProductID("us", "B000000001")


def _prices() -> list[tuple[int, int]]:
    chance = random.Random(7)
    begin = system_clock() - YEARS_MS
    times = sorted(chance.sample(range(0, YEARS_MS, 1000), CHANGES))
    price, points = 5000, list[tuple[int, int]]()
    for at in times:
        step = chance.choice([-300, -100, -1, 1, 100, 300])
        price += step if price + step >= 100 else 300
        points.append((begin + at, price))
    return points


async def _fill(servers: Servers, points: list[tuple[int, int]]) -> None:
    client, bytes_client = connect(servers.redis_url), connect(servers.redis_url, decode=False)
    await client.flushall()
    store = Store(client, bytes_client)
    steps = Steps(points, [], points[-1][0])
    await rewrite(store, PRODUCT, "USD", {Offer.BUYBOX: steps}, reason="import", tier="charted")
    await client.aclose()
    await bytes_client.aclose()
    connection = await asyncpg.connect(servers.postgres_url)
    try:
        await connection.execute("drop table if exists bench_samples")
        await connection.execute(
            "create table bench_samples (product_id text, at timestamptz, price bigint, primary key (product_id, at))"
        )
        rows = [(str(PRODUCT), datetime.fromtimestamp(at / 1000, UTC), price) for at, price in points]
        await connection.copy_records_to_table("bench_samples", records=rows)
        await connection.execute("vacuum analyze bench_samples")
    finally:
        await connection.close()


def _wrk(url: str, *headers: str) -> tuple[float, float]:
    """Requests/s and p99 in ms at 32 connections."""
    command = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{SECONDS}s",
        "--latency",
        *(w for h in headers for w in ("-H", h)),
        url,
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said and not headers:
        raise RuntimeError(f"errors from {url}: {said}")
    return figures(said)


def figures(said: str) -> tuple[float, float]:
    """Requests/s and p99 in ms, of what wrk says."""
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))  # pyright: ignore[reportOptionalMemberAccess]
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()  # pyright: ignore[reportOptionalMemberAccess]
    return rate, float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def _etag(url: str) -> str:
    with urllib.request.urlopen(url) as answer:
        return str(answer.headers["ETag"])


def wait_for(url: str) -> None:
    """Until the server answers."""
    for _ in range(200):
        try:
            with urllib.request.urlopen(url):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer")


@contextmanager
def peers(servers: Servers, **settings: str) -> Generator[str]:
    """One process of the API with the peers' routes beside its own (`bench.peers`): where it answers."""
    port = free_port()
    env = {**servers.environ, **settings, "PENNYWREN_HTTP_PORT": str(port), "PATH": "/usr/bin:/bin"}
    argv = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--port", str(port), "--no-ws"]
    argv += ["--loop", "uvloop", "--log-level", "warning", "bench.peers:create_bench_app"]
    base = f"http://127.0.0.1:{port}"
    with running(Program(name="bench-api", argv=argv, env=env, log=servers.folder / "api.log")):
        wait_for(f"{base}/bench/noop")
        yield base


def measure(servers: Servers) -> Section:
    """One worker of the server; the load generator has the other core."""
    section = Section(
        "History over HTTP",
        f"Two years daily (730 buckets) of a product with {CHANGES:,} changes, {CONNECTIONS} connections, one "
        f"server process; medians of {ROUNDS} rounds of {SECONDS} s, interleaved.",
        ["route", "requests/s", "p99 ms"],
    )
    if shutil.which("wrk") is None:
        section.limits.append("not measured: the load generator wrk is missing (apt-get install wrk)")
        return section
    points = _prices()
    asyncio.run(_fill(servers, points))
    start, end = points[0][0] // 1000, points[-1][0] // 1000
    with peers(servers) as base:
        history = f"{base}/products/{PRODUCT}/history?startTime={start}&endTime={end}&interval=day"
        etag = _etag(history)
        routes: dict[str, tuple[str, ...]] = {
            "no-op": (f"{base}/bench/noop",),
            "history, cached": (history,),
            "history, 304 by ETag": (history, f"If-None-Match: {etag}"),
            "PostgreSQL date_bin": (f"{base}/bench/date_bin",),
        }
        runs: dict[str, list[tuple[float, float]]] = {name: [] for name in routes}
        for _ in range(ROUNDS):
            for name, words in routes.items():
                runs[name].append(_wrk(*words))
    rate = {name: median_of([r for r, _ in found]) for name, found in runs.items()}
    for name, found in runs.items():
        section.rows.append([name, f"{rate[name]:,.0f}", f"{median_of([p for _, p in found]):.1f}"])
    section.goals += [
        Goal("cached history over the no-op route", rate["history, cached"] / rate["no-op"], 0.4),
        Goal("cached history over PostgreSQL date_bin", rate["history, cached"] / rate["PostgreSQL date_bin"], 15),
    ]
    section.limits += [
        "What limits the cached history: sending 54 kB, on the one core of the server process; requests that come at "
        "once share one round trip to Redis that asks whether the product has moved.",
        "What limits date_bin: PostgreSQL aggregates 10,000 rows for each request.",
    ]
    return section
