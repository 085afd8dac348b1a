"""The record step: record.lua beside bare TS.ADD with the same rules and beside the same step in PostgreSQL."""

import asyncio
import random
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Sequence

import asyncpg

from bench.report import Goal, Section, median_of
from pennywren import keyspace
from pennywren.model.clock import DAY, HOUR
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.tiering import move_to_tier
from pennywren.store.connect import connect
from pennywren.store.scripts import Script
from pennywren.store.store import Store

PRODUCTS = 100_000
ROUNDS = 5
POSTGRES_BATCH = 500
SCRIPT_BATCH = 50
START = 1_700_000_000_000

_TABLES = """
drop table if exists bench_state, bench_prices, bench_changes, bench_compacted;
create table bench_state (
    product text, offer text, currency text not null, price bigint, state smallint not null, since bigint not null,
    first bigint not null, last_seen bigint not null, version bigint not null, changes bigint not null,
    low bigint not null, low_at bigint not null, high bigint not null, high_at bigint not null,
    rate text, due bigint not null, primary key (product, offer)
) with (fillfactor = 70);
create index on bench_state (due);
create table bench_prices (product text, offer text, at bigint, price bigint, primary key (product, offer, at));
create table bench_changes (
    seq bigint generated always as identity primary key, product text, offer text, kind text, old bigint, new bigint,
    currency text, at bigint, version bigint, new_low boolean, lowest_for_days int, source text
);
create table bench_compacted (
    product text, offer text, unit text, start bigint, area numeric, lasted bigint, min bigint, max bigint,
    primary key (product, offer, unit, start)
);
"""

# The best twin that we know, one statement a batch: compare, append, keep low and high and the day's and the week's
# average, lowest and highest, announce with all that the stream's entry carries, set the next crawl.
_STEP = """
with looks as (
    select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[])
        as look (product, price, at, due_same, due_changed, rate_same, rate_changed)
), known as (
    select look.*, s.price as old, s.since, s.first, s.low, s.version, s.currency
    from bench_state s join looks look on s.product = look.product and s.offer = 'buybox'
    where look.at > s.last_seen and s.currency = 'USD' and look.price between 1 and 10000000000 for update of s
), believed as (
    update bench_state s set
        price = k.price, last_seen = k.at, version = s.version + 1,
        changes = s.changes + (k.price <> k.old)::int, since = case when k.price <> k.old then k.at else s.since end,
        low = least(s.low, k.price), low_at = case when k.price < s.low then k.at else s.low_at end,
        high = greatest(s.high, k.price), high_at = case when k.price > s.high then k.at else s.high_at end,
        due = case when k.price <> k.old then k.due_changed else k.due_same end,
        rate = case when k.price <> k.old then k.rate_changed else k.rate_same end
    from known k where s.product = k.product and s.offer = 'buybox'
), moved as (
    select * from known where price <> old
), appended as (
    insert into bench_prices select product, 'buybox', at, price from moved
), compacted as (
    insert into bench_compacted
    select product, 'buybox', unit, at - (at + shift) % length, old * (at - since), at - since, least(old, price),
        greatest(old, price)
    from moved, (values ('day', 86400000::bigint, 0::bigint), ('week', 604800000, 259200000)) as u (unit, length, shift)
    on conflict (product, offer, unit, start) do update set
        area = bench_compacted.area + excluded.area, lasted = bench_compacted.lasted + excluded.lasted,
        min = least(bench_compacted.min, excluded.min), max = greatest(bench_compacted.max, excluded.max)
)
insert into bench_changes (product, offer, kind, old, new, currency, at, version, new_low, lowest_for_days, source)
select product, 'buybox', 'price', old, price, currency, at, version + 1, price < low,
    case when price > old then 0 when price < low then (at - first) / 86400000 else (at - (
        select max(p.at) from bench_prices p where p.product = m.product and p.offer = 'buybox' and p.price <= m.price
    )) / 86400000 end, 'crawl'
from moved m
"""


class _World:
    """Products whose prices move: `share` of them each hour."""

    def __init__(self, share: float) -> None:
        self.products = [ProductID("us", f"B{number:09d}") for number in range(PRODUCTS)]
        self._prices = [1000] * PRODUCTS
        self._share, self._now, self._random = share, START, random.Random(1)

    def looks(self) -> list[LookToRecord]:
        self._now += HOUR
        looks: list[LookToRecord] = []
        for i, product in enumerate(self.products):
            if self._random.random() < self._share:
                self._prices[i] += self._random.choice([-7, 5, 9])
            looks.append(
                LookToRecord(
                    Look(product, "USD", {Offer.BUYBOX: self._prices[i]}, self._now),
                    due_if_same=self._now + DAY,
                    due_if_changed=self._now + HOUR,
                    rate_if_same="0.35 7.0",
                    rate_if_changed="1.35 7.5",
                )
            )
        self._random.shuffle(looks)
        return looks


def _encode(*parts: object) -> bytes:
    encoded = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in encoded)


def _send(address: tuple[str, int], password: str, commands: Sequence[bytes]) -> float:
    """Seconds that the server needs for commands that were encoded before; a second thread sends them."""
    with socket.create_connection(address) as connection:
        connection.sendall(_encode("AUTH", password))
        connection.recv(64)
        data = b"".join(commands) + _encode("ECHO", "the-end")
        started = time.perf_counter()
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        tail = b""
        while b"the-end" not in tail:
            tail = (tail + connection.recv(1 << 20))[-64:]
        seconds = time.perf_counter() - started
        sender.join()
    return seconds


