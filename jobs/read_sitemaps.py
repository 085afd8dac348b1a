"""Read a few of the sitemaps that shops name in their robots.txt: new products begin there; every six hours."""

import asyncio
import random
from contextlib import AsyncExitStack

from pennywren.errors import Unavailable
from pennywren.model.clock import system_clock
from pennywren.observe.fetch import Fetcher
from pennywren.pipeline.discovering import Discoverer
from pennywren.pipeline.sitemap_reading import SitemapReader
from pennywren.postgres.pool import open_pool
from pennywren.settings import Settings, load_settings
from pennywren.store.connect import connect


def read_sitemaps() -> int:
    """Read some of each marketplace that is crawled; how many products are new."""
    return asyncio.run(_read(load_settings()))


async def _read(settings: Settings) -> int:
    if not settings.discover_per_day:
        return 0
    if not settings.redis_url:
        raise Unavailable("no Redis is running: start Pennywren with `pennywren up`, or set PENNYWREN_REDIS_URL")
    dice = random.Random()  # noqa: S311 -- which files are read is no secret
    async with AsyncExitStack() as stack:
        client = connect(settings.redis_url)
        stack.push_async_callback(client.aclose)
        pool = await open_pool(settings.postgres_url or "", size=1)
        stack.push_async_callback(pool.close)
        fetcher = await stack.enter_async_context(Fetcher(settings.egresses[0], settings.user_agent))
        discoverer = Discoverer(client, pool, settings.discover_per_day, system_clock, dice)
        return await SitemapReader(client, settings, fetcher, discoverer, dice).read_all()
