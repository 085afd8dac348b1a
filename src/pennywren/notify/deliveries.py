"""Deliveries: claiming alerts so that no two jobs send one, and keeping what became of every attempt.

An alert is `decided`, then `sending` while one job has it, then `delivered`, `failed` or `dropped`; an attempt that may
succeed later makes it `decided` again, with a time before which nobody tries, and quiet hours, a digest or a budget
make it `held`. A job that died leaves it `sending`, which ends by itself.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

import asyncpg
import msgspec

from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import PriceAtOrBelow, Rule
from pennywren.notify.alerts import expiry_id
from pennywren.notify.channels import Outcome
from pennywren.notify.decisions import Reason
from pennywren.notify.holding import Held
from pennywren.notify.reasons import Asked
from pennywren.notify.routing import Tried
from pennywren.postgres.moments import to_moment, to_ms
from pennywren.postgres.pool import Connection

GIVE_UP_AFTER: Final = timedelta(hours=24)
"""Time since an alert could be sent after which it is not tried again: the price would be yesterday's."""

NO_CHANNEL: Final = "none"
"""Stands for a channel where none was tried; the reason is then the name of a `Reason`."""

FIRST_RETRY: Final = timedelta(seconds=30)
"""Wait after a first attempt, where nothing else is set."""
_LAST_RETRY: Final = timedelta(hours=1)
_RULES: Final = msgspec.json.Decoder(Rule)

Settled = Literal["delivered", "failed", "dropped", "retry"]

_IS_DUE: Final = """(a.state in ('decided', 'held') and (a.next_attempt_at is null or a.next_attempt_at <= now())
           or a.state = 'sending' and a.sending_until <= now())"""

# A digest is one message, so whoever claims a part of it claims it all: its person's row is locked meanwhile.
_DIGESTS_OF: Final = """
select distinct person_id from alerts where id = any($1::bigint[]) and held_for = 'digest'
"""
_LOCK: Final = "select from preferences where person_id = any($1::bigint[]) order by person_id for update"
_DIGEST: Final = f"""
select a.id from alerts a
join subscriptions s on s.id = a.subscription_id and s.person_id = a.person_id
where s.person_id = any($1::bigint[]) and a.held_for = 'digest' and {_IS_DUE}
"""  # noqa: S608 -- constants of ours

# Not `skip locked`: whoever queued an alert may be marking it as queued at this moment.
_OF_THESE: Final = f"""
    (select a.id, a.person_id from alerts a where a.id = any($4::bigint[]) and {_IS_DUE} order by a.id limit $1)
    union select id, person_id from alerts where id = any($5::bigint[])
"""  # noqa: S608 -- constants of ours

# What was tried or held before has a time of its own and comes with the sweep; a digest goes as a whole. Rows are
# locked by id, as everybody locks them, so those of crowds are looked for apart.
_WAITING: Final = """
    select a.id, a.person_id from alerts a
    where a.state = 'decided' and a.next_attempt_at is null and a.held_for is distinct from 'digest'
      and a.to_crowd = $4::boolean
    order by a.id limit $1 for update
"""

_CLAIM: Final = f"""
with chosen as (%s), mine as (
    select a.id, a.person_id, a.state = 'held' as was_held, a.next_attempt_at
    from alerts a join chosen using (id, person_id)
    where {_IS_DUE} order by a.id for update of a
)
update alerts a
set state = 'sending', sending_at = now(), sending_until = now() + $2::interval, attempts = a.attempts + 1,
    queued_at = coalesce(a.queued_at, now()), next_attempt_at = null,
    due_since = case when mine.was_held then coalesce(mine.next_attempt_at, now()) else a.due_since end
from mine, subscriptions s, people p
where a.id = mine.id and a.person_id = mine.person_id
  and s.id = a.subscription_id and s.person_id = a.person_id and p.id = s.person_id
returning a.id, a.subscription_id, a.change_id, a.attempts, a.product_id, a.offer, a.old_price, a.new_price,
          a.currency, a.seen_at, a.held_for, a.due_since, a.due_since < now() - $3::interval as is_old, a.about,
          s.rule, s.threshold, coalesce(a.base_price, s.base_price) as base_price, s.expires_at,
          s.state as subscription_state, s.snoozed_until, s.notification_type, p.id as person_id, p.language, p.email,
          (select title from products where id = a.product_id) as title,
          (select because from withdrawals where id = a.withdrawal_id) as because
"""  # noqa: S608
_CLAIM_THESE: Final = _CLAIM % _OF_THESE
_CLAIM_WAITING: Final = _CLAIM % _WAITING

