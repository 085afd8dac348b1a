"""What the stories of the extension share: products that nobody has asked for yet, and what a panel says."""

from itertools import count
from typing import Final

from playwright.async_api import Page, expect

from pennywren.model.product import ProductID
from tests.browser.extension_world import PANEL, World

HOSTILE: Final = "</script><img src=x onerror=alert(1)>"
_NUMBERS = count(1)


async def known(here: World, price: int = 1599) -> ProductID:
    """A product with a history that nobody has asked for, which the shop sells at its low."""
    product = ProductID("us", f"B0STORY{next(_NUMBERS):03}")
    here.sells(product, price)
    await here.crawled(product, price + 200, HOSTILE)
    await here.crawled(product, price, HOSTILE)
    return product


async def drawn(page: Page) -> None:
    """Wait for the chart of a page's panel."""
    await page.wait_for_selector(f"{PANEL} svg .pw-line", state="attached")


async def says(page: Page, words: str, within: str = f"{PANEL} .panel") -> None:
    """Wait for words in a page's panel, or in another part of it."""
    await expect(page.locator(within)).to_contain_text(words)
