"""A crawler that is told to stop stops, whatever else goes wrong at that moment."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.frontier import hints
from pennywren.frontier.admission import Admission, admit_all, is_awaited
from pennywren.frontier.score import is_firm, time_of
from pennywren.local.shop.goods import HERO
from pennywren.observe import egress
from pennywren.observe.egress import Refusal
from pennywren.observe.fetch import Fetched
from pennywren.observe.page.reading import PageReading
from pennywren.observe.robots import Robots
from pennywren.pipeline import crawling
from pennywren.pipeline.crawling import Crawler
from tests.frontier_places import score_of
from tests.redis.crawl.conftest import Stage, Talk


async def _crawler(stage: Stage, origin: str) -> Crawler:
    await Robots(stage.store.client).keep(origin.removeprefix("http://"), Fetched(404))
    await admit_all(stage.store.client, [Admission(HERO.id)])
    return stage.crawler("a", "127.0.0.41", origin=origin)


async def test_a_cancellation_that_somebody_loses_does_not_keep_it_running(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = asyncio.Event()

    async def deaf(*_: Any) -> PageReading:
        reading.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return PageReading(kind="unreadable", reason="parser_crashed")

    monkeypatch.setattr(stage.parser, "read", deaf)
    crawler = await _crawler(stage, stage.origin)
    async with asyncio.timeout(60):
        running = asyncio.create_task(crawler.run_for(3600))
        await reading.wait()
        crawler.stop()
        assert await running == 1


async def test_that_nothing_can_be_given_back_does_not_keep_it_running(
    stage: Stage, evil: Callable[[Talk], Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()

    async def never(_path: bytes, _writer: asyncio.StreamWriter) -> None:
        asked.set()
        await asyncio.sleep(60)

    async def gone(*_: Any, **__: Any) -> int:
        raise Unavailable

    crawler = await _crawler(stage, await evil(never))
    async with asyncio.timeout(60):
        running = asyncio.create_task(crawler.run_for(3600))
        await asked.wait()
        monkeypatch.setattr(crawling.egress, "done", gone)
        crawler.stop()
        assert await running == 0


async def test_a_fault_of_ours_keeps_neither_the_egress_nor_the_product_from_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_child(*_: Any) -> PageReading:
        raise Unavailable("the page parser cannot be started on this machine")

    crawler = await _crawler(stage, stage.origin)
    (host,) = await crawler.look_around()
    monkeypatch.setattr(stage.parser, "read", no_child)
    with pytest.raises(Unavailable):
        await crawler.step(host)

    client = stage.store.client
    refused = await egress.take(client, "a", host)
    assert isinstance(refused, Refusal)
    assert refused.why == "pace", "it went back, and the pause after the request is kept"
    assert not await is_awaited(client, HERO.id), "no lease is left to run out"
    due = await score_of(client, HERO.id)
    assert due is not None
    assert is_firm(due)
    found = await hints.take(client, "firm", "us", time_of(due))
    assert found == hints.Hint(keyspace.partition_of(HERO.id), time_of(due))
