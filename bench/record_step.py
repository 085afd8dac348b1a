"""The record step: record.lua beside bare TS.ADD with the same rules and beside the same step in PostgreSQL.

All are measured in turns within each round, so that a busy neighbour slows all of them; and as many products are known
as fill an index: with 100,000 of them PostgreSQL's would lie in the processor's cache, while Redis's series never do.
"""

import asyncio
import gc
import os
import random
import socket
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from bench.record_twin import BATCH, Twin
from bench.report import Goal, Section, median_of
from pennywren import keyspace
from pennywren.model.clock import DAY, HOUR, SECOND, WEEK
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.connect import connect
from pennywren.store.scripts import Script
from pennywren.store.store import Store

PRODUCTS: Final = 200_000
LOOKS: Final = 100_000
ROUNDS: Final = 5
SCRIPT_BATCH: Final = 50
START: Final = 1_700_000_000_000
GAP: Final = 30 * DAY
_IN_TIER: Final = """
local words = cmsgpack.unpack(redis.call('GET', KEYS[1]))
words[3] = 'charted'
redis.call('SET', KEYS[1], cmsgpack.pack(words))
"""
"""As `rewrite.lua` says of a product that has its compactions."""

Figures = defaultdict[str, list[float]]


class _World:
    """Products whose prices move: `share` of those that are looked at."""

    def __init__(self, share: float) -> None:
        self.products = [ProductID("us", f"B{number:09d}") for number in range(PRODUCTS)]
        self._prices = [1000] * PRODUCTS
        self._share, self.now, self._random = share, START, random.Random(1)

    def first_looks(self) -> list[LookToRecord]:
        return [LookToRecord(Look(product, "USD", {Offer.BUYBOX: 1000}, START)) for product in self.products]

    def looks(self) -> list[LookToRecord]:
        """An hour later, some of the products in any order."""
        self.now += HOUR
        looks: list[LookToRecord] = []
        for i in self._random.sample(range(PRODUCTS), LOOKS):
            if self._random.random() < self._share:
                self._prices[i] += self._random.choice([-7, 5, 9])
            looks.append(
                LookToRecord(
                    Look(self.products[i], "USD", {Offer.BUYBOX: self._prices[i]}, self.now),
                    due_if_same=self.now + DAY,
                    due_if_changed=self.now + HOUR,
                    rate_if_same="0.35 7.0",
                    rate_if_changed="1.35 7.5",
                )
            )
        # What is measured is not the cost of looking for garbage among what this bench keeps.
        gc.collect()
        gc.freeze()
        return looks


def _encode(*parts: object) -> bytes:
    encoded = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in encoded)


def _send(address: tuple[str, int], password: str, commands: Sequence[bytes]) -> None:
    """Have the server run commands that were encoded before; a second thread sends them."""
    with socket.create_connection(address) as connection:
        connection.sendall(_encode("AUTH", password))
        connection.recv(64)
        data = b"".join(commands) + _encode("ECHO", "the-end")
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        tail = b""
        while b"the-end" not in tail:
            tail = (tail + connection.recv(1 << 20))[-64:]
        sender.join()


def _charted(product: ProductID) -> Iterator[tuple[object, ...]]:
    """What moving a product with one sample to the tier `charted` comes to; one by one it would take long."""
    for unit, aggregate in keyspace.COMPACTIONS:
        series = keyspace.compaction(product, Offer.BUYBOX, unit, aggregate)
        function = "twa" if aggregate == "avg" else aggregate
        bucket = (DAY,) if unit == "day" else (WEEK, 4 * DAY)
        yield "TS.CREATE", series, "CHUNK_SIZE", 128, "DUPLICATE_POLICY", "LAST"
        raw = keyspace.raw(product, Offer.BUYBOX)
        yield "TS.CREATERULE", raw, series, "AGGREGATION", function, *bucket
    yield "EVAL", _IN_TIER, 1, keyspace.product(product)


def _address(url: str) -> tuple[tuple[str, int], str]:
    password, _, place = url.removeprefix("redis://default:").partition("@")
    host, _, port = place.partition("/")[0].partition(":")
    return (host, int(port)), password


