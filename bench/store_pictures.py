"""Makes the pictures of the store listing, `extension/store/*.png`, and of the README: `make screenshots`.

The real extension in Chromium, with a real server; the pages are those of our own demo shop, whose goods are invented.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import ViewportSize

from bench.servers import Servers, servers
from pennywren.accounts.signing_in import make_link
from pennywren.local.shop.goods import GOODS, HERO
from pennywren.model.clock import DAY, system_clock
from pennywren.model.offer import Offer
from pennywren.model.series import Steps
from pennywren.postgres import catalogue
from pennywren.postgres.catalogue import CatalogueEntry
from pennywren.record.rewriting import rewrite
from pennywren.settings import load_settings
from tests.browser.extension_world import PANEL, World, build, world

HERE: Final = Path(__file__).parents[1] / "extension" / "store"
README: Final = Path(__file__).parents[1] / "docs" / "pictures"
SIZE: Final[ViewportSize] = {"width": 1280, "height": 800}
NARROW: Final[ViewportSize] = {"width": 360, "height": 800}
POPUP: Final[ViewportSize] = {"width": 380, "height": 270}
_PAST: Final = (
    (420, 1749), (391, 1699), (352, 1849), (310, 1649), (274, 1699), (231, 1749), (188, 1549), (171, 1799),
    (120, 1649), (88, 1899), (61, 1749), (33, 1849), (12, 1649), (3, 1599),
)  # fmt: skip


async def main(up: Servers) -> None:
    """All pictures, in light and dark."""
    with tempfile.TemporaryDirectory(prefix="pennywren-pictures-") as name:
        folder = Path(name)
        built = build(folder / "built")
        for theme, locale in (("light", "en-US"), ("dark", "en-US"), ("rtl", "ar")):
            own = folder / theme
            own.mkdir()
            given = {
                "DATA_DIR": str(own),
                "REDIS_URL": up.redis_url,
                "QUEUE_URL": up.queue_url,
                "POSTGRES_URL": up.postgres_url,
            }
            settings = load_settings({f"PENNYWREN_{key}": value for key, value in given.items()}, own)
            async with world(settings, built, own, locale=locale, dark=theme == "dark") as here:
                await _take(here, theme)


async def _take(here: World, theme: str) -> None:
    await _know(here)
    here.shops.policy = "default-src 'self'; style-src 'unsafe-inline'"
    page = await here.context.new_page()
    await page.set_viewport_size(SIZE)
    await page.goto(f"https://{HERO.id.market.host}/dp/{HERO.id.asin}")
    await page.wait_for_selector(f"{PANEL} .targets button")
    await page.screenshot(path=HERE / f"panel-{theme}.png")
    if theme == "rtl":
        return
    await _take_site(here, theme)
    await page.set_viewport_size(NARROW)
    await page.locator(PANEL).scroll_into_view_if_needed()
    await page.screenshot(path=HERE / f"narrow-{theme}.png")
    await _connect(here)
    await page.set_viewport_size(SIZE)
    await page.reload()
    await page.locator(f"{PANEL} .targets button").nth(1).click()
    await page.wait_for_selector(f"{PANEL} .targets button[aria-pressed=true]:enabled")
    await page.screenshot(path=HERE / f"watch-{theme}.png")
    for name in ("options", "popup"):
        own = await here.own(f"{name}.html")
        await own.set_viewport_size(SIZE if name == "options" else POPUP)
        await own.wait_for_selector("#reports button" if name == "options" else "#watches li")
        await own.screenshot(path=HERE / f"{name}-{theme}.png")


async def _take_site(here: World, theme: str) -> None:
    page = await here.context.new_page()
    await page.set_viewport_size({"width": 1280, "height": 920})
    await page.goto(f"{here.origin}/products/{HERO.id}")
    await page.wait_for_selector(".pw-plot")
    await page.screenshot(path=README / f"product-{theme}.png")
    await page.close()


async def _know(here: World) -> None:
    now = system_clock()
    here.sells(HERO.id, _PAST[-1][1])
    await catalogue.upsert(here.resources.pool, [CatalogueEntry(good.id, good.title) for good in GOODS])
    points = [(now - days * DAY, price) for days, price in _PAST]
    await rewrite(
        here.resources.store, HERO.id, "USD", {Offer.BUYBOX: Steps(points, [], now)}, reason="import", tier="charted"
    )


async def _connect(here: World) -> None:
    browser = await here.context.new_page()
    await browser.goto(
        f"{here.origin}/sign-in/{await make_link(here.resources.pool, 'ada@example.com', system_clock())}"
    )
    await browser.click("main form button")
    connect = await here.own("connect.html")
    await connect.click("#code button")
    await browser.goto(f"{here.origin}/account/connections?code={await connect.inner_text('.code')}")
    await browser.click("main form button")
    await connect.wait_for_selector("main:has-text('ada@example.com')")
    await connect.close()
    await browser.close()


if __name__ == "__main__":
    with servers() as up:
        asyncio.run(main(up))
