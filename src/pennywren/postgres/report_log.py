"""Stored reports: those that said something else than what was believed, until their retention ends.

Who spoke stands there as an HMAC under a key of the day (UTC). The keys go with the retention, so that nothing that was
copied meanwhile links to an install any more; docs/privacy.md says what can be known until then.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from hmac import digest
from typing import Final

from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.postgres.moments import to_moment, to_ms
from pennywren.postgres.pool import Connection, Pool, transaction

_KEY_SIZE: Final = 32
_BATCH: Final = 10_000


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One report and what was decided. The time is ms UTC, the price minor units (None: no offer)."""

    at: int
    product: ProductID
    offer: Offer
    price: int | None
    currency: str
    reporter_mac: bytes
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How many reports of one reporter ended in a verdict."""

    verdict: str
    reason: str
    reports: int


async def key_of_day(connection: Connection, day: date) -> bytes:
    """The key of a day, made by whoever needs it first."""
    await connection.execute(
        "insert into report_keys (day, key) values ($1, $2) on conflict (day) do nothing",
        day,
        secrets.token_bytes(_KEY_SIZE),
    )
    return bytes(await connection.fetchval("select key from report_keys where day = $1", day))


def day_of(at: int) -> date:
    """The day (UTC) of a moment (ms UTC)."""
    return datetime.fromtimestamp(at / 1000, UTC).date()


def reporter_mac(key: bytes, reporter: str) -> bytes:
    """What stands for a reporter on the day of `key`."""
    return digest(key, reporter.encode(), sha256)[:16]


async def write_reports(connection: Connection, rows: Sequence[ReportRow]) -> None:
    """Add reports, in one COPY."""
    await connection.copy_records_to_table(
        "report_log",
        columns=["heard_at", "product_id", "offer", "price", "currency", "reporter_mac", "verdict", "reason"],
        records=[
            (
                to_moment(row.at),
                str(row.product),
                row.offer.value,
                row.price,
                row.currency,
                row.reporter_mac,
                row.verdict,
                row.reason,
            )
            for row in rows
        ],
    )


async def last_reports(pool: Pool, product: ProductID, limit: int) -> list[ReportRow]:
    """The last stored reports of a product, the newest first.

    Raises:
        Unavailable: the database is not reachable.
    """
    async with transaction(pool) as connection:
        rows = await connection.fetch(
            "select * from report_log where product_id = $1 order by heard_at desc, id desc limit $2",
            str(product),
            limit,
        )
    return [
        ReportRow(
            to_ms(row["heard_at"]),
            product,
            Offer(row["offer"]),
            row["price"],
            row["currency"],
            bytes(row["reporter_mac"]),
            row["verdict"],
            row["reason"],
        )
        for row in rows
    ]


async def verdicts_of(pool: Pool, reporter: str) -> list[Counted]:
    """How the stored reports of one reporter ended, the most frequent first.

    Raises:
        Unavailable: the database is not reachable.
    """
    async with transaction(pool) as connection:
        keys = await connection.fetch("select key from report_keys")
        macs = [reporter_mac(bytes(row["key"]), reporter) for row in keys]
        rows = await connection.fetch(
            "select verdict, reason, count(*) as n from report_log where reporter_mac = any($1::bytea[]) "
            "group by 1, 2 order by n desc, verdict, reason",
            macs,
        )
    return [Counted(row["verdict"], row["reason"], row["n"]) for row in rows]


async def forget_reports(pool: Pool, retention_days: int, now: int) -> int:
    """Destroy the keys and the reports of days whose retention has ended at `now` (ms UTC); how many reports went.

    The keys go first: from then on nothing links. A report is kept `retention_days` whole days after its own.

    Raises:
        Unavailable: the database is not reachable; what is left goes next time.
    """
    first_kept = day_of(now) - timedelta(days=retention_days)
    async with transaction(pool) as connection:
        await connection.execute("delete from report_keys where day < $1", first_kept)
    gone = 0
    while True:
        async with transaction(pool) as connection:
            done = await connection.execute(
                "delete from report_log where id in (select id from report_log where heard_at < $1 limit $2)",
                datetime(first_kept.year, first_kept.month, first_kept.day, tzinfo=UTC),
                _BATCH,
            )
        count = int(done.rpartition(" ")[2])
        gone += count
        if count < _BATCH:
            return gone
