"""What a reader waits for and pays: first byte, largest paint, bytes and layout shift, in Debian's Chromium."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright

from bench.report import Goal, Section, median_of
from bench.servers import Servers
from bench.site import fill, products, website

CHROMIUM = Path("/usr/bin/chromium")
VISITS = 5
_OBSERVE = """
window.shift = 0; window.largest = 0;
const shifted = each => { if (!each.hadRecentInput) window.shift += each.value };
new PerformanceObserver(list => list.getEntries().forEach(shifted))
  .observe({ type: "layout-shift", buffered: true });
new PerformanceObserver(list => list.getEntries().forEach(each => { window.largest = each.startTime }))
  .observe({ type: "largest-contentful-paint", buffered: true });
"""


@dataclass
class Visit:
    """One visit with an empty cache: ms and bytes as they were transferred, pictures of products aside."""

    first_byte: float
    largest_paint: float
    shift: float
    sent: int


async def _visit(browser: Browser, url: str, width: int, settled: str) -> Visit:
    context = await browser.new_context(viewport={"width": width, "height": 900}, locale="en-US")
    page = await context.new_page()
    sizes: dict[str, int] = {}
    session: Any = await context.new_cdp_session(page)
    names: dict[str, str] = {}

    def asked(event: dict[str, Any]) -> None:
        names[event["requestId"]] = event["request"]["url"]

    def came(event: dict[str, Any]) -> None:
        sizes[event["requestId"]] = int(event["encodedDataLength"])

    session.on("Network.requestWillBeSent", asked)
    session.on("Network.loadingFinished", came)
    await session.send("Network.enable")
    await page.add_init_script(_OBSERVE)
    await page.goto(url, wait_until="load")
    await page.locator(settled).first.wait_for(state="attached")
    await page.wait_for_timeout(400)
    timing: Any = await page.evaluate(
        "({ byte: performance.getEntriesByType('navigation')[0].responseStart, largest, shift })"
    )
    await context.close()
    sent = sum(size for request, size in sizes.items() if "/images/" not in names.get(request, ""))
    return Visit(timing["byte"], timing["largest"], timing["shift"], sent)


async def _measure(address: str, section: Section) -> None:
    product = f"/products/{products(1)[0]}"
    pages = {
        "product, wide": (product, 1280, ".pw-line"),
        "product, narrow": (product, 360, ".pw-line"),
        "first page": ("/", 1280, "h1"),
        "how it works": ("/about", 1280, "h1"),
    }
    found: dict[str, list[Visit]] = {}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        for name, (path, width, settled) in pages.items():
            found[name] = [await _visit(browser, address + path, width, settled) for _ in range(VISITS)]
        await browser.close()
    for name, visits in found.items():
        section.rows.append([
            name,
            f"{median_of([each.first_byte for each in visits]):.0f}",
            f"{median_of([each.largest_paint for each in visits]):.0f}",
            f"{max(each.sent for each in visits) / 1000:.1f}",
            f"{max(each.shift for each in visits):.3f}",
        ])  # fmt: skip
    wide = found["product, wide"]
    section.goals += [
        Goal("a product's page, its picture aside", max(e.sent for e in wide) / 1000, 100, at_most=True, unit="kB"),
        Goal(
            "layout shift, the worst of all visits",
            max(each.shift for visits in found.values() for each in visits), 0.01, at_most=True, unit="",
        ),
        Goal("first byte of a product's page", median_of([e.first_byte for e in wide]), 200, at_most=True, unit="ms"),
        Goal("its largest paint", median_of([e.largest_paint for e in wide]), 1000, at_most=True, unit="ms"),
    ]  # fmt: skip


def measure(servers: Servers) -> Section:
    """The site on this machine, nothing between it and the browser."""
    section = Section(
        "Pages in a browser",
        f"Chromium on the same machine, an empty cache each time; medians of {VISITS} visits, bytes and shift of the "
        "worst.",
        ["page", "first byte, ms", "largest paint, ms", "transferred, kB", "layout shift"],
    )
    if not CHROMIUM.exists():
        section.limits.append("not measured: Chromium is missing (apt-get install chromium)")
        return section
    asyncio.run(fill(servers, products(20)))
    with website(servers) as address:
        asyncio.run(_measure(address, section))
    return section
