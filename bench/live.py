"""A thousand open product pages: what they cost the website's process, and how soon they show a new price."""

import asyncio
import time
from typing import Any

from bench.open_pages import memory_mb, open_page
from bench.report import Goal, Section, quantile
from bench.servers import Servers
from bench.site import CURRENCY, fill, products, website
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.connect import Client, connect
from pennywren.store.store import Store

PAGES = 1_000
CROWD = 500
"""Pages of one product that everybody looks at; the others are spread over all."""
PRODUCTS = 100
CHANGES = 20
_GAP_S = 7 * 86_400


async def _connections(client: Client) -> int:
    """Connections to Redis but for our own."""
    clients: Any = await client.client_list()
    own: Any = await client.client_id()
    return sum(int(each["id"]) != own for each in clients)


async def _measure(servers: Servers, address: str, section: Section) -> None:
    known = products(PRODUCTS)
    client, in_bytes = (connect(servers.redis_url, max_connections=1, decode=decode) for decode in (True, False))
    store = Store(client, in_bytes)
    recorder = Recorder(store, _GAP_S)
    versions = {each: state.version for each in known if (state := await store.product(each))}
    warm = await asyncio.gather(*(open_page(address, each, 0) for each in known[:10]))
    await asyncio.gather(*(page.reader.readuntil(b"event: price") for page in warm))
    # The connection that open pages share is there by now, and not counted among those that more pages add.
    before, connections = memory_mb(address), await _connections(client)
    wanted = [known[0]] * CROWD + [known[1 + n % (PRODUCTS - 1)] for n in range(PAGES - CROWD)]
    pages = [await open_page(address, each, versions[each]) for each in wanted]
    listening = [asyncio.create_task(page.listen()) for page in pages]
    delays: list[float] = []
    lost = 0
    for n in range(CHANGES):
        product = known[n % 4]
        told = [page for page in pages if page.product == product]
        counts = [len(page.told) for page in told]
        await recorder.record([LookToRecord(Look(product, CURRENCY, {Offer.BUYBOX: 3000 + n}))])
        recorded = time.monotonic()
        for _ in range(100):
            await asyncio.sleep(0.05)
            if all(len(page.told) > count for page, count in zip(told, counts, strict=True)):
                break
        for page, count in zip(told, counts, strict=True):
            if len(page.told) > count:
                delays.append(page.told[count] - recorded)
            else:
                lost += 1
    after, more = memory_mb(address), await _connections(client)
    for page in (*pages, *warm):
        page.writer.close()
    for task in listening:
        task.cancel()
    await in_bytes.aclose()
    await client.aclose()
    section.rows += [
        ["memory of the process, before and with them", f"{before:.0f} MB, {after:.0f} MB"],
        ["memory a page", f"{(after - before) * 1024 / PAGES:.0f} kB"],
        ["connections to Redis that they add", str(more - connections)],
        ["connections to Redis in all", str(more)],
        ["from recorded to shown: median", f"{quantile(delays, 0.5):.2f} s"],
        ["99 of 100", f"{quantile(delays, 0.99):.2f} s"],
        ["the slowest", f"{max(delays):.2f} s of {len(delays):,}"],
    ]
    section.goals += [
        Goal(f"{PAGES:,} open pages, memory", after - before, 100, at_most=True, unit="MB"),
        Goal("connections to Redis that open pages add", more - connections, 0, at_most=True, unit="connections"),
        Goal("a new price is shown after, the slowest", max(delays), 2, at_most=True, unit="s"),
        Goal("pages that were not told", lost, 0, at_most=True, unit="pages"),
    ]


def measure(servers: Servers) -> Section:
    """One process of the website, a thousand connections, twenty changes."""
    section = Section(
        "Open pages",
        f"{PAGES:,} product pages open at one process of the website, {CROWD} of them of one product; {CHANGES} new "
        "prices, one after the other, from the end of the record step to the event in the page's connection.",
        ["what", "measured"],
    )
    asyncio.run(fill(servers, products(PRODUCTS)))
    with website(servers) as address:
        asyncio.run(_measure(servers, address, section))
    section.limits.append(
        "What limits the delay: the reader looks at the streams twice a second; then one rendering a product and "
        "language, and a write a page."
    )
    return section
