"""What a delivery job does: its own alerts, whatever else waits, and a job after it for what it leaves."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from redis.exceptions import RedisError

from pennywren.errors import BadSetting
from pennywren.model.clock import Clock, system_clock
from pennywren.pipeline.channels import open_deliverer
from pennywren.pipeline.delivering import Deliverer
from pennywren.pipeline.queueing import pass_on
from pennywren.settings import Settings
from pennywren.workqueue import WorkQueue

_log = logging.getLogger(__name__)


class DeliveryJob:
    """One job of the queue. Alerts that were decided while it waited have none of their own: they rely on it."""

    def __init__(self, deliverer: Deliverer, queue: WorkQueue, clock: Clock) -> None:
        self._deliverer = deliverer
        self._queue = queue
        self._clock = clock

    def stop(self) -> None:
        """Send only what is under way, and pass the rest on."""
        self._deliverer.stop()

    async def run(self, alert_ids: Sequence[int]) -> None:
        """Send these alerts and take along what waits; where that ends early, enqueue a job that goes on.

        Raises:
            Unavailable: PostgreSQL does not answer; RQ runs the job again.
        """
        await self._deliverer.deliver(alert_ids, along=True)
        if self._deliverer.left is None:
            return
        try:
            await pass_on(self._queue, self._deliverer.left, self._clock())
        except (RedisError, OSError) as error:
            _log.warning("what is left waits for the sweep: %s", error)


@asynccontextmanager
async def open_delivery_job(settings: Settings) -> AsyncGenerator[DeliveryJob]:
    """A delivery job of this installation.

    Raises:
        BadSetting: an address that it needs is not set.
        Unavailable: PostgreSQL does not answer.
    """
    if not settings.queue_url:
        raise BadSetting("PENNYWREN_QUEUE_URL: a delivery job needs it")
    queue = WorkQueue(settings.queue_url)
    try:
        async with open_deliverer(settings) as deliverer:
            yield DeliveryJob(deliverer, queue, system_clock)
    finally:
        await asyncio.to_thread(queue.close)
