"""Reports over HTTP: a steady stream of batches from many installs, as a million browsers send them at their peak.

Alone, and beside as many histories as these browsers ask for.
"""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import asyncpg
import msgspec

from bench.load import traffic
from bench.load.traffic import Traffic
from bench.record_step import cpu_s
from bench.report import Goal, Section, quantile
from bench.servers import Servers, running
from bench.site import past
from pennywren.accounts.tokens import token_hash
from pennywren.local.children import Program
from pennywren.local.ports import free_port
from pennywren.model.clock import DAY, SECOND, rfc3339, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.postgres.moments import to_moment
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import Past, restore
from pennywren.store.connect import connect
from pennywren.store.store import Store

PRODUCTS = 20_000
INSTALLS = 5_000
PROCESSES = 2
"""Of the API: one would be busy four fifths of the time, and what waits for it would show in the p99."""
REQUESTS_PER_S = 430
WARM_UP_S = 5
SECONDS = 20
CONNECTIONS = 64
HISTORIES_PER_S = 1_000
LONG = round(PRODUCTS * traffic.LONG)
"""The products that people look at most have had many prices."""
_PAGE = 100
_AT_ONCE = 16
_NUMBERS = 1_000_000
"""Where the numbers of the second run's requests begin."""


def _product(n: int) -> ProductID:
    return ProductID.parse(traffic.product(n))


async def _fill(servers: Servers, chance: random.Random) -> None:
    client, bytes_client = connect(servers.redis_url), connect(servers.redis_url, decode=False)
    await client.flushall()
    now = system_clock()
    store = Store(client, bytes_client)
    for start in range(0, LONG, _PAGE):
        page = range(start, start + _PAGE)
        await restore(store, [Past(_product(n), "USD", {Offer.BUYBOX: past(n, 120, 500)}, "charted") for n in page])
    looks = [
        LookToRecord(
            Look(_product(n), "USD", {Offer.BUYBOX: traffic.price(n)}, now - chance.randrange(2, 55) * SECOND),
            rate_if_changed="0.0.0.0",
        )
        for n in range(PRODUCTS)
    ]
    await Recorder(store, DAY).record(looks)
    await client.aclose()
    await bytes_client.aclose()
    connection = await asyncpg.connect(servers.postgres_url)
    try:
        await connection.execute("delete from installs")
        born = to_moment(now - 40 * DAY)
        rows = [
            (each.hex()[:16], each, sha256(bytes([n % 250])).hexdigest()[:16], born)
            for n, each in enumerate(token_hash(traffic.install(n)) for n in range(INSTALLS))
        ]
        await connection.copy_records_to_table(
            "installs", records=rows, columns=["id", "token_hash", "family", "created_at"]
        )
    finally:
        await connection.close()


