"""The record step in PostgreSQL: the best statement that we know for all that record.lua does, a batch a statement.

It does the same work, so that like is compared with like: it refuses what record.lua refuses and names why, checks
the lease, appends the price and what was not observed, keeps low and high, splits the time that a price held over the
days and weeks that it held in (their averages, lowest and highest), counts, announces with all that the stream's
entry carries, sets when the product is due, and answers with an outcome for each look. Where PostgreSQL can be given
an advantage it has it: one offer a product, whose columns stand in the product's row, where record.lua has four; one
row a change, where a series needs two samples; OLD and NEW in RETURNING (PostgreSQL 18) spare it a read.
"""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from pennywren.model.clock import DAY
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.record.recording import LookToRecord

BATCH: Final = 500

_TABLES: Final = """
drop table if exists bench_product, bench_prices, bench_states, bench_changes, bench_compacted;
create table bench_product (
    product text primary key, currency text not null, version bigint not null, changes bigint not null, rate text,
    availability text, due bigint, lease bigint, price bigint, state smallint not null, since bigint not null,
    first bigint not null, last_seen bigint not null, low bigint not null, low_at bigint not null,
    high bigint not null, high_at bigint not null
) with (fillfactor = 70);
create index on bench_product (due);
create table bench_prices (product text, offer text, at bigint, price bigint, primary key (product, offer, at));
create table bench_states (product text, offer text, at bigint, state smallint, primary key (product, offer, at));
create table bench_changes (
    seq bigint generated always as identity primary key, product text, offer text, kind text, old bigint, new bigint,
    currency text, at bigint, version bigint, new_low boolean, lowest_for_days int, source text
);
create table bench_compacted (
    product text, offer text, unit text, start bigint, area numeric, lasted bigint, min bigint, max bigint,
    primary key (product, offer, unit, start)
);
"""
_DROP: Final = "drop table bench_product, bench_prices, bench_states, bench_changes, bench_compacted"

# $11: a longer silence (ms) becomes a span that was not observed; $12: now (ms).
_STEP: Final = """
with looks as (
    select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
        $8::text[], $9::bigint[], $10::text[])
        as look (product, price, at, due_same, due_changed, rate_same, rate_changed, currency, lease, availability)
), believed as (
    update bench_product s set
        price = coalesce(k.price, s.price), state = (k.price is not null)::int, last_seen = k.at,
        version = s.version + 1, changes = s.changes + coalesce({moved}, false)::int,
        since = case when {moved} then k.at else s.since end,
        low = least(s.low, k.price), low_at = case when k.price < s.low then k.at else s.low_at end,
        high = greatest(s.high, k.price), high_at = case when k.price > s.high then k.at else s.high_at end,
        due = coalesce(case when {moved} then k.due_changed else k.due_same end, s.due),
        rate = coalesce(case when {moved} then k.rate_changed else k.rate_same end, s.rate),
        availability = coalesce(k.availability, s.availability),
        lease = case when k.lease is null then s.lease end
    from looks k
    where s.product = k.product and k.at > s.last_seen and s.currency = k.currency
        and (k.price is null or k.price between 1 and 10000000000) and k.at <= $12::bigint + 60000
        and (k.lease is null or (s.lease = k.lease and k.lease > $12::bigint))
    returning s.product, old.price as was, new.price, old.state as was_state, new.state, old.since, old.first, old.low,
        old.last_seen, new.currency, new.version, new.changes, new.last_seen as at
), moved as (
    select *, case when state = 0 then 'out' when was_state = 0 then 'back' else 'price' end as kind
    from believed where price <> was or state <> was_state
), appended as (
    insert into bench_prices select product, 'buybox', at, price from moved where price <> was
), unobserved as (
    insert into bench_states
    select product, 'buybox', at, state from believed where state <> was_state or at - last_seen > $11::bigint
    union all
    select product, 'buybox', last_seen + 1, 2 from believed where at - last_seen > $11::bigint
), compacted as (
    insert into bench_compacted
    select product, 'buybox', unit, bucket, was * (least(at, bucket + length) - greatest(since, bucket)),
        least(at, bucket + length) - greatest(since, bucket),
        case when bucket = last then least(was, price) else was end,
        case when bucket = last then greatest(was, price) else was end
    from (
        select *, at - (at + shift) % length as last, since - (since + shift) % length as begun
        from moved, (values ('day', 86400000::bigint, 0::bigint), ('week', 604800000, 259200000))
            as u (unit, length, shift)
        where price <> was
    ) m, lateral (select last as bucket union all select begun where begun < last) b
    on conflict (product, offer, unit, start) do update set
        area = bench_compacted.area + excluded.area, lasted = bench_compacted.lasted + excluded.lasted,
        min = least(bench_compacted.min, excluded.min), max = greatest(bench_compacted.max, excluded.max)
), announced as (
    insert into bench_changes
        (product, offer, kind, old, new, currency, at, version, new_low, lowest_for_days, source)
    select product, 'buybox', kind, was, price, currency, at, version, price < low,
        case when price > was then 0 when price < low then (at - first) / 86400000 else (at - (
            select max(p.at) from bench_prices p
            where p.product = m.product and p.offer = 'buybox' and p.price <= m.price
        )) / 86400000 end, 'crawl'
    from moved m
)
select b.changes, coalesce(b.at, k.at), case
    when b.price = b.was and b.state = b.was_state then 0 when b.state = 0 then 3 when b.was_state = 0 then 4
    when b.product is not null then 2
    else (
        select case when k.lease is distinct from s.lease and k.lease is not null or k.lease <= $12::bigint then -1
            when s.currency <> k.currency then -6 when k.price not between 1 and 10000000000 then -5
            when k.at > $12::bigint + 60000 then -4 when k.at = s.last_seen and k.price = s.price then -3 else -2 end
        from bench_product s where s.product = k.product
    ) end
from looks k left join believed b on b.product = k.product
"""
# Whether this look moves the price or the presence of the offer; true, false, or null for "still absent".
_MOVED: Final = "(k.price <> s.price or (k.price is null) = (s.state = 1))"
Columns = tuple[list[Any], ...]


