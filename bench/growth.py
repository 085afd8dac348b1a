"""How costs grow with the work: products, watchers of one product, changes of one history, open pages.

Plots stand in `bench/`.
"""

import asyncio
import itertools
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from bench.open_pages import OpenPage, cpu_ms, memory_mb, open_page
from bench.plots import Points, draw, exponent, worse_than_n_log_n
from bench.report import Section, median_of
from bench.servers import Servers
from bench.site import CURRENCY, fill, products, website
from pennywren import keyspace
from pennywren.frontier.claiming import claim
from pennywren.history.question import parse_question
from pennywren.history.reading import HistoryReader
from pennywren.local.children import start, stop, wait_until_ready
from pennywren.local.redis import embedded_redis, temporary_redis
from pennywren.match import index
from pennywren.match.index import Watch
from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.clock import DAY, MINUTE, SECOND, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import Steps
from pennywren.pipeline.frontier_rebuild import rebuild_frontier
from pennywren.pipeline.watch_rebuild import rebuild_watches
from pennywren.postgres.pool import Pool, open_pool
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import rewrite
from pennywren.settings import load_settings
from pennywren.store.connect import Client, connect
from pennywren.store.store import Store

LARGEST: Final = int(os.environ.get("LARGEST", "100000"))
"""Products."""
_WATCHES: Final = int(os.environ.get("WATCHES", "1000000"))
_PAGES: Final = (1, 10, 100, 1_000, 10_000)
_WATCHERS: Final = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
_CHANGES: Final = (10, 100, 1_000, 10_000, 100_000)
_WATCHED: Final = 100
"""Products that all watches are spread over, as they are where people wait."""
_TIMES: Final = 9
_TOLD: Final = 5
_LOOK_S: Final = 0.05
_PAGE: Final = 5_000
_FOLDER: Final = Path(__file__).parent
_INTO_PRODUCTS: Final = "insert into products (id) select 'us:B' || lpad(g::text, 9, '0') from generate_series(0, $1) g"
_ONE: Final = ProductID("us", "B0GROWTH00")


def _product(n: int) -> ProductID:
    return ProductID("us", f"B{n:09d}")


async def _ms(work: Callable[..., Awaitable[Any]], *arguments: Any, **named: Any) -> float:
    """How long it takes, the median of some times; the first one is not counted."""
    found: list[float] = []
    for _ in range(_TIMES + 1):
        began = time.perf_counter()
        await work(*arguments, **named)
        found.append((time.perf_counter() - began) * 1000)
    return median_of(found[1:])


async def _claim(client: Client, partitions: Iterator[int]) -> None:
    await claim(client, next(partitions), "us", 1, ahead_ms=DAY)


async def _change(recorder: Recorder, prices: Iterator[int]) -> None:
    await recorder.record([LookToRecord(Look(_ONE, "USD", {Offer.BUYBOX: next(prices)}))])


