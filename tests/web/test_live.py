"""Open pages: who is woken by what, and what they are told."""

import asyncio
import json
from contextlib import ExitStack

from pennywren import keyspace
from pennywren.language.speaking import language
from pennywren.match.live import LiveChanges
from pennywren.model.product import ProductID
from pennywren.web.rendering.live_pages import News
from tests.web.site import PRODUCT, Site

OTHER = ProductID("us", "B000000001")


async def test_only_the_pages_of_the_product_that_changed_are_woken(site: Site) -> None:
    live = LiveChanges(site.resources.client, site.clock)
    with live.listen(PRODUCT) as first, live.listen(PRODUCT) as second, live.listen(OTHER) as other:
        await site.record(1999)
        await live.step()
        assert (first.is_set(), second.is_set(), other.is_set()) == (True, True, False)
        first.clear()
        assert await live.step() == 0, "an entry is read once"
        await site.record(1999)
        await live.step()
        assert not first.is_set(), "a look that changes nothing wakes nobody"
        await site.record(1499)
        await live.step()
        assert first.is_set()
    assert await live.step() == 0, "without an open page nothing is read"


async def test_while_a_crowd_is_woken_others_get_their_turn(site: Site) -> None:
    live = LiveChanges(site.resources.client, site.clock)
    with ExitStack() as open_pages:
        crowd = [open_pages.enter_context(live.listen(PRODUCT)) for _ in range(1_000)]
        await site.record(1999)
        waking = asyncio.create_task(live.step())
        woken: list[int] = []
        while not waking.done():
            woken.append(sum(event.is_set() for event in crowd))
            await asyncio.sleep(0)
        assert all(event.is_set() for event in crowd)
        assert {100, 200, 500, 900} <= set(woken)


async def test_when_the_process_ends_everybody_is_woken(site: Site) -> None:
    live = LiveChanges(site.resources.client, site.clock)
    with live.listen(PRODUCT) as event:
        task = asyncio.create_task(live.run())
        await asyncio.sleep(0)
        live.end()
        await task
        assert (event.is_set(), live.is_over) == (True, True)


async def test_a_page_is_told_what_is_newer_than_what_it_shows(site: Site) -> None:
    pages, english = site.resources.live_pages, language("en")
    assert await pages.read(PRODUCT, english, 0) is None
    await site.record(1999)
    news = await pages.read(PRODUCT, english, 0)
    assert news is not None
    assert "$19.99" in _parts(news)["price"]
    assert await pages.read(PRODUCT, english, news.version) is None
    await site.record(1499)
    newer = await pages.read(PRODUCT, language("de"), news.version)
    assert newer is not None
    parts = _parts(newer)
    assert "14,99" in parts["price"]
    # Where no script draws a chart, the picture, what it says and its figures come anew together.
    assert [part in parts["chart"] for part in ("<svg", "said-of-chart", "<table>")] == [True, True, True]


async def test_a_page_without_a_price_is_told_that_there_is_no_such_page(site: Site) -> None:
    await site.resources.client.hset(keyspace.held(PRODUCT), "gone", "1")  # pyright: ignore[reportGeneralTypeIssues]

    assert await site.resources.live_pages.trouble(PRODUCT) == "gone"
    assert await site.resources.live_pages.trouble(OTHER) is None


async def test_a_crowd_that_one_change_woke_costs_one_read_and_what_is_newer_is_told_after_it(site: Site) -> None:
    pages, english = site.resources.live_pages, language("en")
    await site.record(1999)
    before = await _commands(site)
    first = await asyncio.gather(*(pages.read(PRODUCT, english, 0) for _ in range(200)))
    assert None not in first
    assert len({id(news.event) for news in first if news is not None}) == 1, "encoded once for all"
    assert await _commands(site) - before < 30
    await site.record(1499)
    assert first[0] is not None
    newer = await pages.read(PRODUCT, english, first[0].version)
    assert newer is not None
    assert "$14.99" in _parts(newer)["price"]


async def test_streams_that_are_cut_off_leave_the_one_connection_to_the_others(site: Site) -> None:
    await site.record(1999)
    for _ in range(5):
        readers = [asyncio.ensure_future(site.resources.live_client.ping()) for _ in range(20)]
        await asyncio.sleep(0)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    assert await site.resources.live_client.ping()
    clients: list[dict[str, str]] = await site.resources.client.client_list()
    assert len(clients) < 20


def _parts(news: News) -> dict[str, str]:
    """What a browser makes of the event: the last id that it names again, and its data."""
    fields = dict(line.split(": ", 1) for line in news.event.decode().split("\r\n") if line)
    assert (fields["event"], fields["id"]) == ("price", str(news.version))
    return json.loads(fields["data"])


async def _commands(site: Site) -> int:
    info: dict[str, int] = await site.resources.client.info("stats")
    return int(info["total_commands_processed"])
