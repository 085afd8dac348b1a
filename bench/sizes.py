"""Bytes of rows, of PostgreSQL's log, of requests, answers and backups: `bench/plan.py` multiplies them."""

import asyncio
import gzip
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlsplit

from bench.load import traffic
from bench.load.traffic import Traffic
from bench.page_shop import real_pages
from bench.report import Section
from bench.reports_http import request
from bench.servers import Servers
from bench.site import past, website
from pennywren import keyspace
from pennywren.archive.places import Folder
from pennywren.match import index
from pennywren.match.index import Watch
from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.clock import MINUTE, SECOND, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.notify import alerts, deliveries, waiting
from pennywren.notify.decisions import Reason
from pennywren.pipeline.backing_up import back_up
from pennywren.postgres import catalogue
from pennywren.postgres.catalogue import CatalogueEntry
from pennywren.postgres.pool import Pool, open_pool, transaction
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import Past, restore
from pennywren.store.connect import Client, connect
from pennywren.store.store import Store

PRODUCTS: Final = 20_000
PEOPLE: Final = 200
WATCHES: Final = 100
"""Of each of these people."""
CHANGES: Final = 5
_LOOKS: Final = 1_000
_LEVEL: Final = 6
"""Of gzip, as web servers pack."""
_BATCH: Final = 50
"""Looks that the catalogue hears of at once, as in production."""
_INDEXED: Final = 100_000
"""Watches of one product."""
_LETTERS: Final = "aaabcdeeeeefghiiijklmnnoooprrsssttuuvwyz"
_WORDS: Final = 13
_IMAGE: Final = "https://images.example/I/71kettle0000L._AC_SX679_{}.jpg"


def measure(up: Servers) -> Section:
    """Everything on a fresh installation."""
    section = Section(
        "Sizes",
        f"Bytes of one each: of {PRODUCTS:,} products with {CHANGES} prices, titles of {_WORDS} words and addresses of "
        f"pictures, {PEOPLE * WATCHES:,} watches, each told once. The log of a look is of one that "
        "meets a page that nobody has touched since the last checkpoint, as nearly each does among millions.",
        ["what", "bytes"],
    )
    found = asyncio.run(_kept(up)) | _sent(up)
    section.rows += [(what, f"{size:,.0f}") for what, size in found.items()]
    return section


def _title(n: int) -> str:
    """Of invented words, so that it packs as titles do."""
    chance = random.Random(n)
    return " ".join("".join(chance.choices(_LETTERS, k=chance.randrange(2, 10))) for _ in range(_WORDS))


def _product(n: int) -> ProductID:
    return ProductID.parse(traffic.product(n))


async def _kept(up: Servers) -> dict[str, float]:
    client, raw = connect(up.redis_url), connect(up.redis_url, decode=False)
    pool = await open_pool(up.postgres_url, size=2)
    store, found = Store(client, raw), dict[str, float]()
    try:
        entries = [CatalogueEntry(_product(n), _title(n), _IMAGE.format(n), system_clock()) for n in range(PRODUCTS)]
        await catalogue.upsert(pool, entries)
        found["a product in the catalogue, in PostgreSQL"] = await _size(pool, "products") / PRODUCTS
        for compression, what in (("off", ""), ("on", ", its pages compressed")):
            await pool.execute(f"alter system set wal_compression = '{compression}'")
            await pool.execute("select pg_reload_conf()")
            found[f"a look in PostgreSQL's log{what}"] = await _logged_by_looks(pool)
        found |= await _watches_and_alerts(pool)
        found["a watch in the index of Redis"] = await _indexed(client)
        await _record(store)
        folder = up.folder / "backup"
        await back_up(client, raw, pool, Folder(folder))
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        found["a product with a watch in a backup"] = size / PRODUCTS
    finally:
        await pool.close()
        await client.aclose()
        await raw.aclose()
    return found


async def _size(pool: Pool, *tables: str) -> float:
    """Bytes of tables with their indexes."""
    asked = "select sum(pg_total_relation_size(t::regclass))::bigint from unnest($1::text[]) t"
    return float(await pool.fetchval(asked, tables))


async def _log(pool: Pool, work: Callable[[], Awaitable[None]]) -> float:
    """Bytes that some work adds to PostgreSQL's log."""
    before = await pool.fetchval("select pg_current_wal_insert_lsn()::text")
    await work()
    return float(await pool.fetchval("select pg_current_wal_insert_lsn() - $1::text::pg_lsn", before))


