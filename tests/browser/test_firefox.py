"""The packed extension in a real Firefox: what a person does there, as far as it differs from Chromium."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from pennywren.local.ports import free_port
from pennywren.model.product import ProductID
from pennywren.settings import Settings
from tests.browser.extension_world import PANEL, Backdrop, backdrop, pack, until
from tests.browser.firefox import FIREFOX, Firefox, firefox

ARROW_UP = "\ue013"
KETTLE = ProductID("us", "B0DEMOWREN")

pytestmark = pytest.mark.skipif(FIREFOX is None, reason="Firefox is missing: apt install firefox-esr")


@pytest.fixture
async def server_and_shops(settings: Settings, tmp_path: Path) -> AsyncIterator[Backdrop]:
    async with backdrop(settings, tmp_path) as opened:
        yield opened


@pytest.fixture
async def browser(server_and_shops: Backdrop, tmp_path: Path) -> AsyncIterator[Firefox]:
    port = free_port()
    package = pack(tmp_path / "built") / "pennywren-firefox.zip"
    proxy = await asyncio.start_server(server_and_shops.shops.tunnel, "127.0.0.1", port)
    async with proxy, firefox(tmp_path, package, port) as opened:
        yield opened


async def test_history_watch_mail_and_report(server_and_shops: Backdrop, browser: Firefox) -> None:
    server_and_shops.sells(KETTLE, 1599)
    await server_and_shops.crawled(KETTLE, 1799)
    await server_and_shops.crawled(KETTLE, 1599)

    # The server is named in the settings; then a product page has its history.
    await browser.visit(f"{browser.home}/options.html")
    await browser.fill("#origin", server_and_shops.settings.base_url)
    await browser.click("#server form button")
    await browser.says("Saved.", "#server")
    await _visit(browser)
    text = await browser.says("$15.99", ".panel", shadow_of=PANEL)
    assert "$17.99" in text
    await browser.find("svg .pw-line", shadow_of=PANEL)
    assert await browser.looks("border-top-left-radius", ".panel", shadow_of=PANEL) == "10px", (
        "whatever the page forbids"
    )
    assert await browser.run(f"return document.querySelector('#apex_desktop + {PANEL}') !== null")
    assert await browser.run(f"return document.querySelector('{PANEL}').shadowRoot") is None, "the page cannot look in"

    # An address once, confirmed by a link; then one click.
    await browser.visit(f"{browser.home}/connect.html#{KETTLE}/1519")
    await browser.fill("#email", "ada@example.com")
    await browser.click("form button")
    await browser.says("We sent a link to ada@example.com", "main")
    async with httpx.AsyncClient() as mail_program:
        assert (await mail_program.post(server_and_shops.link("pair"))).status_code == 200
    await browser.says("Connected: alerts go to ada@example.com", "main")
    await _visit(browser)
    await browser.says("You get a mail at $15.19 or less.", ".panel", shadow_of=PANEL)
    await browser.click(".targets button", shadow_of=PANEL)
    await browser.says("You get a mail at $15.98 or less.", ".panel", shadow_of=PANEL)
    server_and_shops.sells(KETTLE, 1499)
    await server_and_shops.crawled(KETTLE, 1499)
    await server_and_shops.tell()
    assert any("14.99" in mail["subject"] for mail in server_and_shops.mails())

    # Moved by keys, folded, and so on the next page.
    await browser.press(ARROW_UP, ".grip", shadow_of=PANEL)
    await browser.click(".fold", shadow_of=PANEL)
    await until(lambda: browser.kept("sync", "folded"))
    await until(lambda: browser.kept("sync", "spot"))
    await _visit(browser)
    await browser.find(".folded", shadow_of=PANEL)
    assert await browser.run(f"return document.querySelector('{PANEL}').className") == "free front"
    await browser.click(".fold", shadow_of=PANEL)
    await browser.says("Your target of $15.98 is met.", ".panel", shadow_of=PANEL)

    # The popup lists what is watched; a yes, a page, and the report is there byte for byte.
    await browser.visit(f"{browser.home}/popup.html")
    await browser.says("Your target of $15.98 is met.", "#watches")
    await browser.visit(f"{browser.home}/options.html")
    await browser.click("#reports .act")
    await browser.says("Prices that you see are reported", "#reports")
    await _visit(browser)
    await until(lambda: _waiting(browser))
    await browser.visit(f"{browser.home}/options.html")
    await browser.run("chrome.alarms.create('send-reports', { when: Date.now() })")
    await browser.says("· 200 ·", "#sent")
    body = await browser.run("return document.querySelector('#sent pre').textContent")
    (seen,) = json.loads(body)["observations"]
    assert (seen["productID"], seen["price"], seen["currency"]) == (str(KETTLE), 1499, "USD")
    assert "accepted: " in await browser.run("return document.querySelector('#sent details').textContent")


async def _waiting(browser: Firefox) -> bool:
    ledger = await browser.kept("local", "ledger")
    return bool(ledger and ledger["waiting"])


async def _visit(browser: Firefox) -> None:
    await browser.visit(f"https://www.amazon.com/dp/{KETTLE.asin}")