async def _redis(url: str, share: float) -> dict[str, float]:
    client, bytes_client = connect(url), connect(url, decode=False)
    store = Store(client, bytes_client)
    await client.flushall()
    recorder, world, script = Recorder(store, 30 * 86_400), _World(share), Script("record")
    await recorder.record(world.looks())
    for start in range(0, PRODUCTS, 50):
        await asyncio.gather(*(move_to_tier(store, each, "charted") for each in world.products[start : start + 50]))
    address, password = _address(url)
    python: list[float] = []
    server: list[float] = []
    for _ in range(ROUNDS):
        looks = world.looks()
        started = time.perf_counter()
        await recorder.record(looks)
        python.append(PRODUCTS / (time.perf_counter() - started))
        commands = [
            _encode("EVALSHA", script.sha, len(keys), *keys, *args) for keys, args in _calls(recorder, world.looks())
        ]
        server.append(PRODUCTS / _send(address, password, commands))
    bare: list[float] = []
    at = START + 1000 * HOUR
    for _ in range(ROUNDS):
        at += HOUR
        adds = [_encode("TS.ADD", keyspace.raw(product, Offer.BUYBOX), at, 1000 + at % 7) for product in world.products]
        bare.append(PRODUCTS / _send(address, password, adds))
    await client.aclose()
    await bytes_client.aclose()
    return {"python": median_of(python), "server": median_of(server), "bare": median_of(bare)}


def _calls(recorder: Recorder, looks: Sequence[LookToRecord]) -> list[tuple[Sequence[str], Sequence[object]]]:
    by_partition: defaultdict[int, list[LookToRecord]] = defaultdict(list)
    for look in looks:
        by_partition[keyspace.partition_of(look.look.product)].append(look)
    return [
        recorder.call(partition, members[start : start + SCRIPT_BATCH])
        for partition, members in by_partition.items()
        for start in range(0, len(members), SCRIPT_BATCH)
    ]


def _address(url: str) -> tuple[tuple[str, int], str]:
    password, _, place = url.removeprefix("redis://:").partition("@")
    host, _, port = place.partition("/")[0].partition(":")
    return (host, int(port)), password


async def _postgres(url: str, share: float) -> float:
    world = _World(share)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_TABLES)
        # As lossy as an append-only file that is flushed each second, so that like is compared with like.
        await connection.execute("set synchronous_commit = off")
        rows = [
            (str(product), "buybox", "USD", 1000, 1, START, START, START, 1, 1, 1000, START, 1000, START, "", START)
            for product in world.products
        ]
        await connection.copy_records_to_table("bench_state", records=rows)
        await connection.execute("vacuum analyze bench_state")
        step = await connection.prepare(_STEP)
        rates: list[float] = []
        for _ in range(ROUNDS):
            looks = world.looks()
            started = time.perf_counter()
            for start in range(0, PRODUCTS, POSTGRES_BATCH):
                batch = looks[start : start + POSTGRES_BATCH]
                await step.fetch(
                    [str(each.look.product) for each in batch],
                    [each.look.prices[Offer.BUYBOX] for each in batch],
                    [each.look.at for each in batch],
                    [each.due_if_same for each in batch],
                    [each.due_if_changed for each in batch],
                    [each.rate_if_same for each in batch],
                    [each.rate_if_changed for each in batch],
                )
            rates.append(PRODUCTS / (time.perf_counter() - started))
        await connection.execute("drop table bench_state, bench_prices, bench_changes, bench_compacted")
    finally:
        await connection.close()
    return median_of(rates)


def measure(redis_url: str, postgres_url: str) -> Section:
    """Both servers are on this machine, one core's work each."""
    section = Section(
        "The record step",
        f"Observations/s, medians of {ROUNDS} rounds of {PRODUCTS:,} products with six compaction rules each (tier "
        f"charted), AOF everysec; batches of up to {SCRIPT_BATCH} of one partition; PostgreSQL (synchronous_commit "
        f"off) in batches of {POSTGRES_BATCH} through asyncpg.",
        [
            "changed",
            "record.lua, pre-encoded",
            "record.lua, our Python writer",
            "bare TS.ADD, same rules",
            "PostgreSQL",
        ],
    )
    for share in (0.1, 1.0):
        redis = asyncio.run(_redis(redis_url, share))
        postgres = asyncio.run(_postgres(postgres_url, share))
        figures = (redis["server"], redis["python"], redis["bare"], postgres)
        section.rows.append([f"{share:.0%}", *(f"{figure:,.0f}" for figure in figures)])
        if share < 1:
            section.goals.append(Goal("10 % changed, server's side over PostgreSQL", redis["server"] / postgres, 2.5))
            section.goals.append(Goal("10 % changed, through Python over PostgreSQL", redis["python"] / postgres, 1.4))
    section.limits += [
        "What limits record.lua: the one core of Redis; when all prices change, the six rules of each series.",
        "What limits the Python writer: building keys and arguments and reading replies, on one core of Python.",
        "What limits PostgreSQL: the index on the due time, which every look moves, and its log.",
    ]
    return section