def cpu_s(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Bench:
    """Both servers with the same products in them."""

    def __init__(self, redis_url: str, share: float) -> None:
        self._url, self._share = redis_url, share
        self._client, self._bytes = connect(redis_url), connect(redis_url, decode=False)
        self._store = Store(self._client, self._bytes)
        self._recorder, self._script = Recorder(self._store, GAP // SECOND), Script("record")
        self.rates: Figures = defaultdict(list)
        self.cpu_us: Figures = defaultdict(list)

    async def prepare(self, postgres_url: str) -> None:
        await self._client.flushall(asynchronous=True)
        self._world, self._twins = _World(self._share), _World(self._share)
        products = self._world.products
        # As `warm_up` does for products that nobody has looked at yet, which asks for each of them as well.
        warm = [_encode("ZADD", keyspace.warm(keyspace.partition_of(product)), START, product) for product in products]
        await asyncio.to_thread(_send, *_address(self._url), warm)
        await self._recorder.record(self._world.first_looks())
        rules = [_encode(*words) for product in products for words in _charted(product)]
        await asyncio.to_thread(_send, *_address(self._url), rules)
        self._twin = await Twin.make(postgres_url, products, 1000, START, GAP)
        self._redis_pid = int((await self._client.info("server"))["process_id"])
        self._postgres_pid = await self._twin.pid()

    async def round(self) -> None:
        """One of each; the first round is not counted."""
        address, password = _address(self._url)
        commands = [_encode("EVALSHA", self._script.sha, len(k), *k, *a) for k, a in self._calls(self._world.looks())]
        await self._measure("server", self._redis_pid, lambda: asyncio.to_thread(_send, address, password, commands))
        batches = [Twin.columns(batch) for batch in _batches(self._twins.looks())]
        await self._measure("postgres", self._postgres_pid, lambda: self._to_postgres(batches))
        looks = self._world.looks()
        await self._measure("python", os.getpid(), lambda: self._recorder.record(looks))
        twins = self._twins.looks()
        through = (Twin.columns(batch) for batch in _batches(twins))
        await self._measure("postgres python", os.getpid(), lambda: self._to_postgres(through))
        at = self._world.now + HOUR // 2
        prices = ((keyspace.raw(each.look.product, Offer.BUYBOX), 1000 + at % 7) for each in looks)
        adds = [_encode("TS.ADD", key, at, price) for key, price in prices]
        await self._measure("bare", self._redis_pid, lambda: asyncio.to_thread(_send, address, password, adds))

    async def _measure(self, name: str, pid: int, work: Callable[[], Awaitable[Any]]) -> None:
        cpu, started = cpu_s(pid), time.perf_counter()
        await work()
        self.rates[name].append(LOOKS / (time.perf_counter() - started))
        self.cpu_us[name].append((cpu_s(pid) - cpu) / LOOKS * 1e6)

    async def _to_postgres(self, batches: Any) -> None:
        for batch in batches:
            await self._twin.record(batch, self._twins.now)

    def _calls(self, looks: Sequence[LookToRecord]) -> list[tuple[Sequence[str], Sequence[object]]]:
        by_partition: defaultdict[int, list[LookToRecord]] = defaultdict(list)
        for look in looks:
            by_partition[keyspace.partition_of(look.look.product)].append(look)
        return [
            self._recorder.call(partition, members[start : start + SCRIPT_BATCH])
            for partition, members in by_partition.items()
            for start in range(0, len(members), SCRIPT_BATCH)
        ]

    async def end(self) -> tuple[int, int]:
        upkeep = await self._twin.upkeep()
        await self._twin.end()
        await self._client.flushall(asynchronous=True)
        await self._client.aclose()
        await self._bytes.aclose()
        return upkeep


def _batches(looks: Sequence[LookToRecord]) -> list[Sequence[LookToRecord]]:
    return [looks[start : start + BATCH] for start in range(0, len(looks), BATCH)]


async def _run(redis_url: str, postgres_url: str, share: float) -> tuple[_Bench, tuple[int, int]]:
    bench = _Bench(redis_url, share)
    await bench.prepare(postgres_url)
    for _ in range(ROUNDS + 1):
        await bench.round()
    for figures in (*bench.rates.values(), *bench.cpu_us.values()):
        del figures[0]
    return bench, await bench.end()


def measure(redis_url: str, postgres_url: str) -> Section:
    """Both servers are on this machine, one core's work each."""
    section = Section(
        "The record step",
        f"Observations/s, medians of {ROUNDS} rounds of {LOOKS:,} looks at {PRODUCTS:,} products with six compaction "
        f"rules each (tier charted), AOF everysec; batches of up to {SCRIPT_BATCH} of one partition; PostgreSQL as it "
        f"is shipped but for synchronous_commit off, in batches of {BATCH} through asyncpg, on one connection. In "
        "brackets: µs of processor time a look, of the server's process, or of ours where Python is in the way.",
        [
            "changed",
            "record.lua, pre-encoded",
            "PostgreSQL, arguments made before",
            "record.lua, our Python writer",
            "PostgreSQL, through Python",
            "bare TS.ADD, same rules",
        ],
    )
    for share in (0.1, 1.0):
        bench, (checkpoints, vacuums) = asyncio.run(_run(redis_url, postgres_url, share))
        rate = {name: median_of(figures) for name, figures in bench.rates.items()}
        cpu = {name: median_of(figures) for name, figures in bench.cpu_us.items()}
        columns = ("server", "postgres", "python", "postgres python", "bare")
        section.rows.append([f"{share:.0%}", *(f"{rate[name]:,.0f} ({cpu[name]:.1f})" for name in columns)])
        sys.stderr.write(" ".join(section.rows[-1]) + "\n")
        if share < 1:
            server, python = rate["server"] / rate["postgres"], rate["python"] / rate["postgres python"]
            section.goals.append(Goal("10 % changed, server's side over PostgreSQL", server, 2.5))
            section.goals.append(Goal("10 % changed, through Python over PostgreSQL", python, 1.4))
        section.limits.append(f"{share:.0%} changed: PostgreSQL made {checkpoints} checkpoints and {vacuums} vacuums.")
    section.limits += [
        "What limits record.lua: the one core of Redis; nearly half is Lua, a sixth is finding keys in memory, and "
        "when all prices change, the six rules of each series ([0012](../docs/decisions/0012-record-step.md)).",
        "What limits the Python writer: making keys, arguments and results, on one core of Python.",
        "What limits PostgreSQL: the index on the due time, which every look moves, and its log.",
    ]
    return section