def request(drawn: Traffic, number: int) -> tuple[bytes, int]:
    """A ready-made request, and how many reports it carries: making one costs next to nothing while others are sent."""
    seen = drawn.reports(rfc3339(system_clock()))
    body = msgspec.json.encode({"observations": seen})
    head = (
        f"POST /observations HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {traffic.install(drawn.chance.randrange(INSTALLS))}\r\nidempotency-key: {number}\r\n"
        f"x-forwarded-for: {drawn.network()}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body, len(seen)


@dataclass
class _Run:
    reports: list[float] = field(default_factory=list[float])
    """How long (s) each request with reports took."""
    histories: list[float] = field(default_factory=list[float])
    said: int = 0
    """Reports in them."""
    refused: int = 0
    seconds: float = 0.0
    generator: float = 0.0
    """CPU seconds of the generator."""
    used: float = 0.0
    """Those of all that is measured: the API, Redis, PostgreSQL and the generator."""


class _Drive:
    """Sends at Poisson times whatever the server does; a latency counts from when the request was to be sent."""

    def __init__(self, ports: Sequence[int], histories_per_s: int) -> None:
        self._ports = ports
        self._rate = histories_per_s
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self._tags: dict[int, str] = {}
        self._year = traffic.year(system_clock() / SECOND)
        self._chance = random.Random(5)
        self._drawn = Traffic(random.Random(3), PRODUCTS)

    async def open(self) -> None:
        for number in range(CONNECTIONS):
            self._free.put_nowait(await asyncio.open_connection("127.0.0.1", self._ports[number % len(self._ports)]))

    def close(self) -> None:
        while not self._free.empty():
            self._free.get_nowait()[1].close()

    async def ask_for_all(self) -> None:
        """Everything was asked for once, as on any day but the first."""
        for start in range(0, PRODUCTS, _AT_ONCE):
            page = range(start, min(start + _AT_ONCE, PRODUCTS))
            await asyncio.gather(*(self._history(_Run(), n, time.perf_counter()) for n in page))

    async def run(self, seconds: int, first: int) -> _Run:
        """So long; reports are numbered from `first` on."""
        run = _Run()
        made = [request(self._drawn, first + n) for n in range(REQUESTS_PER_S * seconds)]
        asked = [self._drawn.number() for _ in range(self._rate * seconds)]
        began, cpu, used = time.perf_counter(), time.process_time(), _cpu_s()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stream(run, made, REQUESTS_PER_S, self._report))
            group.create_task(self._stream(run, asked, self._rate, self._history))
        run.seconds = time.perf_counter() - began
        run.generator, run.used = time.process_time() - cpu, _cpu_s() - used
        return run

    async def _stream(
        self, run: _Run, each: Sequence[Any], rate: int, send: Callable[[_Run, Any, float], Coroutine[Any, Any, None]]
    ) -> None:
        at = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for request in each:
                at += self._chance.expovariate(rate)
                wait = at - time.perf_counter()
                if wait > 0:
                    await asyncio.sleep(wait)
                group.create_task(send(run, request, at))

    async def _report(self, run: _Run, made: tuple[bytes, int], at: float) -> None:
        request, size = made
        if await self._send(run.reports, request, at) is None:
            run.refused += 1
        else:
            run.said += size

    async def _history(self, run: _Run, n: int, at: float) -> None:
        tag = self._tags.get(n) if self._chance.random() < traffic.HELD else None
        held = f"if-none-match: {tag}\r\n" if tag else ""
        path = f"/products/{_product(n)}/history?{self._year}"
        request = f"GET {path} HTTP/1.1\r\nhost: bench\r\naccept-encoding: gzip\r\n{held}\r\n"
        headers = await self._send(run.histories, request.encode(), at)
        if headers is None:
            run.refused += 1
        else:
            self._tags[n] = headers["etag"]

    async def _send(self, took: list[float], request: bytes, at: float) -> dict[str, str] | None:
        """The headers of the answer; None for a refusal."""
        reader, writer = await self._free.get()
        writer.write(request)
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        if "content-length" in headers:
            await reader.readexactly(int(headers["content-length"]))
        self._free.put_nowait((reader, writer))
        if first.split(" ")[1] not in ("200", "304"):
            return None
        took.append(time.perf_counter() - at)
        return headers


def _cpu_s() -> float:
    """CPU seconds of this process and of all that it began."""
    total, mine = time.process_time(), {os.getpid()}
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    for pid, parent in sorted(tuple(map(int, line.split())) for line in listed.splitlines()):
        if parent in mine:
            mine.add(pid)
            with suppress(OSError):  # ended meanwhile: `ps` itself
                total += cpu_s(pid)
    return total


async def _measure(ports: Sequence[int], histories_per_s: int, first: int) -> _Run:
    drive = _Drive(ports, histories_per_s)
    await drive.open()
    if histories_per_s:
        await drive.ask_for_all()
    await drive.run(WARM_UP_S, first)
    run = await drive.run(SECONDS, first + REQUESTS_PER_S * WARM_UP_S)
    drive.close()
    return run


