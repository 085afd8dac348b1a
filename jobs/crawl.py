"""Keep a group of egresses busy for a while."""

import asyncio
import logging
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final

from pennywren.errors import BadSetting, Unavailable
from pennywren.local.children import on_end
from pennywren.model.clock import system_clock
from pennywren.observe.child import PageParser
from pennywren.observe.curls import Curls
from pennywren.observe.fetch import Fetcher
from pennywren.pipeline.cataloguing import CatalogueWriter
from pennywren.pipeline.crawling import Crawler
from pennywren.pipeline.discovering import Discoverer
from pennywren.pipeline.outlook import Outlook
from pennywren.postgres.pool import Pool, open_pool
from pennywren.record.recording import Recorder
from pennywren.settings import Settings, load_settings
from pennywren.store.connect import connect
from pennywren.store.store import Store
from pennywren.tracing import tracing

_EGRESSES_PER_PARSER: Final = 25
"""A parser child reads 60 to 100 pages a second; an egress brings one a second for each shop host."""

_SHORTEST: Final = 0.8

_log = logging.getLogger(__name__)


def crawl(egress_names: Sequence[str], seconds: float = 55) -> int:
    """Crawl through these egresses for `seconds`, or a little less; how many requests left. Ends early with nothing to
    crawl."""
    settings = load_settings()
    with tracing(settings.tracing_url, "crawl"):
        return asyncio.run(_crawl(settings, egress_names, seconds))


async def _crawl(settings: Settings, egress_names: Sequence[str], seconds: float) -> int:
    by_name = {egress.name: egress for egress in settings.egresses}
    unknown = [name for name in egress_names if name not in by_name]
    if unknown:
        raise BadSetting(f"PENNYWREN_EGRESSES has no egress {', '.join(map(repr, unknown))}")
    if not settings.redis_url:
        raise Unavailable("no Redis is running: start Pennywren with `pennywren up`, or set PENNYWREN_REDIS_URL")
    async with AsyncExitStack() as stack:
        client = connect(settings.redis_url)
        stack.push_async_callback(client.aclose)
        bytes_client = connect(settings.redis_url, decode=False)
        stack.push_async_callback(bytes_client.aclose)
        pool = await _open_pool(settings, stack)
        children = -(-len(egress_names) // _EGRESSES_PER_PARSER)
        parser = await stack.enter_async_context(PageParser(children))
        store = Store(client, bytes_client)
        recorder = Recorder(store, settings.gap_after)
        dice = random.Random()  # noqa: S311 -- whose turn it is, and no secret
        # So that the jobs of all groups do not end at one moment, in which nobody would crawl.
        seconds *= dice.uniform(_SHORTEST, 1)
        catalogue, discoverer = None, None
        if pool is not None:
            catalogue = CatalogueWriter(pool)
            discoverer = Discoverer(client, pool, settings.discover_per_day, system_clock, dice)
        curls, outlook = Curls(), Outlook(client, settings)
        crawlers = [
            Crawler(
                settings, store, recorder, catalogue, parser, by_name[name],
                dice=dice, discoverer=discoverer, outlook=outlook,
                fetcher=Fetcher(by_name[name], settings.user_agent, curls=curls),
            )
            for name in dict.fromkeys(egress_names)
        ]  # fmt: skip
        for crawler in crawlers:
            stack.push_async_callback(crawler.close)

        def stop() -> None:
            for crawler in crawlers:
                crawler.stop()

        on_end(stop)
        return sum(await asyncio.gather(*(crawler.run_for(seconds) for crawler in crawlers)))


async def _open_pool(settings: Settings, stack: AsyncExitStack) -> "Pool | None":
    """Prices are worth crawling also while the database is down: titles and images come again."""
    try:
        pool = await open_pool(settings.postgres_url or "", size=2)
    except Unavailable as error:
        _log.warning("crawling without the catalogue: %s", error)
        return None
    stack.push_async_callback(pool.close)
    return pool
