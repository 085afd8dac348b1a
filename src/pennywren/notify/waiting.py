"""Alerts that wait for a delivery job: marking them as queued, and finding those that no job will come for."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from pennywren.postgres.pool import Connection, affected

UNQUEUED_AFTER: Final = timedelta(seconds=30)
"""Age of an alert that was decided and not queued, after which whoever decided it must have died, where nothing else is
set."""

LOST_AFTER: Final = timedelta(seconds=120)
"""Time in the queue after which a job counts as lost, where nothing else is set. If it was only slow, whoever comes
second finds nothing to do."""

# Locked by id, as a claim locks them, so that the two never wait for each other in a circle. What a job has taken
# meanwhile is left alone. What is held keeps its time: it is found again by that, should its job be lost.
_QUEUED: Final = """
with these as (
    select id, person_id from alerts
    where id = any($1::bigint[]) and state in ('decided', 'held') order by id for update
)
update alerts a
set queued_at = now(),
    next_attempt_at = case when a.state = 'held' or a.next_attempt_at > now() then a.next_attempt_at end
from these where a.id = these.id and a.person_id = these.person_id
"""

_OVERDUE: Final = """
select id from alerts
where state = 'decided' and (
          queued_at is null and decided_at < now() - $1::interval
          or next_attempt_at <= now()
          or next_attempt_at is null and queued_at < now() - $2::interval)
   or state = 'held' and next_attempt_at <= now()
      and (queued_at is null or queued_at < next_attempt_at or queued_at < now() - $2::interval)
   or state = 'sending' and sending_until <= now()
order by decided_at, id limit $3
"""


_PURGE: Final = """
delete from alerts where (id, person_id) in (
    select id, person_id from alerts
    where decided_at < now() - $1::interval and state in ('delivered', 'failed', 'dropped')
    order by decided_at limit $2
)
"""


async def mark_queued(connection: Connection, alert_ids: Sequence[int]) -> None:
    """Keep that a job for these alerts is in the queue."""
    await connection.execute(_QUEUED, alert_ids)


async def overdue(
    connection: Connection,
    limit: int,
    *,
    unqueued_after: timedelta = UNQUEUED_AFTER,
    lost_after: timedelta = LOST_AFTER,
) -> list[int]:
    """Alerts that need a new job: never queued, due for another attempt, lost with their job, held
    until now, or left half-way.
    """
    rows = await connection.fetch(_OVERDUE, unqueued_after, lost_after, limit)
    return [row["id"] for row in rows]


async def purge(connection: Connection, kept: timedelta, limit: int) -> int:
    """Forget up to `limit` alerts that are done with and were decided longer ago, with their deliveries; how many."""
    return affected(await connection.execute(_PURGE, kept, limit))
