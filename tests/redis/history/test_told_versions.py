"""Versions that Redis tells of: known without asking, until they change or nobody can be sure any more."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.msgpack import encode

from pennywren import keyspace
from pennywren.history.question import parse_question
from pennywren.history.reading import HistoryReader
from pennywren.history.service import HistoryService
from pennywren.model.clock import DAY
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.warming import Viewers
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.settings import Settings
from pennywren.store.cluster import ClusterClient
from pennywren.store.connect import connect
from pennywren.store.store import Store
from pennywren.store.versions import Versions

PRODUCT, OTHER = ProductID("us", "B08N5WRWNW"), ProductID("de", "B000000001")
NOW = 1_764_028_800_000
PATIENCE_S = 60
WITHIN_S = 0.5


@dataclass
class Seconds:
    """Stands still until it is moved."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
async def versions(store: Store, clock: Seconds) -> AsyncIterator[Versions]:
    if isinstance(store.raw, ClusterClient):
        pytest.skip("of a cluster each version is asked for")
    versions = Versions(store.raw, WITHIN_S, clock)
    yield versions
    await versions.aclose()


async def _record(store: Store, product: ProductID, version: int) -> None:
    await store.client.set(keyspace.product(product), encode([version, "USD", "raw", False, False, False]))


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.001)


async def _reads(store: Store) -> int:
    return int((await store.client.info("commandstats")).get("cmdstat_get", {"calls": 0})["calls"])


async def test_what_was_read_is_known_without_asking(store: Store, versions: Versions) -> None:
    await _record(store, PRODUCT, 7)
    assert versions.known(PRODUCT) is None
    assert await versions.of(PRODUCT) == 7
    before = await _reads(store)
    assert [versions.known(PRODUCT) for _ in range(100)] == [7] * 100
    assert await _reads(store) == before


async def test_a_change_by_anybody_is_told_and_of_that_product_alone(store: Store, versions: Versions) -> None:
    await _record(store, PRODUCT, 7)
    await _record(store, OTHER, 3)
    assert [await versions.of(each) for each in (PRODUCT, OTHER)] == [7, 3]
    await _record(store, PRODUCT, 8)
    await _until(lambda: versions.known(PRODUCT) is None)
    assert versions.known(OTHER) == 3
    assert await versions.of(PRODUCT) == 8
    assert versions.known(PRODUCT) == 8


async def test_all_is_forgotten_when_redis_is_emptied(store: Store, versions: Versions) -> None:
    await _record(store, PRODUCT, 7)
    await versions.of(PRODUCT)
    await store.client.flushdb()
    await _until(lambda: versions.known(PRODUCT) is None)
    assert await versions.of(PRODUCT) == 0


async def test_what_is_packed_with_others_is_asked_for_each_time(store: Store, versions: Versions) -> None:
    assert await versions.of(PRODUCT) == 0
    assert versions.known(PRODUCT) is None


async def test_whatever_changes_while_it_is_read_is_not_believed_for_long(store: Store, versions: Versions) -> None:
    over = asyncio.Event()

    async def ask() -> None:
        while not over.is_set():
            await versions.of(PRODUCT)

    asking = [asyncio.create_task(ask()) for _ in range(5)]
    for version in range(1, 200):
        await _record(store, PRODUCT, version)
        if version % 20 == 0:
            await _until(lambda version=version: versions.known(PRODUCT) == version)
    over.set()
    await asyncio.gather(*asking)


async def test_without_a_sign_of_life_nothing_is_known(store: Store, versions: Versions, clock: Seconds) -> None:
    await _record(store, PRODUCT, 7)
    await versions.of(PRODUCT)
    clock.now += WITHIN_S + 0.01
    assert versions.known(PRODUCT) is None


async def test_a_sign_of_life_is_asked_for_before_it_is_missed(
    store: Store, versions: Versions, clock: Seconds
) -> None:
    await _record(store, PRODUCT, 7)
    await versions.of(PRODUCT)
    for _ in range(5):
        clock.now += WITHIN_S * 0.75
        assert versions.known(PRODUCT) == 7

        def is_sure() -> bool:
            """Half of the time later it would be known as well."""
            clock.now += WITHIN_S * 0.5
            known = versions.known(PRODUCT)
            clock.now -= WITHIN_S * 0.5
            return known == 7

        await _until(is_sure)


async def test_whoever_asks_while_a_sign_of_life_is_waited_for_is_answered(
    store: Store, versions: Versions, clock: Seconds
) -> None:
    await _record(store, PRODUCT, 7)
    await versions.of(PRODUCT)
    clock.now += WITHIN_S * 0.75
    assert versions.known(PRODUCT) == 7
    async with asyncio.timeout(PATIENCE_S):
        assert await asyncio.gather(*(versions.of(each) for each in (PRODUCT, OTHER))) == [7, 0]


async def test_a_connection_that_was_cut_tells_nothing_and_is_opened_again(store: Store, versions: Versions) -> None:
    await _record(store, PRODUCT, 7)
    await versions.of(PRODUCT)
    assert await store.raw.client_kill_filter(_type="normal", skipme=True) > 0
    await _until(lambda: versions.known(PRODUCT) is None)
    await _record(store, PRODUCT, 8)
    assert await versions.of(PRODUCT) == 8
    assert versions.known(PRODUCT) == 8
    await _record(store, PRODUCT, 9)
    await _until(lambda: versions.known(PRODUCT) is None)


async def test_a_redis_that_tells_nothing_is_asked_each_time(store: Store, versions: Versions, redis_url: str) -> None:
    await _record(store, PRODUCT, 7)
    await store.client.acl_setuser(
        "mute", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-client|tracking"]
    )
    mute = connect(redis_url.replace("redis://", "redis://mute:any@"), decode=False)
    asking = Versions(mute, WITHIN_S)
    try:
        for version in (7, 8):
            await _record(store, PRODUCT, version)
            assert await asking.of(PRODUCT) == version
            assert asking.known(PRODUCT) is None
    finally:
        await asking.aclose()
        await mute.aclose()
        await store.client.acl_deluser("mute")


async def test_a_held_history_is_answered_without_redis_until_the_product_moves(store: Store) -> None:
    if isinstance(store.raw, ClusterClient):
        pytest.skip("of a cluster each version is asked for")
    question = parse_question({"interval": "day"}, NOW)
    viewers = Viewers(store, lambda: NOW)
    service = HistoryService(store, HistoryReader(store, Settings(), lambda: NOW), None, viewers, PATIENCE_S)

    async def look(at: int, price: int) -> None:
        await Recorder(store, DAY, NOW).record([LookToRecord(Look(PRODUCT, "USD", {Offer.BUYBOX: price}, at))])

    async def commands() -> dict[str, Any]:
        found = await store.client.info("commandstats")
        return {name: each["calls"] for name, each in found.items() if name != "cmdstat_info"}

    await look(NOW - DAY, 1200)
    assert (await service.answer(PRODUCT, question)).version > 0
    # Whoever views a product gives it series of its own, which is another version.
    answer = await service.answer(PRODUCT, question)
    assert await service.held(PRODUCT, question) == answer
    before = await commands()
    assert [await service.held(PRODUCT, question) for _ in range(50)] == [answer] * 50
    assert await commands() == before
    await look(NOW - DAY // 2, 1100)
    async with asyncio.timeout(PATIENCE_S):
        while await service.held(PRODUCT, question) is not None:
            await asyncio.sleep(0.001)
    newer = await service.answer(PRODUCT, question)
    assert newer.version > answer.version
    assert await service.held(PRODUCT, question) == newer
    await service.aclose()
