"""Corrections: whoever was told a price that was found false is told so, once, over the way that alerts go.

A correction is an alert about a withdrawal (`about = 'correction'`). All of it happens in the caller's transaction
under the withdrawal's row, so that two who do it at once, or one who does it again, correct nobody twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import asyncpg

from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.provenance import Withdrawn
from pennywren.postgres.moments import to_moment, to_ms
from pennywren.postgres.pool import Connection

# On conflict an update, because it locks the row.
_KEEP: Final = """
insert into withdrawals (product_id, offer, seen_at, until, price, currency, because, withdrawn_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (product_id, offer, seen_at, price) do update set because = excluded.because
returning *
"""
_LOCK: Final = "select * from withdrawals where id = $1 for update"
_CLOSE: Final = "update fan_outs set done_at = now() where change_id = $1 and done_at is null"

_FALSE: Final = """
select a.id, a.subscription_id, a.change_id, a.state, s.person_id,
       coalesce(s.last_alert_price = a.new_price and s.last_alert_at >= a.seen_at
                and ($5::timestamptz is null or s.last_alert_at < $5), false) as is_last
from subscriptions s join alerts a on a.subscription_id = s.id and a.person_id = s.person_id
where s.product_id = $1 and s.offer = $2 and a.offer = $2 and a.about in ('change', 'created')
      and a.new_price = $3 and a.seen_at >= $4 and ($5::timestamptz is null or a.seen_at < $5)
order by a.id for update of a, s
"""

_TAKE_BACK: Final = """
with unsent as (
    update alerts set state = 'dropped', next_attempt_at = null
    where id = any($1::bigint[]) and state in ('decided', 'held') returning id, subscription_id, person_id, change_id
), kept as (
    insert into deliveries (alert_id, person_id, channel, outcome, message_id, reason)
    select id, person_id, 'none', 'failed', '', 'the price was found false before it was told' from unsent
)
insert into decisions (subscription_id, person_id, change_id, reason, decided_at)
select subscription_id, person_id, change_id, 'withdrawn', now() from unsent
on conflict do nothing
"""

_CORRECT: Final = """
with told as (
    select distinct on (a.person_id) a.id, a.person_id
    from alerts a
    where a.id = any($1::bigint[]) and a.state = 'delivered'
      and not exists (
          select from alerts done where done.withdrawal_id = $2 and done.person_id = a.person_id
      )
    order by a.person_id, a.id
)
insert into alerts (subscription_id, person_id, change_id, product_id, offer, old_price, new_price, currency, seen_at,
                    about, withdrawal_id)
select a.subscription_id, a.person_id, 'withdrawn/' || a.change_id, a.product_id, a.offer, a.new_price, $3, a.currency,
       a.seen_at, 'correction', $2
from alerts a join told using (id, person_id)
on conflict (subscription_id, change_id, person_id) do nothing
returning id
"""


_COUNT: Final = f"""
select count(distinct person_id) from ({_FALSE.replace("for update of a, s", "")}) f where state = 'delivered'
"""  # noqa: S608 -- a constant of ours


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A row of `withdrawals`. Times are ms UTC, the price minor units."""

    id: int
    product: ProductID
    offer: Offer
    seen_at: int
    until: int | None
    price: int
    currency: str
    because: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """What is to follow: alerts to enqueue, and the subscriptions whose last alert was the false one."""

    alert_ids: list[int]
    to_rearm: list[int]


async def keep_withdrawal(
    connection: Connection, product: ProductID, offer: Offer, currency: str, gone: Withdrawn
) -> Withdrawal:
    """Keep that a price was withdrawn; keeping it again changes nothing. Locked until the transaction ends."""
    until = None if gone.until is None else to_moment(gone.until)
    row = await connection.fetchrow(
        _KEEP,
        str(product),
        offer.value,
        to_moment(gone.at),
        until,
        gone.price,
        currency,
        gone.because,
        to_moment(gone.withdrawn_at),
    )
    assert row is not None  # an upsert returns its row
    return _withdrawal(row)


async def lately_withdrawn(connection: Connection, within: timedelta) -> list[int]:
    """The ids of the withdrawals of so long: alerts about them may still be decided, or be on their way."""
    rows = await connection.fetch("select id from withdrawals where withdrawn_at > now() - $1::interval", within)
    return [row["id"] for row in rows]


async def lock_withdrawal(connection: Connection, withdrawal_id: int) -> Withdrawal | None:
    """One withdrawal, locked until the transaction ends; None if it is gone."""
    row = await connection.fetchrow(_LOCK, withdrawal_id)
    return None if row is None else _withdrawal(row)


async def correct(connection: Connection, of: Withdrawal, price_now: int | None) -> Corrected:
    """Take back what was not sent, and decide a correction for each person who was told, which says `price_now`.

    What is being sent at this moment is left: whoever comes again a little later finds what became of it.
    """
    change_id = f"{of.product}/{of.offer}/{of.seen_at}/{of.price}"
    await connection.execute(_CLOSE, change_id)
    until = None if of.until is None else to_moment(of.until)
    false = await connection.fetch(_FALSE, str(of.product), of.offer.value, of.price, to_moment(of.seen_at), until)
    ids: Sequence[int] = [row["id"] for row in false]
    await connection.execute(_TAKE_BACK, ids)
    corrections = await connection.fetch(_CORRECT, ids, of.id, price_now)
    return Corrected(
        sorted(row["id"] for row in corrections),
        sorted({row["subscription_id"] for row in false if row["is_last"]}),
    )


async def count_told(
    connection: Connection, product: ProductID, offer: Offer, price: int, seen_at: int, until: int | None
) -> int:
    """How many people were told a price between two moments (ms UTC)."""
    return await connection.fetchval(
        _COUNT,
        str(product),
        offer.value,
        price,
        to_moment(seen_at),
        None if until is None else to_moment(until),
    )


def _withdrawal(row: asyncpg.Record) -> Withdrawal:
    return Withdrawal(
        id=row["id"],
        product=ProductID.parse(row["product_id"]),
        offer=Offer(row["offer"]),
        seen_at=to_ms(row["seen_at"]),
        until=None if row["until"] is None else to_ms(row["until"]),
        price=row["price"],
        currency=row["currency"],
        because=row["because"],
    )
