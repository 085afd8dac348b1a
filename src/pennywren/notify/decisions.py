"""Decisions about a subscription: why a change that matched it was not told, and what became of an alert that was.

The alert itself is the decision to tell; here is everything else that was decided about a change. A reason is kept
once for a change, with its latest moment, so that deciding again adds nothing. `pennywren alerts explain` and
`GET /subscriptions/{id}/trace` read them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from pennywren.language.speaking import Language
from pennywren.postgres.moments import to_moment, to_ms
from pennywren.postgres.pool import Connection, affected

KEPT: Final = 20
"""Changes whose decisions are kept of each subscription; the daily purge forgets older ones."""


class Reason(StrEnum):
    """What was decided, and why."""

    UNVERIFIED = "unverified"
    BEFORE_ARMED = "beforeArmed"
    OTHER_CURRENCY = "otherCurrency"
    PAUSED = "paused"
    SNOOZED = "snoozed"
    ENDED = "ended"
    EXPIRED = "expired"
    COOLING_DOWN = "coolingDown"
    OUT_OF_TURN = "outOfTurn"
    QUIET_HOURS = "quietHours"
    DIGEST = "digest"
    BUDGET = "budget"
    NO_LONGER_TRUE = "noLongerTrue"
    WITHDRAWN = "withdrawn"
    SUPPRESSED = "suppressed"
    NO_CHANNEL = "noChannel"
    SPEND_CAP = "spendCap"
    DELIVERED = "delivered"
    RETRY = "retry"
    FAILED = "failed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


def reason_words(speaking: Language, reason: Reason) -> str:
    """A reason in a sentence for the person."""
    return speaking.say(f"decision.{reason}")


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about a change. `at` is ms UTC."""

    change_id: str
    reason: Reason
    at: int


_REMEMBER: Final = """
insert into decisions as d (subscription_id, person_id, change_id, reason, decided_at)
select id, person_id, $2, $3, $4 from subscriptions where id = $1
on conflict (subscription_id, change_id, reason, person_id) do update set decided_at = excluded.decided_at
where d.decided_at < excluded.decided_at
"""


async def remember(connection: Connection, subscription_id: int, change_id: str, reason: Reason, at: int) -> None:
    """Keep what was decided about a change, at `at` (ms UTC). Of a subscription that is gone nothing is kept."""
    await connection.execute(_REMEMBER, subscription_id, change_id, reason.value, to_moment(at))


async def was(connection: Connection, subscription_id: int, change_id: str, reason: Reason) -> bool:
    """Whether this was decided about a change."""
    return await connection.fetchval(
        "select exists (select from decisions where subscription_id = $1 and change_id = $2 and reason = $3)",
        subscription_id,
        change_id,
        reason.value,
    )


async def last(connection: Connection, subscription_id: int, changes: int = KEPT) -> list[Decision]:
    """What was decided about the last changes that matched a subscription, the latest decision first."""
    rows = await connection.fetch(
        "select change_id, reason, decided_at from decisions where subscription_id = $1", subscription_id
    )
    found = sorted(
        (Decision(row["change_id"], Reason(row["reason"]), to_ms(row["decided_at"])) for row in rows),
        key=lambda each: each.at,
        reverse=True,
    )
    kept = set(list(dict.fromkeys(each.change_id for each in found))[:changes])
    return [each for each in found if each.change_id in kept]


_PURGE: Final = """
delete from decisions d using (
    select subscription_id, person_id, change_id,
           row_number() over (partition by subscription_id order by max(decided_at) desc, change_id) as nth
    from decisions where subscription_id = any($1::bigint[])
    group by subscription_id, person_id, change_id
) ranked
where d.subscription_id = ranked.subscription_id and d.person_id = ranked.person_id
  and d.change_id = ranked.change_id and ranked.nth > $2
"""


async def purge(connection: Connection, subscription_ids: Sequence[int], kept: int = KEPT) -> int:
    """Forget all but the last `kept` changes' decisions of these subscriptions; how many."""
    return affected(await connection.execute(_PURGE, subscription_ids, kept))


_PURGE_OLD: Final = """
delete from decisions where (subscription_id, change_id, reason, person_id) in (
    select subscription_id, change_id, reason, person_id from decisions
    where decided_at < now() - $1::interval order by decided_at limit $2
)
"""


async def purge_old(connection: Connection, kept: timedelta, limit: int) -> int:
    """Forget up to `limit` decisions that were taken longer ago; how many."""
    return affected(await connection.execute(_PURGE_OLD, kept, limit))


_WITH_MANY: Final = """
select subscription_id from decisions where subscription_id > $1
group by subscription_id having count(*) > $2 order by subscription_id limit $3
"""


async def with_many(connection: Connection, after: int, limit: int, kept: int = KEPT) -> list[int]:
    """Subscriptions with ids above `after` that have more decisions than `kept`, by id, up to `limit`."""
    return [row["subscription_id"] for row in await connection.fetch(_WITH_MANY, after, kept, limit)]
