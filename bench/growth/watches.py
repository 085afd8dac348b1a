"""More subscriptions: what the rebuild of the watch index costs, and whom a change of a product with many triggers."""

import asyncio
import os
import sys
import time
from typing import Final

from bench.growth.catalogue import CATALOGUE
from bench.growth.section import ms, section
from bench.plots import Points
from bench.report import Section
from bench.servers import Servers
from pennywren.local.redis import temporary_redis
from pennywren.match import index
from pennywren.match.index import Watch
from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.clock import system_clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.watch_rebuild import rebuild_watches
from pennywren.postgres.pool import Pool, open_pool
from pennywren.store.connect import Client, connect
from pennywren.store.store import Store

_LARGEST: Final = int(os.environ.get("WATCHES", "1000000"))
_WATCHERS: Final = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
_EACH: Final = 10
"""Watches of one person."""
_LOAD_WITHIN_S: Final = 1_800
_PAGE: Final = 5_000
_ONE: Final = ProductID("us", "B0GROWTH00")


def measure_watches(up: Servers) -> Section:
    """The watch index, made from so many subscriptions."""
    return asyncio.run(_watches(up))


def measure_watchers(up: Servers) -> Section:
    """Whom a change triggers, of so many who watch one product."""
    return asyncio.run(_watchers(up))


async def _watches(up: Servers) -> Section:
    pool = await open_pool(up.postgres_url, size=2)
    found: list[tuple[float, float]] = []
    size = 0
    with temporary_redis(up.folder / "watches") as url:
        client, in_bytes = connect(url), connect(url, decode=False)
        for count in (n for n in (1_000, 10_000, 100_000, 1_000_000, 10_000_000) if n <= _LARGEST):
            sys.stderr.write(f"growth: {count:,} subscriptions\n")
            await _subscribe(pool, count)
            await client.flushall()
            began = time.perf_counter()
            await rebuild_watches(Store(client, in_bytes), pool, system_clock())
            found.append((count, time.perf_counter() - began))
            size = await pool.fetchval("select pg_total_relation_size('subscriptions')")
        await client.aclose()
        await in_bytes.aclose()
    await pool.close()
    count, seconds = found[-1]
    limits = [
        f"The watch index is rebuilt at {count / seconds:,.0f} watches/s: 10 M take "
        f"{seconds / count * 1e7 / 60:.0f} minutes.",
        "Of more watches, more of a page's 5,000 are of different products, each of which is two commands: 3,500 of "
        "them where there are 100,000 watches, nearly all of them from a million on.",
        f"PostgreSQL keeps {size / count:.0f} B a subscription, its indexes included.",
    ]
    curves: dict[str, Points] = {"rebuild of the watch index, s": found}
    how = (
        f"`WATCHES=10000000` for more. {_EACH} a person, of products a tenth as many, of which half of all watches are "
        "of a quarter; none of them has a price yet."
    )
    return section("watches", "subscriptions", curves, limits, how)


async def _subscribe(pool: Pool, count: int) -> None:
    """So many subscriptions, of products that are a tenth as many: few of them have many watches, most have a few."""
    products = max(100, count // 10)
    await pool.execute("truncate people, products cascade")
    await pool.execute(CATALOGUE, products - 1, timeout=_LOAD_WITHIN_S)
    await pool.execute(
        "insert into people (email) select g || '@example.com' from generate_series(1, $1) g",
        count // _EACH,
        timeout=_LOAD_WITHIN_S,
    )
    async with pool.acquire() as connection, connection.transaction():
        # Whom and what they are of was made just now: checking it takes longer than all else.
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            """
            insert into subscriptions (person_id, product_id, offer, threshold, currency, notification_type)
            select p.id, 'us:B' || lpad(floor($1::float8 * share * share)::bigint::text, 9, '0'), 'buybox',
                1 + (p.id * 7 + g) % 900, 'USD', 'EMAIL'
            from people p, generate_series(0, $2 - 1) g,
                lateral (select (g + (p.id * 7919 + g * 104729) % 10007 / 10007.0) / $2 as share) s
            """,
            float(products),
            _EACH,
            timeout=_LOAD_WITHIN_S,
        )
    await pool.execute("vacuum analyze subscriptions", timeout=_LOAD_WITHIN_S)


async def _watchers(up: Servers) -> Section:
    with temporary_redis(up.folder / "watchers") as url:
        client = connect(url)
        curves = await _triggered(client)
        await client.aclose()
    limits = [
        "Whom a change triggers is found by ranges of sorted sets, log n; each is the quickest of some times.",
    ]
    return section("watchers", "watchers of one product", curves, limits)


async def _triggered(client: Client) -> dict[str, Points]:
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
            curves[name].append((count, await ms(index.triggered, client, [change])))
    return dict(curves)
