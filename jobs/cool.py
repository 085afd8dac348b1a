"""Pack products that have cooled: nobody watches them, and nobody has viewed them for long."""

import asyncio

from pennywren.errors import Unavailable
from pennywren.model.clock import system_clock
from pennywren.pipeline.warming import cool_down
from pennywren.settings import Settings, load_settings
from pennywren.store.opening import store_at


def cool() -> int:
    """Look at some that may have cooled; how many were packed."""
    return asyncio.run(_cool(load_settings()))


async def _cool(settings: Settings) -> int:
    if not settings.redis_url:
        raise Unavailable("no Redis is running: start Pennywren with `pennywren up`, or set PENNYWREN_REDIS_URL")
    async with store_at(settings.redis_url) as store:
        return (await cool_down(store, settings, system_clock())).packed
