"""The crawl threshold is one key that all workers move."""

import random
from math import log

import pytest

from pennywren import keyspace
from pennywren.frontier.admission import Admission, admit_all
from pennywren.frontier.threshold import LOWEST, Threshold, set_if_far_off
from pennywren.model.product import ProductID
from pennywren.pipeline.calibrating import sweep_frontier
from pennywren.settings import Settings
from pennywren.store.connect import Client
from pennywren.store.store import Store


async def test_steps_of_all_workers_add_up(redis_client: Client) -> None:
    await set_if_far_off(redis_client, 1.0)
    one, other = Threshold(redis_client), Threshold(redis_client)
    for worker in (one, other):
        await worker.refresh(0)
        for _ in range(2160):
            worker.claimed(1.0)
    await one.refresh(6000)
    await other.refresh(6000)
    assert log(other.value) == pytest.approx(2 * 2160 / 86_400)
    one.idle()
    await one.refresh(12_000)
    assert one.value < other.value


async def test_it_never_leaves_its_limits(redis_client: Client) -> None:
    await redis_client.set(keyspace.crawl_threshold(), log(LOWEST))
    worker = Threshold(redis_client)
    for now in range(0, 60_000, 6000):
        worker.claimed(-1000.0)
        await worker.refresh(now)
    assert worker.value == pytest.approx(LOWEST)


async def test_without_one_everything_is_crawled_as_often_as_is_allowed(redis_client: Client) -> None:
    worker = Threshold(redis_client)
    worker.claimed(1.0)
    assert await worker.refresh(0) == pytest.approx(LOWEST)
    assert await redis_client.get(keyspace.crawl_threshold()) is None


async def test_only_what_is_far_off_is_put_right(redis_client: Client) -> None:
    assert await set_if_far_off(redis_client, 100.0)
    assert not await set_if_far_off(redis_client, 900.0)
    assert await set_if_far_off(redis_client, 2000.0)


async def test_a_sweep_sets_a_threshold_that_the_budget_can_pay(redis_client: Client, store: Store) -> None:
    few = [ProductID("us", f"B{i:09d}") for i in range(20)]
    await admit_all(redis_client, [Admission(product) for product in few])
    assert await sweep_frontier(store, Settings(), random.Random(1)) == 20
    assert float(await redis_client.get(keyspace.crawl_threshold()) or 0) == pytest.approx(log(LOWEST))
    many = [ProductID("us", f"B{i:09d}") for i in range(3000)]
    await admit_all(redis_client, [Admission(product) for product in many])
    assert await sweep_frontier(store, Settings(), random.Random(1)) == 3000
    assert float(await redis_client.get(keyspace.crawl_threshold()) or 0) > log(LOWEST) + 5