async def _wait(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise RuntimeError("the API does not answer")


def measure(servers: Servers) -> Section:
    """As many processes of the API as cores; the generator, Redis and PostgreSQL share them."""
    section = Section(
        "Reports over HTTP",
        f"{REQUESTS_PER_S} requests/s at Poisson times for {SECONDS} s after {WARM_UP_S} s, of 1 to 5 reports; "
        f"{PRODUCTS:,} products by Zipf, {INSTALLS:,} installs in {traffic.NETWORKS:,} networks, {traffic.CHANGED:.0%} "
        f"report another price; {PROCESSES} server processes, as behind a proxy. Then the same, beside "
        f"{HISTORIES_PER_S:,} histories/s: a year daily, {traffic.HELD:.0%} of them held by whoever asks; the {LONG:,} "
        "most popular products have 120 changes, and each was asked for once before.",
        ["load", "what", "requests/s", "reports/s", "p50 ms", "p99 ms", "cores used", "of them the generator"],
    )
    asyncio.run(_fill(servers, random.Random(7)))
    ports = [free_port() for _ in range(PROCESSES)]
    env = {**servers.environ, "PENNYWREN_TRUSTED_PROXIES": "1", "PATH": "/usr/bin:/bin"}
    env["PENNYWREN_REQUESTS_PER_NETWORK"] = "0"
    argv = [sys.executable, "-m", "pennywren", "api"]
    apps = [
        Program(
            name=f"bench-api-{port}",
            argv=argv,
            env={**env, "PENNYWREN_HTTP_PORT": str(port)},
            log=servers.folder / f"api-{port}.log",
        )
        for port in ports
    ]

    async def all_of_it() -> list[_Run]:
        for port in ports:
            await _wait(port)
        return [await _measure(ports, 0, 0), await _measure(ports, HISTORIES_PER_S, _NUMBERS)]

    with ExitStack() as stack:
        for app in apps:
            stack.enter_context(running(app))
        alone, beside = asyncio.run(all_of_it())
    for load, run in (("reports alone", alone), ("beside histories", beside)):
        machine = [f"{run.used / run.seconds:.2f}", f"{run.generator / run.seconds:.2f}"]
        rate = f"{run.said / run.seconds:,.0f}"
        section.rows.append([load, "reports", *_figures(run, run.reports, rate), *machine])
        if run.histories:
            section.rows.append([load, "histories", *_figures(run, run.histories, ""), *machine])
    section.goals += [
        Goal("reports taken in", alone.said / alone.seconds, 1000, unit="/s"),
        Goal("requests", len(alone.reports) / alone.seconds, 400, unit="/s"),
        Goal("p99", _ms(alone.reports, 0.99), 100, at_most=True, unit="ms"),
        Goal("reports taken in beside histories", beside.said / beside.seconds, 1000, unit="/s"),
        Goal(
            "histories answered beside them", len(beside.histories) / beside.seconds, 0.97 * HISTORIES_PER_S, unit="/s"
        ),
        Goal("p99 of reports beside histories", _ms(beside.reports, 0.99), 100, at_most=True, unit="ms"),
        Goal("p99 of histories beside reports", _ms(beside.histories, 0.99), 100, at_most=True, unit="ms"),
        Goal("refused, of both", alone.refused + beside.refused, 0, at_most=True, unit="of them"),
    ]
    section.limits.append(
        "What limits it: Python, for each report its decoding, verdict and the hearsay written back; requests that "
        "come at once share three round trips to Redis. Of the histories about a sixth are made anew, as looks of "
        "reporters move their products."
    )
    a_report = (alone.used - alone.generator) / alone.said
    a_history = (beside.used - beside.generator - a_report * beside.said) / len(beside.histories)
    section.limits.append(
        f"In processor time of the API, Redis and PostgreSQL together a report costs {a_report * 1e6:.0f} µs and a "
        f"history beside them {a_history * 1e6:.0f} µs: {1000 * (a_report + a_history):.2f} cores for a thousand a "
        "second of each."
    )
    return section


def _ms(took: Sequence[float], share: float) -> float:
    return quantile(took, share) * 1000


def _figures(run: _Run, took: Sequence[float], reports: str) -> list[str]:
    return [f"{len(took) / run.seconds:,.0f}", reports, f"{_ms(took, 0.5):.1f}", f"{_ms(took, 0.99):.1f}"]
