"""The extension in a real browser: how long from asking for a product's history to the chart on the page."""

import asyncio
import random
import tempfile
from pathlib import Path
from typing import Final

from bench.report import Goal, Section, median_of, quantile
from bench.servers import Servers
from pennywren.model.clock import DAY, system_clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import Steps
from pennywren.postgres import catalogue
from pennywren.postgres.catalogue import CatalogueEntry
from pennywren.record.rewriting import rewrite
from pennywren.settings import load_settings
from tests.browser.extension_world import PANEL, World, build, world

PRODUCTS: Final = 100
CHANGES: Final = 200
_STOPWATCH: Final = f"""
const send = chrome.runtime.sendMessage.bind(chrome.runtime);
let asked = 0;
chrome.runtime.sendMessage = (question) => {{
  if (question.kind === "show") asked = performance.now();
  return send(question);
}};
const watch = () => {{
  const line = document.querySelector("{PANEL}")?.shadowRoot?.querySelector(".pw-line");
  if (!line) return void requestAnimationFrame(watch);
  requestAnimationFrame(() => {{ document.documentElement.dataset.painted = String(performance.now() - asked); }});
}};
watch();
"""
"""Runs before the panel: from its question to the frame after its chart is there."""


def measure(servers: Servers) -> Section:
    """Open the pages of 100 products, one after another, as somebody who shops."""
    with tempfile.TemporaryDirectory(prefix="pennywren-extension-") as folder:
        times = asyncio.run(_measure(servers, Path(folder)))
    p95 = quantile(times, 0.95)
    return Section(
        "The extension: history on the page",
        f"{PRODUCTS} products with {CHANGES} changes each in two years, none asked for before; headless Chromium "
        "with the built extension, the API in a process with the driver of the browser, all on this machine. From the "
        "panel's question to the frame that has the chart.",
        ("", "ms"),
        [("median", f"{median_of(times):.0f}"), ("p95", f"{p95:.0f}"), ("slowest", f"{max(times):.0f}")],
        [Goal("history painted, p95", p95, 500, at_most=True, unit="ms")],
    )


async def _measure(servers: Servers, folder: Path) -> list[float]:
    settings = load_settings(
        {
            "PENNYWREN_DATA_DIR": str(folder / "data"),
            "PENNYWREN_REDIS_URL": servers.redis_url,
            "PENNYWREN_QUEUE_URL": servers.queue_url,
            "PENNYWREN_POSTGRES_URL": servers.postgres_url,
        },
        folder,
    )
    built = build(folder / "built")
    content = built / "content.js"
    content.write_text(_STOPWATCH + content.read_text())
    async with world(settings, built, folder) as here:
        products = [ProductID("us", f"B0BENCH{number:03}") for number in range(PRODUCTS)]
        await _fill(here, products)
        times: list[float] = []
        for product in products:
            here.shops.pages[f"{product.market.host}/dp/{product.asin}"] = _page(product)
            page = await here.visit(product)
            painted = await page.wait_for_function("() => document.documentElement.dataset.painted")
            times.append(float(await painted.json_value()))
            await page.close()
        return times


async def _fill(here: World, products: list[ProductID]) -> None:
    chance, now = random.Random(11), system_clock()
    await catalogue.upsert(here.resources.pool, [CatalogueEntry(product, "A kettle") for product in products])
    for product in products:
        times = sorted(chance.sample(range(now - 730 * DAY, now), CHANGES))
        # Odd and even in turn, so that each differs from the one before.
        points = [(at, 2 * chance.randrange(1000, 3000) + place % 2) for place, at in enumerate(times)]
        steps = Steps(points, [], now)
        await rewrite(here.resources.store, product, "USD", {Offer.BUYBOX: steps}, reason="import", tier="charted")


def _page(product: ProductID) -> str:
    return (
        f"<!doctype html><title>{product}</title><h1 id=title>A kettle</h1>"
        "<div id=corePriceDisplay_desktop_feature_div>$42.99</div><p>More about it.</p>"
    )
