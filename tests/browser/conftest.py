"""Debian's Chromium, driven by Playwright; no browser is downloaded."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from pennywren.settings import load_settings
from tests.browser.demo import Demo, running_demo
from tests.browser.extension_world import CHROMIUM, Backdrop, World, backdrop, browsing, build
from tests.conftest import empty, truncate


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A browser without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The whole system with its demo shop, one for the run."""
    with running_demo(tmp_path_factory.mktemp("demo")) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def behind(
    tmp_path_factory: pytest.TempPathFactory, redis_server: str, queue_server: str, migrated_database: str
) -> AsyncIterator[Backdrop]:
    """A server and shops for all stories of a file; each has products and people of its own."""
    folder = tmp_path_factory.mktemp("backdrop")
    await empty(redis_server, mark=True)
    await truncate(migrated_database)
    given = {
        "DATA_DIR": str(folder / "data"),
        "REDIS_URL": redis_server,
        "QUEUE_URL": queue_server,
        "POSTGRES_URL": migrated_database,
        # All stories come from one network.
        "REQUESTS_PER_NETWORK": "0",
    }
    settings = load_settings({f"PENNYWREN_{name}": value for name, value in given.items()}, folder)
    async with backdrop(settings, folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension for Chrome."""
    return build(tmp_path_factory.mktemp("extension"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installed(behind: Backdrop, built: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A browser with the extension, for all stories of a file."""
    async with browsing(behind, built, tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def here(installed: World) -> World:
    """Somebody who has just installed the extension."""
    await installed.begin_anew()
    return installed
