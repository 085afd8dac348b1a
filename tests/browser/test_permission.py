"""The browser's own question whether the extension may talk to a server of somebody's own, answered both ways."""

import asyncio
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from tests.browser.extension_world import PANEL, Backdrop, browsing, until
from tests.browser.panel import drawn, known, says
from tests.browser.screen import MISSING, Screen, screen
from tests.browser.tls_shops import tls_before

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(bool(MISSING), reason=f"missing: apt install {' '.join(MISSING).lower()}"),
]
HOME = "prices.example.org"
MARGIN = (150, 600)
"""A point of the page with nothing on it, which the browser dims while it asks."""
DIMMED = 180


async def test_a_server_of_ones_own_is_asked_once_the_person_allows_it(
    behind: Backdrop, built: Path, tmp_path: Path
) -> None:
    port = urlsplit(behind.origin).port
    assert port is not None
    async with tls_before(port, tmp_path) as outside:
        behind.shops.elsewhere[HOME] = outside
        with screen() as at:
            async with browsing(behind, built, tmp_path, display=at.display) as here:
                kettle = await known(here)
                settings = await here.own("options.html")
                assert not await _allowed(settings, at, "Escape")
                assert await here.stored("origin") == here.origin

                await until(lambda: _allowed(settings, at, "Tab", "Return"), tries=5)
                assert await here.stored("origin") == f"https://{HOME}"
                page = await here.visit(kettle)
                await drawn(page)
                await says(page, "$15.99")
                assert await page.locator(f"{PANEL} a[href^='https://{HOME}/']").count() > 0


async def _allowed(settings: Page, at: Screen, *keys: str) -> bool:
    """Save the address, answer the browser's question with keys, and say what came of it."""
    told = settings.locator("#server [role=status]")
    await told.evaluate("told => told.replaceChildren()")
    await settings.fill("#origin", HOME)
    await settings.click("#server button")
    await until(lambda: at.brightness(*MARGIN) < DIMMED)
    # For half a second the browser takes no answer, lest it was meant for the page; a slow one may lose the first key.
    await asyncio.sleep(1)
    at.press(*keys)
    await until(lambda: at.brightness(*MARGIN) > DIMMED)
    await expect(told).to_have_text(re.compile(r"Saved\.|the browser was not allowed to ask"))
    return await told.inner_text() == "Saved."
