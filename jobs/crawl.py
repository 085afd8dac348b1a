"""Keep one egress busy for a while."""

import asyncio
import logging
import signal
from contextlib import AsyncExitStack

from pennywren.errors import BadSetting, Unavailable
from pennywren.observe.child import PageParser
from pennywren.pipeline.cataloguing import CatalogueWriter
from pennywren.pipeline.crawling import Crawler
from pennywren.postgres.pool import open_pool
from pennywren.record.recording import Recorder
from pennywren.settings import Settings, load_settings
from pennywren.store.connect import connect
from pennywren.store.store import Store

_log = logging.getLogger(__name__)


def crawl(egress_name: str, seconds: float = 55) -> int:
    """Crawl through one egress for `seconds`; how many requests left. Ends early where there is nothing to crawl."""
    return asyncio.run(_crawl(load_settings(), egress_name, seconds))


async def _crawl(settings: Settings, egress_name: str, seconds: float) -> int:
    through = next((egress for egress in settings.egresses if egress.name == egress_name), None)
    if through is None:
        raise BadSetting(f"PENNYWREN_EGRESSES has no egress {egress_name!r}")
    if not settings.redis_url:
        raise Unavailable("no Redis is running: start Pennywren with `pennywren up`, or set PENNYWREN_REDIS_URL")
    async with AsyncExitStack() as stack:
        client = connect(settings.redis_url)
        stack.push_async_callback(client.aclose)
        bytes_client = connect(settings.redis_url, decode=False)
        stack.push_async_callback(bytes_client.aclose)
        catalogue = await _open_catalogue(settings, stack)
        parser = await stack.enter_async_context(PageParser())
        store = Store(client, bytes_client)
        recorder = Recorder(store, settings.gap_after)
        crawler = Crawler(settings, store, recorder, catalogue, parser, through)
        stack.push_async_callback(crawler.close)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, crawler.stop)
        return await crawler.run_for(seconds)


async def _open_catalogue(settings: Settings, stack: AsyncExitStack) -> CatalogueWriter | None:
    """Prices are worth crawling also while the database is down: titles and images come again."""
    try:
        pool = await open_pool(settings.postgres_url or "", size=2)
    except Unavailable as error:
        _log.warning("crawling without the catalogue: %s", error)
        return None
    stack.push_async_callback(pool.close)
    return CatalogueWriter(pool)