# Alerts that are gone in the meantime take what became of them along.
_RECORD: Final = """
insert into deliveries (alert_id, person_id, channel, outcome, message_id, reason, address_key)
select id, person_id, $2, $3, $4, $5, $6 from alerts where id = any($1::bigint[])
"""

# `attempts` fences: a job that was slower than its claim does not overwrite what came after it.
_SETTLE: Final = """
update alerts a set
    state = case $3 when 'retry' then 'decided' else $3 end,
    sending_until = null,
    next_attempt_at = case $3 when 'retry' then now() + $4::interval end
from unnest($1::bigint[], $2::integer[]) as t (id, attempt)
where a.id = t.id and a.attempts = t.attempt and a.state = 'sending'
"""
_HOLD: Final = """
update alerts set state = 'held', held_for = $3, sending_until = null, next_attempt_at = $4
where id = $1 and attempts = $2 and state = 'sending'
"""

# Changes of a person's row pass beside it; only its deletion waits.
_HOLD_PEOPLE: Final = "select id from people where id = any($1::bigint[]) order by id for key share"

_TRIED: Final = """
select alert_id, channel, outcome, address_key from deliveries where alert_id = any($1::bigint[])
"""

# What is being sent now counts as well: two jobs at once must not both take the last place.
_TOLD: Final = """
select person_id, max(at) as at from (
    select s.person_id, d.message_id, d.attempted_at as at
    from subscriptions s
    join alerts a on a.subscription_id = s.id and a.person_id = s.person_id
    join deliveries d on d.alert_id = a.id and d.person_id = a.person_id
                     and d.outcome = 'delivered' and d.channel <> 'webhook'
    where s.person_id = any($1::bigint[]) and d.attempted_at > now() - interval '7 days'
    union all
    select s.person_id, 'sending-' || a.id, now()
    from subscriptions s join alerts a on a.subscription_id = s.id and a.person_id = s.person_id
    where s.person_id = any($1::bigint[]) and a.state = 'sending' and a.sending_until > now()
          and a.id <> all($2::bigint[])
) told group by person_id, message_id order by at
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An alert that is ours to send now. Prices are minor units, times ms UTC."""

    alert_id: int
    subscription_id: int
    person_id: int
    change_id: str
    attempt: int
    product: ProductID
    offer: Offer
    old_price: int | None
    price: int | None
    """None where there is no offer any more."""
    currency: str
    seen_at: int
    asked: Asked
    is_wanted: bool
    """False where the subscription was paused after the alert was decided."""
    snoozed_until: int | None
    """Until when the subscription sleeps; None as well for what is told whether it does or not."""
    is_overtaken: bool
    """Whether it tells the end of a watch that ends at another time by now, or not at all."""
    notification_type: str
    email: str
    language: str
    title: str | None
    held_for: str | None
    """What it was held for before; such an alert is checked again."""
    due_since: int
    is_old: bool
    """Whether it could be sent so long ago that this attempt is the last."""


async def claim(connection: Connection, alert_ids: Sequence[int], limit: int, lease: timedelta) -> list[Claimed]:
    """Claim up to `limit` of these alerts, by id: those that nobody has and that are due; a digest is claimed whole.

    The claim ends by itself after `lease`, which must be longer than any batch of any channel takes. Alerts whose
    subscription or person is gone are gone with them.
    """
    digests: list[int] = []
    readers = [row["person_id"] for row in await connection.fetch(_DIGESTS_OF, alert_ids)]
    if readers:
        await connection.execute(_LOCK, readers)
        digests = [row["id"] for row in await connection.fetch(_DIGEST, readers)]
    return _in_order(await connection.fetch(_CLAIM_THESE, limit, lease, GIVE_UP_AFTER, alert_ids, digests))


async def claim_waiting(connection: Connection, limit: int, lease: timedelta) -> list[Claimed]:
    """Claim up to `limit` alerts that were decided and never tried, whichever job they wait for; otherwise as `claim`.

    What a crowd is told comes last: a million of them take an hour, and whoever waits for another product does not
    wait for that. None is left out because somebody else is about to claim it or to keep that it is queued: this waits
    for them. So if none is found, none is waiting that was decided before.
    """
    for to_crowd in (False, True):
        if rows := await connection.fetch(_CLAIM_WAITING, limit, lease, GIVE_UP_AFTER, to_crowd):
            return _in_order(rows)
    return []


async def hold_people(connection: Connection, person_ids: Collection[int]) -> set[int]:
    """Those of these people that are there; they cannot leave before the caller's transaction ends.

    Whoever deletes an account waits for what is being sent to it, so nothing is sent after it is gone.
    """
    return {row["id"] for row in await connection.fetch(_HOLD_PEOPLE, list(person_ids))}