async def _products(up: Servers) -> dict[str, Points]:
    sizes = [n for n in (1_000, 10_000, 100_000, 1_000_000, 10_000_000) if n <= LARGEST]
    curves: dict[str, list[tuple[float, float]]] = {
        name: []
        for name in (
            "memory, MB",
            "first looks, s",
            "claim of one, ms",
            "start of Redis, s",
            "rebuild of the frontier, s",
        )
    }
    pool = await open_pool(up.postgres_url, size=2)
    for count in sizes:
        sys.stderr.write(f"growth: {count:,} products\n")
        part = embedded_redis("growth", up.folder / f"growth-{count}", logs=up.folder)
        process = start(part.program)
        wait_until_ready(part.program, process, part.is_ready)
        client, in_bytes = connect(part.url), connect(part.url, decode=False)
        before = int((await client.info("memory"))["used_memory"])
        await pool.execute("truncate products cascade")
        await pool.execute(_INTO_PRODUCTS, count - 1)
        began = time.perf_counter()
        await rebuild_frontier(client, pool, 300)
        curves["rebuild of the frontier, s"].append((count, time.perf_counter() - began))
        now, recorder = system_clock(), Recorder(Store(client, in_bytes), 7 * DAY // SECOND)
        began = time.perf_counter()
        for first in range(0, count, _PAGE):
            await recorder.record(
                [
                    LookToRecord(
                        Look(_product(n), "USD", {Offer.BUYBOX: 1000 + n % 900}),
                        now + MINUTE,
                        now + MINUTE,
                        "0.0.0.0",
                        "0.0.0.0",
                    )
                    for n in range(first, min(first + _PAGE, count))
                ]
            )
        curves["first looks, s"].append((count, time.perf_counter() - began))
        curves["memory, MB"].append((count, (int((await client.info("memory"))["used_memory"]) - before) / 1e6))
        partitions = iter(range(keyspace.PARTITIONS))
        curves["claim of one, ms"].append((count, await _ms(_claim, client, partitions)))
        await client.aclose()
        await in_bytes.aclose()
        stop({process.pid: (part.program, process)}, seconds=60)
        began = time.perf_counter()
        process = start(part.program, again=True)
        wait_until_ready(part.program, process, part.is_ready)
        curves["start of Redis, s"].append((count, time.perf_counter() - began))
        stop({process.pid: (part.program, process)})
    await pool.close()
    return dict(curves)


async def _watches(up: Servers, client: Client, store: Store) -> dict[str, Points]:
    pool = await open_pool(up.postgres_url, size=2)
    found: list[tuple[float, float]] = []
    size = 0
    for count in (n for n in (1_000, 10_000, 100_000, 1_000_000, 10_000_000) if n <= _WATCHES):
        sys.stderr.write(f"growth: {count:,} subscriptions\n")
        await _subscribe(pool, count)
        await index.add(client, Watch(0, _product(0), Offer.BUYBOX, 1))
        began = time.perf_counter()
        await rebuild_watches(store, pool, system_clock())
        found.append((count, time.perf_counter() - began))
        size = await pool.fetchval("select pg_total_relation_size('subscriptions')")
    await pool.close()
    sys.stderr.write(f"growth: {size / found[-1][0]:.0f} B of PostgreSQL a subscription\n")
    return {"rebuild of the watch index, s": found}


async def _subscribe(pool: Pool, count: int) -> None:
    await pool.execute("truncate people, products cascade")
    await pool.execute(_INTO_PRODUCTS, _WATCHED)
    await pool.execute(
        "insert into people (email) select g || '@example.com' from generate_series(1, $1) g",
        count // _WATCHED,
        timeout=600,
    )
    await pool.execute(
        "insert into subscriptions (person_id, product_id, offer, threshold, currency, notification_type) "
        "select p.id, 'us:B' || lpad(g::text, 9, '0'), 'buybox', 1 + (p.id * 7 + g) % 900, 'USD', 'EMAIL' "
        "from people p, generate_series(1, $1) g",
        _WATCHED,
        timeout=600,
    )


async def _watchers(client: Client) -> dict[str, Points]:
    curves: dict[str, list[tuple[float, float]]] = {"nobody triggered, ms": [], "ten triggered, ms": []}
    have = 0
    for count in _WATCHERS:
        sys.stderr.write(f"growth: {count:,} watchers\n")
        for first in range(have, count, _PAGE):
            ids = range(first, min(first + _PAGE, count))
            await index.add(client, *(Watch(id_ + 1, _ONE, Offer.BUYBOX, 1000 + id_) for id_ in ids))
        have = count
        top = 1000 + count - 1
        changes = {"nobody triggered, ms": (top + 20, top + 10), "ten triggered, ms": (top + 20, top - 9)}
        for name, (old, new) in changes.items():
            change = PriceChange(_ONE, Offer.BUYBOX, ChangeKind.PRICE, old, new, "USD", 1, 1)
            curves[name].append((count, await _ms(index.triggered, client, [change])))
    return dict(curves)


async def _histories(up: Servers, store: Store) -> dict[str, Points]:
    settings = load_settings({"PENNYWREN_DATA_DIR": str(up.folder)}, up.folder)
    curves: dict[str, list[tuple[float, float]]] = {
        "two years daily, ms": [],
        "one more change, ms": [],
        "rewrite, ms": [],
    }
    for count in _CHANGES:
        sys.stderr.write(f"growth: {count:,} changes\n")
        now = system_clock()
        begin = (now - 730 * DAY) // SECOND
        times = sorted(random.Random(1).sample(range(begin, now // SECOND - 60), count))
        steps = Steps([(at * SECOND, 1000 + i % 2 + at % 97 * 2) for i, at in enumerate(times)], [], now - MINUTE)
        began = time.perf_counter()
        await rewrite(store, _ONE, "USD", {Offer.BUYBOX: steps}, reason="import", tier="charted")
        curves["rewrite, ms"].append((count, (time.perf_counter() - began) * 1000))
        reader = HistoryReader(store, settings, system_clock)
        question = parse_question({"startTime": str(begin), "endTime": str(now // SECOND), "interval": "day"}, now)
        state = await store.product(_ONE)
        if state is None:
            raise RuntimeError("the history was not written")
        curves["two years daily, ms"].append((count, await _ms(reader.read, state, question)))
        recorder, prices = Recorder(store, 7 * DAY // SECOND), iter(range(5000, 6000))
        curves["one more change, ms"].append((count, await _ms(_change, recorder, prices)))
    return dict(curves)


async def _pages(up: Servers) -> dict[str, Points]:
    curves: dict[str, list[tuple[float, float]]] = {
        "memory of the website with them, MB": [],
        "processor time to tell them all, ms": [],
        "from recorded to shown at the last, s": [],
    }
    (one,) = products(1)
    await fill(up, [one])
    client, in_bytes = connect(up.redis_url), connect(up.redis_url, decode=False)
    store = Store(client, in_bytes)
    recorder, prices = Recorder(store, 7 * DAY // SECOND), itertools.count(3000)
    with website(up, {"PENNYWREN_STREAMS_PER_NETWORK": str(2 * _PAGES[-1])}) as address:
        pages: list[OpenPage] = []
        listening: list[asyncio.Task[None]] = []
        for count in _PAGES:
            sys.stderr.write(f"growth: {count:,} open pages\n")
            state = await store.product(one)
            if state is None:
                raise RuntimeError("the product was not written")
            new = [await open_page(address, one, state.version) for _ in range(count - len(pages))]
            listening += [asyncio.create_task(page.listen()) for page in new]
            pages += new
            used: list[float] = []
            late: list[float] = []
            for _ in range(_TOLD):
                told, cpu = [len(page.told) for page in pages], cpu_ms(address)
                await recorder.record([LookToRecord(Look(one, CURRENCY, {Offer.BUYBOX: next(prices)}))])
                recorded = time.monotonic()
                async with asyncio.timeout(60):
                    while any(len(page.told) == before for page, before in zip(pages, told, strict=True)):
                        await asyncio.sleep(_LOOK_S)
                late.append(max(page.told[-1] for page in pages) - recorded)
                used.append(cpu_ms(address) - cpu)
            curves["memory of the website with them, MB"].append((count, memory_mb(address)))
            curves["processor time to tell them all, ms"].append((count, median_of(used)))
            curves["from recorded to shown at the last, s"].append((count, median_of(late)))
        for task in listening:
            task.cancel()
        for page in pages:
            page.writer.close()
    await client.aclose()
    await in_bytes.aclose()
    return dict(curves)


async def _measure(up: Servers) -> Section:
    plots = {"products": ("With more products", "products", await _products(up))}
    with temporary_redis(up.folder / "growing") as url:
        client, in_bytes = connect(url), connect(url, decode=False)
        store = Store(client, in_bytes)
        plots["watches"] = ("With more watches of all products", "subscriptions", await _watches(up, client, store))
        plots["watchers"] = ("With more watchers of one product", "watchers", await _watchers(client))
        plots["histories"] = ("With a longer history", "changes", await _histories(up, store))
        await client.aclose()
        await in_bytes.aclose()
    plots["pages"] = ("With more open pages of one product", "open pages", await _pages(up))
    return _section(plots)


def _section(plots: Mapping[str, tuple[str, str, Mapping[str, Points]]]) -> Section:
    section = Section(
        "Growth",
        f"What each costs as work grows, products up to {LARGEST:,} (`LARGEST=10000000` for more), and the exponent of "
        "the straight line through the logarithms. Plots: `bench/growth-products.svg`, `bench/growth-watches.svg`, "
        "`bench/growth-watchers.svg`, `bench/growth-histories.svg`, `bench/growth-pages.svg`.",
        ["cost", "from", "to", "n to the", "more than n log n in the end"],
    )
    for name, (title, across, curves) in plots.items():
        draw(_FOLDER / f"growth-{name}.svg", title, across, curves)
        for cost, points in curves.items():
            ends = [f"{points[i][1]:,.3g} at {points[i][0]:,}" for i in (0, -1)]
            worse = "yes" if worse_than_n_log_n(points) else "no"
            section.rows.append([f"{title}: {cost}", *ends, f"{exponent(points):.2f}", worse])
    count, seconds = plots["watches"][2]["rebuild of the watch index, s"][-1]
    section.limits += [
        f"The watch index is rebuilt at {count / seconds:,.0f} watches/s: 10 M take "
        f"{seconds / count * 1e7 / 60:.0f} minutes.",
        "Whom a change triggers is found by ranges of sorted sets, log n: 0.17 ms for a million watchers on a calmer "
        "machine. What is read here while others use the cores is their figure.",
        "Telling more open pages is one rendering, and a write of the same event to each connection; the last of them "
        "sees it when all are written.",
        "Looks, and the rebuild of the frontier, grow by more than n log n until 30,000 products: a look at a packed "
        "product writes its bucket, and the buckets of all partitions are full (28 products) only from there on.",
    ]
    return section


def measure(up: Servers) -> Section:
    """Everything by decades."""
    return asyncio.run(_measure(up))
