"""From decided alerts to delivery jobs: a job carries a batch of them."""

import asyncio
import logging
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from pennywren.logs import tell_of_each
from pennywren.notify import waiting
from pennywren.postgres.pool import Pool, transaction
from pennywren.workqueue import WorkQueue

QUEUE: Final = "deliver"
BATCH: Final = 250
"""Alerts in one job."""

JOB_TIMEOUT: Final = 600
"""Seconds after which RQ ends a delivery job."""

_log = logging.getLogger(__name__)


async def enqueue_alerts(queue: WorkQueue, pool: Pool, alert_ids: Sequence[int], *, slot: int | None = None) -> None:
    """See that delivery jobs come for alerts, and then keep that they are queued. Repeating it enqueues nothing twice.

    A job takes along whatever waits when it starts and while it runs. So nothing is enqueued for alerts that were just
    decided, and committed, while any job waits to be started; one that runs does not count, it may have looked for the
    last time. A sweep gives the `slot` of time that it runs in: its alerts get jobs of their own, because those that
    they relied on may have come and gone.

    Raises:
        Unavailable, redis.RedisError: a part is down; what was not queued will be found by the sweep.
    """
    batches = [list(alert_ids[start : start + BATCH]) for start in range(0, len(alert_ids), BATCH)]
    if not batches:
        return
    if slot is None and await asyncio.to_thread(queue.will_start, QUEUE):
        tell_of_each(_log, "alert", alert_ids, "queued: a job that waits takes it along")
    else:
        await asyncio.to_thread(_enqueue, queue, batches, slot)
        for batch in batches:
            tell_of_each(_log, "alert", batch, "queued in %s", job_id(batch, slot))
    async with transaction(pool) as connection:
        await waiting.mark_queued(connection, alert_ids)


async def pass_on(queue: WorkQueue, alert_ids: Sequence[int], now: int) -> None:
    """Enqueue a job for alerts that a job leaves at `now` (ms UTC), and for whatever waits beside them.

    Raises:
        redis.RedisError: RQ's Redis is down.
    """
    await asyncio.to_thread(_enqueue, queue, [list(alert_ids)], now)


def job_id(alert_ids: Sequence[int], slot: int | None) -> str:
    """The id of the job of these alerts: the same alerts in the same slot are the same job."""
    digest = sha256(",".join(map(str, alert_ids)).encode()).hexdigest()[:20]
    return f"deliver-{digest}" if slot is None else f"deliver-{digest}-{slot}"


def _enqueue(queue: WorkQueue, batches: Sequence[list[int]], slot: int | None) -> None:
    for batch in batches:
        queue.enqueue(QUEUE, "jobs.deliver.deliver", [batch], job_id(batch, slot), timeout=JOB_TIMEOUT)
