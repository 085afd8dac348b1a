"""The scheduler: enqueues what happens regularly, and does nothing itself. `python -m jobs.schedule`

Several may run: one of them ticks, and another takes over when it dies.
"""

import asyncio
import logging
import signal
import sys
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from pennywren.errors import BadSetting, PennywrenError
from pennywren.logs import log_to_stderr
from pennywren.model.clock import monotonic_clock, system_clock
from pennywren.pipeline.scheduling import RENEW_EVERY, ClockSteps, Scheduler, regulars
from pennywren.pipeline.signs_of_life import Sign, signs_of_life, unseen
from pennywren.settings import Settings, load_settings
from pennywren.store.connect import connect
from pennywren.workqueue import WorkQueue

_LOOK_EVERY_S = 1.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def run(settings: Settings, stop: asyncio.Event, sign: Sign = unseen) -> None:
    """Enqueue regular jobs until `stop` is set; `sign` is called after each look at who does.

    Raises:
        BadSetting: the address of RQ's Redis is not set.
    """
    if not settings.queue_url:
        raise BadSetting("PENNYWREN_QUEUE_URL: the scheduler needs RQ's Redis")
    client = connect(settings.queue_url)
    queue = WorkQueue(settings.queue_url)
    scheduler = Scheduler(client, queue, system_clock, sign=sign)
    ticking = AsyncIOScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1})
    await scheduler.lead()
    ticking.add_job(scheduler.lead, IntervalTrigger(seconds=int(RENEW_EVERY)))
    for regular in regulars(settings):
        # In the middle of each slot, so that no jitter moves a tick into the slot beside it.
        middle = _EPOCH + timedelta(seconds=regular.every / 2)
        ticking.add_job(scheduler.tick, IntervalTrigger(seconds=regular.every, start_date=middle), args=[regular])
    ticking.start()
    watching = asyncio.create_task(_watch_clock(ticking))
    try:
        await stop.wait()
    finally:
        watching.cancel()
        ticking.shutdown(wait=False)
        await scheduler.resign()
        await client.aclose()
        queue.close()


async def _watch_clock(ticking: AsyncIOScheduler) -> None:
    """APScheduler keeps the times of its next runs: with the clock set back it would wait until they come again."""
    steps = ClockSteps(system_clock, monotonic_clock)
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        if steps.stepped():
            realign(ticking)


def realign(ticking: AsyncIOScheduler) -> None:
    """Let every job run next when its next slot by today's clock comes: none is made up for, none is waited out."""
    for job in cast("list[Any]", ticking.get_jobs()):
        job.reschedule(job.trigger)


async def _run_until_told(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with signs_of_life(settings.data_dir, "schedule") as sign:
        await run(settings, stop, sign)


def main() -> int:
    """Run until SIGINT or SIGTERM; the exit code."""
    try:
        settings = load_settings()
        log_to_stderr("json" if settings.log_format == "json" else "text", logging.WARNING)
        asyncio.run(_run_until_told(settings))
    except PennywrenError as error:
        logging.getLogger(__name__).error("%s", error.message)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
