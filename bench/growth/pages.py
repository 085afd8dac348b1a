"""More open pages of one product: what they take, and how soon all of them show a price."""

import asyncio
import itertools
import sys
import time
from typing import Final

from bench.growth.section import section
from bench.open_pages import OpenPage, cpu_ms, memory_mb, open_page
from bench.plots import Points
from bench.report import Section, median_of
from bench.servers import Servers
from bench.site import CURRENCY, fill, products, website
from pennywren.model.clock import DAY, SECOND
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.connect import connect
from pennywren.store.store import Store

_PAGES: Final = (1, 10, 100, 1_000, 10_000)
_TOLD: Final = 5
_LOOK_S: Final = 0.05


def measure(up: Servers) -> Section:
    """One process of the website, with ever more pages that listen."""
    limits = [
        "Telling more open pages is one rendering, and a write of the same bytes to each connection; the last of them "
        "sees it when all are written, and whatever else the process is asked gets its turn after each hundred.",
    ]
    return section("pages", "open pages of one product", asyncio.run(_measure(up)), limits)


async def _measure(up: Servers) -> dict[str, Points]:
    curves: dict[str, list[tuple[float, float]]] = {
        "memory of the website with them, MB": [],
        "processor time to tell them all, ms": [],
        "from recorded to shown at the last, s": [],
    }
    (one,) = products(1)
    await fill(up, [one])
    client, in_bytes = connect(up.redis_url), connect(up.redis_url, decode=False)
    store = Store(client, in_bytes)
    recorder, prices = Recorder(store, 7 * DAY // SECOND), itertools.count(3000)
    with website(up, {"PENNYWREN_STREAMS_PER_NETWORK": str(2 * _PAGES[-1])}) as address:
        pages: list[OpenPage] = []
        listening: list[asyncio.Task[None]] = []
        for count in _PAGES:
            sys.stderr.write(f"growth: {count:,} open pages\n")
            state = await store.product(one)
            if state is None:
                raise RuntimeError("the product was not written")
            new = [await open_page(address, one, state.version) for _ in range(count - len(pages))]
            listening += [asyncio.create_task(page.listen()) for page in new]
            pages += new
            used: list[float] = []
            late: list[float] = []
            for _ in range(_TOLD):
                told, cpu = [len(page.told) for page in pages], cpu_ms(address)
                await recorder.record([LookToRecord(Look(one, CURRENCY, {Offer.BUYBOX: next(prices)}))])
                recorded = time.monotonic()
                async with asyncio.timeout(60):
                    while any(len(page.told) == before for page, before in zip(pages, told, strict=True)):
                        await asyncio.sleep(_LOOK_S)
                late.append(max(page.told[-1] for page in pages) - recorded)
                used.append(cpu_ms(address) - cpu)
            curves["memory of the website with them, MB"].append((count, memory_mb(address)))
            curves["processor time to tell them all, ms"].append((count, median_of(used)))
            curves["from recorded to shown at the last, s"].append((count, median_of(late)))
        for task in listening:
            task.cancel()
        for page in pages:
            page.writer.close()
    await client.aclose()
    await in_bytes.aclose()
    return dict(curves)
