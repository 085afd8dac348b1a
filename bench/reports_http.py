"""Reports over HTTP: a steady stream of batches from many installs, as a million browsers send them at their peak."""

import asyncio
import random
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import accumulate

import asyncpg
import msgspec

from bench.report import Goal, Section, quantile
from bench.servers import Servers, running
from pennywren.accounts.tokens import token_hash
from pennywren.local.children import Program
from pennywren.local.ports import free_port
from pennywren.model.clock import DAY, MINUTE, rfc3339, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.postgres.moments import to_moment
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.connect import connect
from pennywren.store.store import Store

PRODUCTS = 20_000
INSTALLS = 5_000
NETWORKS = 2_000
PROCESSES = 2
"""Of the API: one would be busy four fifths of the time, and what waits for it would show in the p99."""
REQUESTS_PER_S = 430
SIZES = (1, 2, 3, 4, 5)
SHARES = (0.30, 0.25, 0.20, 0.15, 0.10)
"""How many reports a request carries: 2.5 on average."""
WARM_UP_S = 5
SECONDS = 20
CONNECTIONS = 64
CHANGED = 0.04
"""Reports of another price than is known."""


def _price(n: int) -> int:
    return 500 + n * 37 % 20_000


def _product(n: int) -> ProductID:
    return ProductID("us", f"B{n:09d}")


def _token(n: int) -> str:
    return f"bench-{n}"


async def _fill(servers: Servers, chance: random.Random) -> None:
    client, bytes_client = connect(servers.redis_url), connect(servers.redis_url, decode=False)
    await client.flushall()
    now = system_clock()
    looks = [
        LookToRecord(
            Look(_product(n), "USD", {Offer.BUYBOX: _price(n)}, now - chance.randrange(2 * MINUTE, DAY)),
            rate_if_changed="0.0.0.0",
        )
        for n in range(PRODUCTS)
    ]
    await Recorder(Store(client, bytes_client), DAY).record(looks)
    await client.aclose()
    await bytes_client.aclose()
    connection = await asyncpg.connect(servers.postgres_url)
    try:
        await connection.execute("delete from installs")
        born = to_moment(now - 40 * DAY)
        rows = [
            (token_hash(_token(n)).hex()[:16], token_hash(_token(n)), sha256(bytes([n % 250])).hexdigest()[:16], born)
            for n in range(INSTALLS)
        ]
        await connection.copy_records_to_table(
            "installs", records=rows, columns=["id", "token_hash", "family", "created_at"]
        )
    finally:
        await connection.close()


