"""Losing Redis: how long archiving takes, and bringing all prices, watches and the frontier back."""

import asyncio
import random
import time
from typing import Final

from bench.report import Goal, Section
from bench.servers import Servers
from pennywren import keyspace
from pennywren.archive import files
from pennywren.archive.places import Folder
from pennywren.model.clock import DAY, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.archiving import Archiver
from pennywren.pipeline.frontier_rebuild import rebuild_frontier
from pennywren.pipeline.restoring import Restorer
from pennywren.postgres.pool import open_pool
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.settings import load_settings
from pennywren.store import snapshots
from pennywren.store.connect import Client, connect
from pennywren.store.store import Store

PRODUCTS: Final = 100_000
CHANGES: Final = 5
_PAGE: Final = 5_000


def measure(up: Servers) -> Section:
    """Record, archive, lose Redis, restore, and compare every history."""
    return asyncio.run(_measure(up))


async def _measure(up: Servers) -> Section:
    client, raw = connect(up.redis_url), connect(up.redis_url, decode=False)
    pool = await open_pool(up.postgres_url)
    place, store = Folder(up.folder / "archive"), Store(client, raw)
    settings = load_settings({"PENNYWREN_DATA_DIR": str(up.folder)}, up.folder)
    products = [ProductID("us", f"B{number:09d}") for number in range(PRODUCTS)]
    try:
        await _record(store, products)
        began = time.monotonic()
        rows = await Archiver(client, place, system_clock).step()
        archived = time.monotonic() - began
        size = sum(file.size for file in files.files(place))
        before = await _histories(client, products)
        await client.flushall()
        began = time.monotonic()
        result = await Restorer(store, pool, place, settings).restore()
        restored = time.monotonic() - began
        began = time.monotonic()
        await rebuild_frontier(client, pool, settings.recrawl_after)
        rebuilt = time.monotonic() - began
        differ = sum(a != b for a, b in zip(before, await _histories(client, products), strict=True))
    finally:
        await pool.close()
        await client.aclose()
        await raw.aclose()
    section = Section(
        "Redis lost and restored",
        f"{PRODUCTS:,} products with {rows:,} changes, one process each; every history is compared afterwards.",
        ("step", "seconds", "rate"),
    )
    section.rows += [
        ("archive", f"{archived:.1f}", f"{rows / archived:,.0f} changes/s, {size / rows:.0f} B each"),
        ("restore histories", f"{restored:.1f}", f"{result.products / restored:,.0f} products/s"),
        ("rebuild the frontier", f"{rebuilt:.1f}", f"{PRODUCTS / rebuilt:,.0f} products/s"),
    ]
    section.goals.append(Goal("histories that differ", float(differ), 0, at_most=True, unit="of them"))
    return section


async def _record(store: Store, products: list[ProductID]) -> None:
    chance, now = random.Random(1), system_clock()
    for partition in range(keyspace.PARTITIONS):
        await store.client.set(keyspace.test_server(partition), 1)
    for change in range(CHANGES):
        at = now - (CHANGES - change) * 3 * DAY
        recorder = Recorder(store, 7 * 86_400, now=now)
        looks = [
            LookToRecord(Look(product, "USD", {Offer.BUYBOX: chance.choice([None, *range(1000, 1200)])}, at))
            for product in products
        ]
        for start in range(0, len(looks), _PAGE):
            await recorder.record(looks[start : start + _PAGE])


async def _histories(client: Client, products: list[ProductID]) -> list[object]:
    found: list[object] = []
    for start in range(0, len(products), _PAGE):
        for whole in await snapshots.take(client, products[start : start + _PAGE]):
            assert whole is not None
            found.append({offer: (past.prices, past.states) for offer, past in whole.offers.items()})
    return found