async def _logged_by_looks(pool: Pool) -> float:
    chance, total = random.Random(3), 0.0
    for _ in range(_LOOKS // _BATCH):
        await pool.execute("checkpoint")
        entries = [
            CatalogueEntry(_product(n), _title(n), _IMAGE.format(n), system_clock() + MINUTE)
            for n in chance.sample(range(PRODUCTS), _BATCH)
        ]

        async def look(entries: list[CatalogueEntry] = entries) -> None:
            await catalogue.upsert(pool, entries)

        total += await _log(pool, look)
    return total / _LOOKS


async def _watches_and_alerts(pool: Pool) -> dict[str, float]:
    count = PEOPLE * WATCHES
    await pool.execute(
        "insert into people (email) select 'somebody' || g || '@example.com' from generate_series(1, $1) g", PEOPLE
    )

    async def watch() -> None:
        await pool.execute(
            "insert into subscriptions (person_id, product_id, offer, threshold, currency, notification_type) "
            "select p.id, 'us:B' || lpad((p.id * $1 % $2 + g)::text, 9, '0'), 'buybox', 900, 'USD', 'EMAIL' "
            "from people p, generate_series(0, $1 - 1) g",
            WATCHES,
            PRODUCTS,
        )

    watched = await _log(pool, watch)
    size = await _size(pool, "subscriptions")
    rows = await pool.fetch("select id, product_id from subscriptions order by id")
    now = system_clock()
    products = [ProductID.parse(row["product_id"]) for row in rows]
    changes = [PriceChange(each, Offer.BUYBOX, ChangeKind.PRICE, 1000, 800, "USD", now, 1) for each in products]
    concerned = [(change, [row["id"]]) for change, row in zip(changes, rows, strict=True)]

    async def tell() -> None:
        for start in range(0, count, _BATCH):
            async with transaction(pool) as connection:
                ids = (await alerts.decide(connection, concerned[start : start + _BATCH], timedelta(hours=6))).alert_ids
            async with transaction(pool) as connection:
                await waiting.mark_queued(connection, ids)
            async with transaction(pool) as connection:
                claimed = await deliveries.claim(connection, ids, _BATCH, timedelta(minutes=2))
            async with transaction(pool) as connection:
                await deliveries.record_none(connection, claimed, Reason.DELIVERED)
                await deliveries.settle(connection, claimed, "delivered")

    told = await _log(pool, tell)
    return {
        "a watch in PostgreSQL": size / count,
        "a watch that is set, in its log": watched / count,
        "an alert with its delivery, in PostgreSQL": await _size(pool, "alerts", "deliveries") / count,
        "an alert from decided to delivered, in its log": told / count,
    }


async def _indexed(client: Client) -> float:
    of, step = _product(0), 5_000
    for start in range(0, _INDEXED, step):
        await index.add(client, *(Watch(n + 1, of, Offer.BUYBOX, 1000 + n) for n in range(start, start + step)))
    size = await client.memory_usage(keyspace.watch(of, Offer.BUYBOX), samples=0)
    await client.flushall()
    return float(size or 0) / _INDEXED


async def _record(store: Store) -> None:
    now = system_clock()
    for change in range(CHANGES):
        at = now - (CHANGES - change) * MINUTE
        looks = [
            LookToRecord(Look(_product(n), "USD", {Offer.BUYBOX: 1000 + n * 37 % 5000 + change}, at))
            for n in range(PRODUCTS)
        ]
        await Recorder(store, 7 * 86_400).record(looks)
    await restore(store, [Past(_product(PRODUCTS), "USD", {Offer.BUYBOX: past(1, 120, 500)}, "charted")])


def _sent(up: Servers) -> dict[str, float]:
    """What browsers and the API say to each other, packed where browsers ask for it; headers included."""
    year, drawn = traffic.year(system_clock() / SECOND), Traffic(random.Random(3), PRODUCTS)
    made = [request(drawn, n)[0] for n in range(_LOOKS)]
    pages = [len(gzip.compress(html, _LEVEL)) for _, html, _ in real_pages()]
    found = {
        "a page of a shop, packed": sum(pages) / max(len(pages), 1),
        "a request with reports": sum(map(len, made)) / len(made),
    }
    with website(up) as address:
        for name, n, more in (
            ("a year of a product with 120 prices, as rows", PRODUCTS, ""),
            ("the same in columns", PRODUCTS, "&layout=columns"),
            (f"a year of a product with {CHANGES} prices, in columns", 7, "&layout=columns"),
        ):
            found[name] = _answer(address, f"/products/{_product(n)}/history?{year}{more}")
    return found


def _answer(address: str, path: str) -> float:
    parts = urlsplit(address)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
        return float(len(body) + sum(len(name) + len(value) + 4 for name, value in answer.getheaders()))
    finally:
        connection.close()
