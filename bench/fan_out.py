"""One change that triggers a million watches, beside other products' alerts; and the design that polls instead."""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from bench.report import Goal, Section, quantile
from bench.servers import Servers
from pennywren import keyspace
from pennywren.model.clock import system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.matching import Matcher
from pennywren.postgres.pool import Pool, open_pool
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.connect import Client, connect
from pennywren.store.store import Store
from pennywren.workqueue import WorkQueue

WATCHES = 1_000_000
OTHERS = 100
OTHERS_PER_SECOND = 2.0
PATIENCE_S = 300.0
PAGE = 50_000
HOUR_S = 3600.0
WIDE = ProductID("us", "B000000000")
HIGH, LOW, TARGET = 1599, 1299, 1300


@dataclass
class FanOut:
    """What was measured."""

    decided_s: float
    queued_s: float
    alerts: int
    others_s: list[float]


async def load(pool: Pool, client: Client, recorder: Recorder, watches: int) -> None:
    """`watches` people of one product, and one of each other product; in the index as rebuilding puts them there."""
    others = [ProductID("us", f"B{number:09d}") for number in range(1, OTHERS + 1)]
    await pool.execute("truncate people, products cascade")
    await pool.execute(
        "insert into products (id, title) select unnest($1::text[]), 'A thing'", [str(WIDE), *map(str, others)]
    )
    for start in range(0, watches + OTHERS, PAGE):
        await pool.execute(
            """
            with made as (
                insert into people (email) select 'watcher' || n || '@example.com'
                from generate_series($1::int, $2::int) n returning id
            ), numbered as (select id, $1 + row_number() over () - 1 as n from made)
            insert into subscriptions (person_id, product_id, offer, threshold, currency, notification_type, armed_at)
            select id, case when n < $3 then $4 else 'us:B' || lpad((n - $3 + 1)::text, 9, '0') end,
                   'buybox', $5, 'USD', 'EMAIL', now() from numbered
            """,
            start,
            min(start + PAGE, watches + OTHERS) - 1,
            watches,
            str(WIDE),
            TARGET,
        )
    await pool.execute("analyze subscriptions")
    async with pool.acquire() as connection, connection.transaction():
        async for rows in _pages(connection):
            async with client.pipeline(transaction=False) as pipe:
                for row in rows:
                    key = keyspace.watch(ProductID.parse(row["product_id"]), Offer.BUYBOX)
                    pipe.zadd(key, {str(row["id"]): TARGET})
                await pipe.execute()
    await recorder.record([LookToRecord(Look(each, "USD", {Offer.BUYBOX: HIGH})) for each in (WIDE, *others)])


async def load_spread(pool: Pool, client: Client, watches: int, products: int) -> None:
    """`watches` people with a watch each, spread evenly over products that are not there yet; in the index, too."""
    await pool.execute("truncate people, products cascade")
    await pool.execute(
        "insert into products (id, title) "
        "select 'us:B9' || lpad(n::text, 8, '0'), 'A thing' from generate_series(1, $1) n",
        products,
    )
    for start in range(0, watches, PAGE):
        rows = await pool.fetch(
            """
            with made as (
                insert into people (email) select 'loaded' || n || '@example.com'
                from generate_series($1::int, $2::int) n returning id
            ), numbered as (select id, $1 + row_number() over () as n from made)
            insert into subscriptions (person_id, product_id, offer, threshold, currency, notification_type)
            select id, 'us:B9' || lpad((n % $3 + 1)::text, 8, '0'), 'buybox', $4, 'USD', 'EMAIL' from numbered
            returning id, product_id
            """,
            start,
            min(start + PAGE, watches) - 1,
            products,
            TARGET,
        )
        async with client.pipeline(transaction=False) as pipe:
            for row in rows:
                pipe.zadd(keyspace.watch(ProductID.parse(row["product_id"]), Offer.BUYBOX), {str(row["id"]): TARGET})
            await pipe.execute()