class Twin:
    """One connection, which is one process of the server, as Redis is one; tables of its own."""

    def __init__(self, connection: "asyncpg.Connection[Any]", step: Any, gap_ms: int) -> None:
        self._connection, self._step, self._gap = connection, step, gap_ms

    @classmethod
    async def make(cls, url: str, products: Sequence[ProductID], price: int, at: int, gap_ms: int) -> "Twin":
        """Tables with `products`, all seen at `at` (ms) with `price`."""
        connection = await asyncpg.connect(url)
        await connection.execute(_TABLES)
        # As lossy as an append-only file that is flushed each second; all else is as PostgreSQL is shipped.
        await connection.execute("set synchronous_commit = off")
        rows = (
            (str(each), "USD", 1, 1, "", None, at + hash(each) % DAY, None, price, 1, at, at, at, price, at, price, at)
            for each in products
        )
        await connection.copy_records_to_table("bench_product", records=rows)
        await connection.execute("vacuum analyze bench_product")
        return cls(connection, await connection.prepare(_STEP.replace("{moved}", _MOVED)), gap_ms)

    @staticmethod
    def columns(looks: Sequence[LookToRecord]) -> Columns:
        """A batch as the statement takes it."""
        return (
            [str(each.look.product) for each in looks],
            [each.look.prices[Offer.BUYBOX] for each in looks],
            [each.look.at for each in looks],
            [each.due_if_same for each in looks],
            [each.due_if_changed for each in looks],
            [each.rate_if_same for each in looks],
            [each.rate_if_changed for each in looks],
            [each.look.currency for each in looks],
            [each.lease for each in looks],
            [each.availability for each in looks],
        )

    async def record(self, batch: Columns, now: int) -> list[Any]:
        """Record a batch at `now` (ms): for each look its changes so far, its time and its outcome."""
        return await self._step.fetch(*batch, self._gap, now)

    async def pid(self) -> int:
        """The process that serves this connection."""
        return await self._connection.fetchval("select pg_backend_pid()")

    async def upkeep(self) -> tuple[int, int]:
        """Checkpoints and vacuums of the table so far."""
        checkpoints = await self._connection.fetchval("select num_done from pg_stat_checkpointer")
        vacuums = "select autovacuum_count from pg_stat_user_tables where relname = 'bench_product'"
        return checkpoints, await self._connection.fetchval(vacuums) or 0

    async def end(self) -> None:
        """Drop the tables and disconnect."""
        await self._connection.execute(_DROP)
        await self._connection.close()