async def tried(connection: Connection, alert_ids: Sequence[int]) -> dict[int, dict[str, Tried]]:
    """What became of these alerts so far: by alert, and by the channel's name."""
    found: defaultdict[int, dict[str, Tried]] = defaultdict(dict)
    for row in await connection.fetch(_TRIED, alert_ids):
        over = found[row["alert_id"]].setdefault(row["channel"], Tried())
        if row["outcome"] == "retry":
            over.retries += 1
        elif row["outcome"] == "delivered":
            over.delivered.add(row["address_key"])
        else:
            over.failed.add(row["address_key"])
    return found


async def told(connection: Connection, person_ids: Sequence[int], ours: Sequence[int]) -> dict[int, list[int]]:
    """When (ms UTC) these people were sent messages in the last seven days, oldest first; `ours` is not counted yet."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for row in await connection.fetch(_TOLD, person_ids, ours):
        found[row["person_id"]].append(to_ms(row["at"]))
    return found


async def record(
    connection: Connection, claimed: Sequence[Claimed], channel: str, address_key: str, outcome: Outcome
) -> None:
    """Keep one attempt for all alerts that were in its message."""
    error = outcome.error
    word = "delivered" if error is None else "failed" if error.permanent or claimed[0].is_old else "retry"
    ids = [each.alert_id for each in claimed]
    reason = error.message if error else None
    await connection.execute(_RECORD, ids, channel, word, outcome.message_id, reason, address_key)


async def record_none(connection: Connection, claimed: Sequence[Claimed], reason: Reason) -> None:
    """Keep that alerts are not sent over any channel, and why."""
    await connection.execute(_RECORD, [each.alert_id for each in claimed], NO_CHANNEL, "failed", "", reason.value, "")


async def settle(
    connection: Connection, claimed: Sequence[Claimed], word: Settled, wait: timedelta = timedelta()
) -> None:
    """Keep what the attempts mean for alerts; a retry is due after `wait`."""
    ids, attempts = [each.alert_id for each in claimed], [each.attempt for each in claimed]
    await connection.execute(_SETTLE, ids, attempts, word, wait)


async def hold(connection: Connection, claimed: Claimed, held: Held) -> None:
    """Keep that an alert waits, for what, and until when."""
    await connection.execute(_HOLD, claimed.alert_id, claimed.attempt, held.cause, to_moment(held.until))


def retry_after(attempt: int, first: timedelta = FIRST_RETRY) -> timedelta:
    """How long to wait after the `attempt`th attempt (from 1): `first`, doubled each time, at most an hour."""
    return min(first * 2 ** min(attempt - 1, 10), _LAST_RETRY)


def _in_order(rows: Sequence[asyncpg.Record]) -> list[Claimed]:
    return sorted((_claimed(row) for row in rows), key=lambda each: each.alert_id)


def _claimed(row: asyncpg.Record) -> Claimed:
    seen_at, expires_at = to_ms(row["seen_at"]), None if row["expires_at"] is None else to_ms(row["expires_at"])
    told_anyway = row["about"] in ("expiry", "correction")
    return Claimed(
        alert_id=row["id"],
        subscription_id=row["subscription_id"],
        person_id=row["person_id"],
        change_id=row["change_id"],
        attempt=row["attempts"],
        product=ProductID.parse(row["product_id"]),
        offer=Offer(row["offer"]),
        old_price=row["old_price"],
        price=row["new_price"],
        currency=row["currency"],
        seen_at=seen_at,
        asked=Asked(
            offer=Offer(row["offer"]),
            rule=PriceAtOrBelow(row["threshold"]) if row["rule"] is None else _RULES.decode(row["rule"]),
            base_price=row["base_price"],
            about=row["about"],
            because=row["because"],
            corrects=row["old_price"] if row["about"] == "correction" else None,
            ends_at=None if expires_at is None or expires_at <= seen_at else expires_at,
        ),
        # One that ended with this alert, or since, was wanted when it was decided; so is the notice of its end.
        is_wanted=told_anyway or row["subscription_state"] != "paused",
        snoozed_until=None if told_anyway or row["snoozed_until"] is None else to_ms(row["snoozed_until"]),
        is_overtaken=row["about"] == "expiry" and row["change_id"] != expiry_id(expires_at),
        notification_type=row["notification_type"],
        email=row["email"],
        language=row["language"],
        title=row["title"],
        held_for=row["held_for"],
        due_since=to_ms(row["due_since"]),
        is_old=row["is_old"],
    )
