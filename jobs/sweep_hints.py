"""Derive the hints of the frontier and of the change streams again; every 30 s.

With the same walk over the partitions, changes that were handled are forgotten, and a crawl threshold that is far off
is put right. Pages that can no longer be read are warned of.
"""

import asyncio
import random

from pennywren.errors import Unavailable
from pennywren.model.clock import system_clock
from pennywren.pipeline import drifting
from pennywren.pipeline.calibrating import sweep_frontier
from pennywren.pipeline.sweeping import sweep_changes
from pennywren.settings import Settings, load_settings
from pennywren.store.opening import store_at


def sweep_hints() -> int:
    """Look through all partitions for what is due and for what was changed; how many products there are."""
    return asyncio.run(_sweep(load_settings()))


async def _sweep(settings: Settings) -> int:
    if not settings.redis_url:
        raise Unavailable("no Redis is running: start Pennywren with `pennywren up`, or set PENNYWREN_REDIS_URL")
    await sweep_changes(settings)
    async with store_at(settings.redis_url) as store:
        await drifting.warn(store.client, settings.drift_percent, system_clock())
        return await sweep_frontier(store, settings, random.Random())  # noqa: S311
