"""More products: memory, the frontier made anew, first looks, a claim, and Redis started again."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from redis.exceptions import ResponseError

from bench.growth.catalogue import CATALOGUE, product
from bench.growth.section import ms, section
from bench.plots import Points
from bench.report import Section
from bench.servers import Servers
from pennywren import keyspace
from pennywren.frontier.claiming import claim
from pennywren.local.children import start, stop, wait_until_ready
from pennywren.local.redis import EmbeddedRedis, embedded_redis
from pennywren.model.clock import DAY, MINUTE, SECOND, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.frontier_rebuild import rebuild_frontier
from pennywren.postgres.pool import Pool, open_pool
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.connect import Client, connect
from pennywren.store.store import Store

_LARGEST: Final = int(os.environ.get("LARGEST", "1000000"))
_SIZES: Final = (10_000, 100_000, 1_000_000, 10_000_000)
_RECORDED: Final = 100_000
"""Products that are looked at one by one. Of more, those of some partitions are; the others get copies of their keys,
which take the same room."""
_PAGE: Final = 5_000
_WAIT_S: Final = 600
_REBUILD, _LOOKS, _MEMORY = "rebuild of the frontier, s", "first looks, of Redis's core, s", "memory, MB"
_CLAIM, _START = "claim of one, ms", "start of Redis, s"


def measure(up: Servers) -> Section:
    """Packed products, from ten thousand on."""
    sizes = [size for size in _SIZES if size <= max(_LARGEST, _SIZES[1])]
    curves = asyncio.run(_measure(up, sizes))
    count, seconds = curves[_REBUILD][-1]
    _, took = curves[_LOOKS][-1]
    limits = [
        f"The frontier is made anew at {count / seconds:,.0f} products/s by one process; a first look takes "
        f"{took / count * 1e6:.0f} µs of Redis's core.",
        "Looks, and the rebuild of the frontier, grow by more than n log n until 30,000 products: a look at a packed "
        "product writes its bucket, and the buckets of all partitions are full (28 products) only from there on.",
        "While the append-only file is rewritten, a look costs a third more at ten million: it copies what it changes.",
    ]
    how = (
        f"`LARGEST=10000000` for more. Of more than {_RECORDED:,} products the first looks of some partitions are "
        "recorded and their cost multiplied; the other partitions get copies. They are counted in processor time of "
        "Redis, which does not depend on what else the machine does. Redis starts from an append-only file that was "
        "rewritten."
    )
    return section("products", "products", curves, limits, how)


async def _measure(up: Servers, sizes: list[int]) -> dict[str, Points]:
    curves: dict[str, list[tuple[float, float]]] = {name: [] for name in (_MEMORY, _LOOKS, _CLAIM, _START, _REBUILD)}
    pool = await open_pool(up.postgres_url, size=2)
    for count in sizes:
        sys.stderr.write(f"growth: {count:,} products\n")
        part = embedded_redis("growth", up.folder / f"growth-{count}", logs=up.folder)
        process = start(part.program)
        wait_until_ready(part.program, process, part.is_ready)
        for name, cost in (await _grow(part, pool, count)).items():
            curves[name].append((count, cost))
        stop({process.pid: (part.program, process)}, seconds=_WAIT_S)
        began = time.perf_counter()
        process = start(part.program, again=True)
        wait_until_ready(part.program, process, part.is_ready, seconds=_WAIT_S)
        curves[_START].append((count, time.perf_counter() - began))
        stop({process.pid: (part.program, process)})
    await pool.close()
    return dict(curves)


async def _grow(part: EmbeddedRedis, pool: Pool, count: int) -> dict[str, float]:
    """What so many products cost, on an empty server; its append-only file is rewritten in the end."""
    client, in_bytes = connect(part.url), connect(part.url, decode=False)
    found: dict[str, float] = {}
    before = await _memory(client)
    await pool.execute("truncate products cascade")
    await pool.execute(CATALOGUE, count - 1, timeout=_WAIT_S)
    began = time.perf_counter()
    await rebuild_frontier(client, pool, 300)
    found[_REBUILD] = time.perf_counter() - began

    filled = min(keyspace.PARTITIONS, -(-keyspace.PARTITIONS * _RECORDED // count))
    looked_at = [each for each in map(product, range(count)) if _is_of(each, filled)]
    await _rewritten(client)  # memory that is changed while another process writes it down is copied first
    used = await _core_s(client)
    await _look(Store(client, in_bytes), looked_at)
    found[_LOOKS] = (await _core_s(client) - used) * keyspace.PARTITIONS / filled
    await _copy(client, filled)
    found[_MEMORY] = (await _memory(client) - before) / 1e6
    found[_CLAIM] = await ms(_claim, client, iter(range(keyspace.PARTITIONS)))

    await _rewritten(client)
    await client.aclose()
    await in_bytes.aclose()
    return found


async def _rewritten(client: Client) -> None:
    """Have the append-only file rewritten, and wait for it."""
    with suppress(ResponseError):  # one has begun by itself
        await client.bgrewriteaof()
    async with asyncio.timeout(_WAIT_S):
        while (said := await client.info("persistence"))["aof_rewrite_in_progress"] or said["aof_rewrite_scheduled"]:
            await asyncio.sleep(1)


async def _look(store: Store, products: list[ProductID]) -> None:
    now, recorder = system_clock(), Recorder(store, 7 * DAY // SECOND)
    for page in (products[i : i + _PAGE] for i in range(0, len(products), _PAGE)):
        looks = [Look(each, "USD", {Offer.BUYBOX: 1000 + n % 900}) for n, each in enumerate(page)]
        await recorder.record([LookToRecord(look, now + MINUTE, now + MINUTE, "0.0.0.0", "0.0.0.0") for look in looks])


async def _copy(client: Client, filled: int) -> None:
    """Give the other partitions the keys of those that were looked at."""
    for other in range(filled, keyspace.PARTITIONS):
        for key in (keyspace.cold, keyspace.places):
            await client.copy(key(other % filled), key(other), replace=True)


def _is_of(each: ProductID, filled: int) -> bool:
    return keyspace.partition_of(each) < filled


async def _core_s(client: Client) -> float:
    """Seconds of a core that Redis's main thread has used; what rewrites the append-only file is another process."""
    used = await client.info("cpu")
    return float(used["used_cpu_user_main_thread"]) + float(used["used_cpu_sys_main_thread"])


async def _memory(client: Client) -> int:
    return int((await client.info("memory"))["used_memory"])


async def _claim(client: Client, partitions: Iterator[int]) -> None:
    await claim(client, next(partitions), "us", 1, ahead_ms=DAY)