async def _pages(connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"):
    cursor = await connection.cursor("select id, product_id from subscriptions")
    while rows := await cursor.fetch(PAGE):
        yield rows


async def fan_out(pool: Pool, store: Store, queue: WorkQueue, recorder: Recorder, watches: int) -> FanOut:
    """Record the wide change, then others at a steady pace; from each to its alerts, by PostgreSQL's own clock."""
    matcher = Matcher(store, pool, queue, system_clock, cooldown=timedelta(hours=6))
    stop = asyncio.Event()
    running = asyncio.create_task(matcher.run(stop))
    while await store.client.zcard(keyspace.ready_changes()):  # the first prices
        await asyncio.sleep(0.2)
    begin = time.monotonic()
    await recorder.record([LookToRecord(Look(WIDE, "USD", {Offer.BUYBOX: LOW}))])
    for number in range(1, OTHERS + 1):
        await asyncio.sleep(max(0.0, begin + number / OTHERS_PER_SECOND - time.monotonic()))
        product = ProductID("us", f"B{number:09d}")
        await recorder.record([LookToRecord(Look(product, "USD", {Offer.BUYBOX: LOW}))])
    deadline = begin + PATIENCE_S
    while time.monotonic() < deadline:
        open_ = await pool.fetchval("select count(*) from fan_outs where done_at is null")
        unqueued = await pool.fetchval("select exists (select from alerts where queued_at is null)")
        if not open_ and not unqueued:
            break
        await asyncio.sleep(0.5)
    stop.set()
    with suppress(asyncio.CancelledError):
        await running
    row = await pool.fetchrow(
        "select count(*) as n, extract(epoch from max(decided_at) - min(seen_at))::float8 as decided, "
        "extract(epoch from max(queued_at) - min(seen_at))::float8 as queued from alerts where product_id = $1",
        str(WIDE),
    )
    assert row is not None  # an aggregate has one row
    others = await pool.fetch(
        "select extract(epoch from queued_at - seen_at)::float8 as s from alerts where product_id <> $1", str(WIDE)
    )
    return FanOut(row["decided"] or 0.0, row["queued"] or 0.0, row["n"], [each["s"] for each in others])


async def poll(pool: Pool) -> tuple[float, float]:
    """The other design, as small as it can be: every hour one statement compares every watch with its product's price,
    which lies in PostgreSQL. Seconds of one pass that tells nobody, and of one that tells all."""
    await pool.execute("truncate alerts cascade")
    await pool.execute("update subscriptions set last_alert_at = null, last_alert_price = null", timeout=PATIENCE_S)
    await pool.execute("drop table if exists polled_prices")
    await pool.execute("create table polled_prices (product_id text primary key, price bigint, seen_at timestamptz)")
    await pool.execute("insert into polled_prices select id, $1, now() from products", HIGH)
    await pool.execute("vacuum analyze subscriptions, polled_prices", timeout=PATIENCE_S)
    scan = """
        insert into alerts (subscription_id, person_id, change_id, product_id, offer, new_price, currency, seen_at)
        select s.id, s.person_id, 'poll/' || extract(epoch from p.seen_at), s.product_id, s.offer, p.price,
               s.currency, p.seen_at
        from subscriptions s join polled_prices p using (product_id)
        where p.price <= s.threshold and s.last_alert_at is null
        on conflict do nothing
    """
    begin = time.monotonic()
    await pool.execute(scan, timeout=PATIENCE_S)
    nobody = time.monotonic() - begin
    await pool.execute("update polled_prices set price = $1", LOW)
    begin = time.monotonic()
    await pool.execute(scan, timeout=PATIENCE_S)
    return nobody, time.monotonic() - begin


def polled_waits(others: int, scan_s: float, seed: int = 7) -> list[float]:
    """How long (s) changes at random moments wait for an hourly pass, and then for the pass."""
    chance = random.Random(seed)
    return [chance.uniform(0, HOUR_S) + scan_s for _ in range(others)]


async def _measure(up: Servers, watches: int) -> tuple[FanOut, tuple[float, float]]:
    client, bytes_client = connect(up.redis_url), connect(up.redis_url, decode=False)
    pool = await open_pool(up.postgres_url, size=6)
    queue = WorkQueue(up.queue_url)
    store = Store(client, bytes_client)
    try:
        await client.flushall()
        recorder = Recorder(store, 7 * 86_400)
        await load(pool, client, recorder, watches)
        measured = await fan_out(pool, store, queue, recorder, watches)
        return measured, await poll(pool)
    finally:
        queue.close()
        await pool.close()
        await asyncio.gather(client.aclose(), bytes_client.aclose())


def measure(up: Servers, watches: int = WATCHES) -> Section:
    """One matcher process, as `pennywren up` runs it."""
    found, (nobody, everybody) = asyncio.run(_measure(up, watches))
    polled = polled_waits(10_000, nobody)
    section = Section(
        "One change, a million watches",
        f"One change that triggers {watches:,} watches, and {OTHERS} changes of other products meanwhile, "
        f"{OTHERS_PER_SECOND:g} a second with a watch each; one matcher. Beside it a job that every hour compares all "
        "watches with prices in PostgreSQL, on the same rows.",
        ["", "alerts", "decided s", "queued s", "others p50 s", "others p99 s", "slowest s", "at rest"],
        [
            [
                "change streams",
                f"{found.alerts:,}",
                f"{found.decided_s:.1f}",
                f"{found.queued_s:.1f}",
                *_others(found.others_s),
                "nothing: no change, no work",
            ],
            [
                "hourly scan",
                f"{watches + OTHERS:,}",
                f"{HOUR_S / 2 + everybody:.0f} (on average)",
                "",
                *_others(polled),
                f"{nobody:.2f} s of scanning an hour that tells nobody",
            ],
        ],
    )
    section.goals.append(Goal("a million alerts decided and queued", found.queued_s, 60.0, at_most=True, unit="s"))
    section.goals.append(Goal("alerts decided", float(found.alerts), watches, unit="alerts"))
    slowest = max(found.others_s, default=PATIENCE_S)
    section.goals.append(Goal("slowest alert of another product meanwhile", slowest, 5.0, at_most=True, unit="s"))
    section.goals.append(Goal("alerts of other products", float(len(found.others_s)), OTHERS, unit="alerts"))
    return section


def _others(waits: Sequence[float]) -> list[str]:
    return [f"{quantile(waits, share):.2f}" for share in (0.5, 0.99, 1.0)] if waits else ["-"] * 3
