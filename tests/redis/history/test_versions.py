"""Versions that are asked for together are read together, and each is the one at the time of asking or later."""

import asyncio
from unittest.mock import patch

import pytest
from msgspec.msgpack import encode

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.local.ports import free_port
from pennywren.model.product import ProductID
from pennywren.store.connect import connect
from pennywren.store.store import Store
from pennywren.store.versions import Versions

PRODUCTS = [ProductID("us", f"B{i:09d}") for i in range(40)]


async def _round_trips(store: Store) -> int:
    return int((await store.client.info("commandstats")).get("cmdstat_get", {"calls": 0})["calls"])


async def _record(store: Store, product: ProductID, version: int) -> None:
    await store.client.set(keyspace.product(product), encode([version, "USD", "raw", False, False, False]))


async def test_many_questions_share_few_commands(store: Store) -> None:
    for i, product in enumerate(PRODUCTS[1:], 1):
        await _record(store, product, i)
    versions, before = Versions(store.raw), await _round_trips(store)
    asked = [product for product in PRODUCTS for _ in range(25)]
    found = await asyncio.gather(*(versions.of(product) for product in asked))
    assert found == [i for i in range(len(PRODUCTS)) for _ in range(25)]
    assert await _round_trips(store) - before <= 2 * len(PRODUCTS)


async def test_an_answer_is_never_older_than_its_question(store: Store) -> None:
    versions = Versions(store.raw)
    for i in range(1, 30):
        early = asyncio.create_task(versions.of(PRODUCTS[0]))
        await asyncio.sleep(0)
        await _record(store, PRODUCTS[0], i)
        assert await versions.of(PRODUCTS[0]) == i
        assert await early in (i - 1, i)


async def test_whoever_gives_up_does_not_take_the_answer_from_others(store: Store) -> None:
    await _record(store, PRODUCTS[0], 7)
    versions = Versions(store.raw)
    patient, impatient = (asyncio.create_task(versions.of(PRODUCTS[0])) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == 7


async def test_without_redis_everybody_is_told(store: Store) -> None:
    nobody = connect(f"redis://127.0.0.1:{free_port()}", decode=False)
    versions = Versions(nobody)
    answers = await asyncio.gather(*(versions.of(product) for product in PRODUCTS), return_exceptions=True)
    assert {type(answer) for answer in answers} == {Unavailable}
    with pytest.raises(Unavailable):
        await versions.of(PRODUCTS[0])
    await nobody.aclose()


async def test_a_connection_that_was_cut_is_opened_again(store: Store) -> None:
    await _record(store, PRODUCTS[0], 7)
    versions = Versions(store.raw)
    assert await versions.of(PRODUCTS[0]) == 7
    assert await store.raw.client_kill_filter(_type="normal", skipme=True) > 0
    assert await asyncio.gather(*(versions.of(product) for product in PRODUCTS)) == [7] + [0] * 39


async def test_what_redis_refuses_of_one_is_told_to_who_asked_for_it(store: Store) -> None:
    await store.client.rpush(keyspace.product(PRODUCTS[0]), "no string")
    versions = Versions(store.raw)
    answers = await asyncio.gather(*(versions.of(product) for product in PRODUCTS), return_exceptions=True)
    assert isinstance(answers[0], Unavailable)
    assert answers[1:] == [0] * (len(PRODUCTS) - 1)  # it is nobody else's trouble


@pytest.mark.parametrize("fault", [AttributeError("on a failover"), TypeError("on a failover")])
async def test_what_redis_py_raises_on_a_failover_leaves_nobody_waiting(store: Store, fault: Exception) -> None:
    versions = Versions(store.raw)
    with patch.object(store.raw.connection_pool, "get_connection", side_effect=fault):
        asked = [versions.of(product) for product in PRODUCTS]
        async with asyncio.timeout(60):
            answers = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(answer) for answer in answers} == {Unavailable}
    assert await versions.of(PRODUCTS[0]) == 0