class _Requests:
    """Ready-made requests: making one costs the generator next to nothing while it runs."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._weights = list(accumulate(1.0 / (n + 1) for n in range(PRODUCTS)))
        self._numbers = range(PRODUCTS)

    def make(self, number: int) -> tuple[bytes, int]:
        """A request, and how many reports it carries."""
        chance = self._chance
        (size,) = chance.choices(SIZES, SHARES)
        products = chance.choices(self._numbers, cum_weights=self._weights, k=size)
        body = msgspec.json.encode({"observations": [self._seen(n) for n in products]})
        network = chance.randrange(NETWORKS)
        head = (
            f"POST /observations HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
            f"authorization: Bearer {_token(chance.randrange(INSTALLS))}\r\nidempotency-key: {number}\r\n"
            f"x-forwarded-for: 198.{18 + network // 256}.{network % 256}.9\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body, size

    def _seen(self, n: int) -> dict[str, object]:
        price = _price(n)
        if self._chance.random() < CHANGED:
            price = round(price * self._chance.uniform(0.7, 1.2))
        return {
            "productID": str(_product(n)),
            "offer": "buybox",
            "price": price,
            "currency": "USD",
            "title": "A thing that somebody looks at, with a title of usual length, 12 pieces, blue",
            "observedAt": rfc3339(system_clock()),
            "context": {
                "signedIn": True, "memberPrice": False, "coupon": False, "subscription": False,
                "deliveryCountry": "US", "language": "en-US",
            },
        }  # fmt: skip


@dataclass
class _Run:
    latencies: list[float] = field(default_factory=list[float])
    reports: int = 0
    refused: int = 0
    seconds: float = 0.0
    generator: float = 0.0
    """CPU seconds of the generator."""
    idle: float = 0.0
    """CPU seconds that no process of the machine used."""


async def _drive(ports: Sequence[int], requests: list[tuple[bytes, int]]) -> _Run:
    """Send at Poisson times whatever the server does; a latency counts from when the request was to be sent."""
    chance, run = random.Random(5), _Run()
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for number in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", ports[number % len(ports)]))

    async def send(request: bytes, size: int, at: float) -> None:
        reader, writer = await free.get()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        free.put_nowait((reader, writer))
        if head.split(b" ", 2)[1] == b"200":
            run.latencies.append(time.perf_counter() - at)
            run.reports += size
        else:
            run.refused += 1

    began, cpu, idle = time.perf_counter(), time.process_time(), _idle()
    at = began
    async with asyncio.TaskGroup() as group:
        for request, size in requests:
            at += chance.expovariate(REQUESTS_PER_S)
            wait = at - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            group.create_task(send(request, size, at))
    run.seconds = time.perf_counter() - began
    run.generator, run.idle = time.process_time() - cpu, _idle() - idle
    while not free.empty():
        free.get_nowait()[1].close()
    return run


def _idle() -> float:
    """CPU seconds that the machine had nothing to do since it began (proc_stat(5); its unit is 1/100 s)."""
    with open("/proc/stat", encoding="ascii") as lines:
        fields = lines.readline().split()
    return (int(fields[4]) + int(fields[5])) / 100


async def _measure(ports: Sequence[int]) -> _Run:
    requests = _Requests(random.Random(3))
    made = [requests.make(n) for n in range(REQUESTS_PER_S * (WARM_UP_S + SECONDS))]
    warm_up = REQUESTS_PER_S * WARM_UP_S
    await _drive(ports, made[:warm_up])
    return await _drive(ports, made[warm_up:])


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
        f"{PRODUCTS:,} products by Zipf, {INSTALLS:,} installs in {NETWORKS:,} networks, {CHANGED:.0%} report another "
        f"price; {PROCESSES} server processes, as behind a proxy.",
        ["requests/s", "reports/s", "p50 ms", "p99 ms", "generator's share of the machine", "CPU left"],
    )
    asyncio.run(_fill(servers, random.Random(7)))
    ports = [free_port() for _ in range(PROCESSES)]
    env = {**servers.environ, "PENNYWREN_TRUSTED_PROXIES": "1", "PATH": "/usr/bin:/bin"}
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

    async def all_of_it() -> _Run:
        for port in ports:
            await _wait(port)
        return await _measure(ports)

    with ExitStack() as stack:
        for app in apps:
            stack.enter_context(running(app))
        run = asyncio.run(all_of_it())
    if run.refused:
        raise RuntimeError(f"{run.refused} requests were refused: {apps[0].log.read_text()[-2000:]}")
    rate = run.reports / run.seconds
    p50, p99 = (quantile(run.latencies, share) * 1000 for share in (0.5, 0.99))
    cores = run.seconds * 2
    section.rows.append(
        [
            f"{len(run.latencies) / run.seconds:,.0f}",
            f"{rate:,.0f}",
            f"{p50:.1f}",
            f"{p99:.1f}",
            f"{run.generator / cores:.0%}",
            f"{run.idle / cores:.0%}",
        ]
    )
    section.goals += [
        Goal("reports taken in", rate, 1000, unit="/s"),
        Goal("requests", len(run.latencies) / run.seconds, 400, unit="/s"),
        Goal("p99", p99, 100, at_most=True, unit="ms"),
    ]
    section.limits.append(
        "What limits it: Python, for each report its decoding, verdict and the hearsay written back; requests that "
        "come at once share three round trips to Redis."
    )
    return section
