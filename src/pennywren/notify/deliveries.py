"""Deliveries: claiming alerts so that no two jobs send one, and keeping what became of every attempt.

An alert is `decided`, then `sending` while one job has it, then `delivered` or `failed`; an attempt that may succeed
later makes it `decided` again, with a time before which nobody tries. A job that died leaves it `sending`, which ends
by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import asyncpg

from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.notify.channels import Outcome
from pennywren.postgres.moments import to_ms
from pennywren.postgres.pool import Connection

GIVE_UP_AFTER: Final = timedelta(hours=24)
"""Age of an alert after which it is not tried again: the price would be yesterday's."""

_FIRST_RETRY: Final = timedelta(seconds=30)
_LAST_RETRY: Final = timedelta(hours=1)

# Not `skip locked`: whoever queued an alert may be marking it as queued at this moment.
_CLAIM: Final = """
with mine as (
    select id from alerts
    where id = any($1::bigint[])
      and (state = 'decided' and (next_attempt_at is null or next_attempt_at <= now())
           or state = 'sending' and sending_until <= now())
    order by id limit $2
    for update
)
update alerts a
set state = 'sending', sending_until = now() + $3::interval, attempts = a.attempts + 1, next_attempt_at = null
from mine, subscriptions s, people p
where a.id = mine.id and s.id = a.subscription_id and p.id = s.person_id
returning a.id, a.subscription_id, a.attempts, a.product_id, a.offer, a.old_price, a.new_price, a.currency, a.seen_at,
          p.id as person_id, p.language, s.state as subscription_state, s.threshold, s.notification_type, p.email,
          (select title from products where id = a.product_id) as title
"""

# `attempts` fences: a job that was slower than its claim does not overwrite what came after it.
_SETTLE: Final = """
with alert as (
    select id, case when $4 = 'retry' and decided_at < now() - $8::interval then 'failed' else $4 end as outcome
    from alerts where id = $1
), attempt as (
    insert into deliveries (alert_id, channel, outcome, message_id, reason)
    select id, $3, outcome, $5, $6 from alert
)
update alerts a set
    state = case outcome when 'retry' then 'decided' else outcome end,
    sending_until = null,
    next_attempt_at = case outcome when 'retry' then now() + $7::interval end
from alert
where a.id = alert.id and a.attempts = $2 and a.state = 'sending'
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An alert that is ours to send now. Prices are minor units, times ms UTC."""

    alert_id: int
    subscription_id: int
    person_id: int
    attempt: int
    product: ProductID
    offer: Offer
    old_price: int | None
    price: int
    currency: str
    seen_at: int
    threshold: int
    is_wanted: bool
    """False where the subscription was paused after the alert was decided."""
    notification_type: str
    email: str
    language: str
    title: str | None


async def claim(connection: Connection, alert_ids: Sequence[int], limit: int, lease: timedelta) -> list[Claimed]:
    """Claim up to `limit` of these alerts, by id: those that nobody has and that are due.

    The claim ends by itself after `lease`, which must be longer than any batch of any channel takes. Alerts whose
    subscription or person is gone are gone with them.
    """
    rows = await connection.fetch(_CLAIM, alert_ids, limit, lease)
    return sorted((_claimed(row) for row in rows), key=lambda each: each.alert_id)


async def settle(connection: Connection, claimed: Claimed, channel: str, outcome: Outcome) -> None:
    """Keep one attempt, and what it means for the alert."""
    error = outcome.error
    word = "delivered" if error is None else "failed" if error.permanent else "retry"
    await _settle(connection, claimed, channel, word, outcome.message_id, error.message if error else None)


async def give_up(connection: Connection, claimed: Claimed, reason: str) -> None:
    """Keep that an alert will not be sent over any channel, and why."""
    await _settle(connection, claimed, "none", "failed", "", reason)


async def _settle(
    connection: Connection, claimed: Claimed, channel: str, word: str, message_id: str, reason: str | None
) -> None:
    await connection.execute(
        _SETTLE,
        claimed.alert_id,
        claimed.attempt,
        channel,
        word,
        message_id,
        reason,
        retry_after(claimed.attempt),
        GIVE_UP_AFTER,
    )


def retry_after(attempt: int) -> timedelta:
    """How long to wait after the `attempt`th attempt (from 1): 30 s, doubled each time, at most an hour."""
    return min(_FIRST_RETRY * 2 ** min(attempt - 1, 10), _LAST_RETRY)


def _claimed(row: asyncpg.Record) -> Claimed:
    return Claimed(
        alert_id=row["id"],
        subscription_id=row["subscription_id"],
        person_id=row["person_id"],
        attempt=row["attempts"],
        product=ProductID.parse(row["product_id"]),
        offer=Offer(row["offer"]),
        old_price=row["old_price"],
        price=row["new_price"],
        currency=row["currency"],
        seen_at=to_ms(row["seen_at"]),
        threshold=row["threshold"],
        is_wanted=row["subscription_state"] == "active",
        notification_type=row["notification_type"],
        email=row["email"],
        language=row["language"],
        title=row["title"],
    )
