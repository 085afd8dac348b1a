"""A demo shop inside the test's own loop, crawlers towards it, and a server that means us harm."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from pennywren.frontier.admission import Admission, admit_all
from pennywren.local.ports import free_port
from pennywren.local.shop.server import Shop, monotonic_ms, serve
from pennywren.model.product import ProductID
from pennywren.observe.child import PageParser
from pennywren.observe.fetch import Fetcher
from pennywren.pipeline.cataloguing import CatalogueWriter
from pennywren.pipeline.crawling import Crawler
from pennywren.pipeline.discovering import Discoverer
from pennywren.record.recording import Recorder
from pennywren.setting_values import Egress
from pennywren.settings import Settings
from pennywren.store.store import Store


@dataclass
class Stage:
    """What a crawl test plays on."""

    store: Store
    parser: PageParser
    origin: str
    shop: Shop
    catalogue: CatalogueWriter | None = None
    discoverer: Discoverer | None = None
    opened: list[Crawler] = field(default_factory=list[Crawler])

    @property
    def host(self) -> str:
        return self.origin.removeprefix("http://")

    def crawler(
        self,
        egress: str = "e1",
        source: str = "127.0.0.2",
        *,
        catalogue: CatalogueWriter | None = None,
        origin: str | None = None,
        timeout_s: float = 15.0,
        egresses: int = 1,
    ) -> Crawler:
        """A crawler through one egress; in these tests each has an address of its own."""
        shop = origin or self.origin
        through = Egress(egress, source=source)
        others = tuple(Egress(f"other{i}") for i in range(egresses - 1))
        settings = Settings(
            egresses=(through, *others), shop_origins=dict.fromkeys(("us", "uk", "de", "jp"), shop), recrawl_after=1
        )
        crawler = Crawler(
            settings,
            self.store,
            Recorder(self.store, settings.gap_after),
            catalogue or self.catalogue,
            self.parser,
            through,
            fetcher=Fetcher(through, settings.user_agent, timeout_s=timeout_s),
            discoverer=self.discoverer,
        )
        self.opened.append(crawler)
        return crawler

    async def visit(self, product: ProductID, *, sources: Callable[[], str]) -> None:
        """Crawl a product once, now, whatever it has been through, from an address that has not been used yet."""
        await admit_all(self.store.client, [Admission(product, urgent=True)])
        source = sources()
        await self.visit_due(source)

    async def visit_due(self, source: str) -> None:
        """Take one thing that is due: through an egress of its own, so that no test has to wait for politeness."""
        crawler = self.crawler(source, source)
        (host,) = await crawler.look_around()
        while not (await crawler.step(host)).worked:
            pass


async def _end_all_tasks() -> None:
    """Servers leave a task for each connection that is still open."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def sources() -> Callable[[], str]:
    """Loopback addresses, a new one each time."""
    numbers = iter(range(2, 250))
    return lambda: f"127.0.0.{next(numbers)}"


@pytest.fixture
async def stage(store: Store) -> AsyncIterator[Stage]:
    shop, port = Shop(monotonic_ms), free_port()
    serving = asyncio.create_task(serve(shop, port))
    async with PageParser() as parser:
        stage = Stage(store, parser, f"http://127.0.0.1:{port}", shop)
        yield stage
        for crawler in stage.opened:
            await crawler.close()
    serving.cancel()
    await _end_all_tasks()


Talk = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def evil() -> AsyncIterator[Callable[[Talk], Awaitable[str]]]:
    """Starts a server that answers each request as it is told; its origin."""
    servers: list[asyncio.Server] = []

    async def start(talk: Talk) -> str:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                with suppress(OSError, asyncio.IncompleteReadError):
                    await talk((await reader.readuntil(b"\r\n\r\n")).split(b" ")[1], writer)
                    await writer.drain()
            finally:
                writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()
    await _end_all_tasks()
