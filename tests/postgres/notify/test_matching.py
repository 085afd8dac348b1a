"""From a recorded price to a queued job, and what is left after a crash at each step between."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis as BlockingRedis
from redis.exceptions import ConnectionError as RedisConnectionError
from rq import Queue
from rq.serializers import JSONSerializer

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.match import hints, shown
from pennywren.match.shown import Watched
from pennywren.model.clock import system_clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import WatchSet
from pennywren.notify import alerts
from pennywren.pipeline import matching, watch_rebuild
from pennywren.pipeline.matching import Matcher
from pennywren.pipeline.queueing import enqueue_alerts
from pennywren.pipeline.sweeping import Sweeper
from pennywren.pipeline.watch_rebuild import rebuild_watches
from pennywren.workqueue import WorkQueue
from tests.postgres.notify.world import HOUR, OTHER, PRODUCT, T0, World

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def queue(queue_url: str) -> AsyncIterator[WorkQueue]:
    opened = WorkQueue(queue_url)
    yield opened
    opened.close()


@pytest.fixture
def matcher(world: World, queue: WorkQueue) -> Matcher:
    return Matcher(world.store, world.pool, queue, system_clock, cooldown=6 * HOUR, fan_out_page=1_000)


@pytest.fixture
def sweeper(world: World, queue: WorkQueue) -> Sweeper:
    return Sweeper(world.pool, queue, system_clock, cooldown=6 * HOUR)


def queued(queue_url: str) -> list[list[int]]:
    """The alerts of each job in the queue."""
    with BlockingRedis.from_url(queue_url) as connection:
        jobs = Queue("deliver", connection=connection, serializer=JSONSerializer).jobs
        assert {job.func_name for job in jobs} <= {"jobs.deliver.deliver"}
        return [job.args[0] for job in jobs]


async def drain(matcher: Matcher) -> None:
    while await matcher.step(0.01):
        pass


async def drop(world: World, *, at: int = T0 + 1, low: int = 1299, product: ProductID = PRODUCT) -> None:
    await world.see(1599, at, product)
    await world.see(low, at + 1, product)


async def test_a_price_that_crosses_becomes_one_queued_alert(
    world: World, matcher: Matcher, queue_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.subscribe(1300)
    await drop(world)
    await drain(matcher)
    (alert,) = await world.alerts()
    assert (alert["old_price"], alert["new_price"]) == (1599, 1299)
    assert alert["queued_at"] is not None
    assert queued(queue_url) == [[alert["id"]]]
    assert capsys.readouterr().out == "matched   us:B08N5WRWNW 1 watch 12.99 USD\n"


async def test_the_first_price_and_a_return_to_stock_cross_from_infinity(world: World, matcher: Matcher) -> None:
    await world.subscribe(1300)
    await world.see(1200, T0 + 1)
    await world.see(None, T0 + 2)
    await world.see(1100, T0 + 3)
    await drain(matcher)
    assert [(alert["old_price"], alert["new_price"]) for alert in await world.alerts()] == [(None, 1200), (None, 1100)]


async def test_after_a_crash_between_deciding_and_enqueueing_the_sweep_enqueues(
    world: World,
    matcher: Matcher,
    sweeper: Sweeper,
    queue: WorkQueue,
    queue_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await world.subscribe(1300)
    await drop(world)

    def down(*_args: Any, **_options: Any) -> bool:
        raise RedisConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(queue, "enqueue", down)
        with pytest.raises(RedisConnectionError):
            await matcher.step(0.01)
    await drain(matcher)  # reads the change again, and decides nothing new
    (alert,) = await world.alerts()
    assert queued(queue_url) == []
    assert await sweeper.sweep() == 0  # whoever decided it may be about to enqueue it
    await world.pool.execute("update alerts set decided_at = decided_at - $1::interval", MINUTE)
    assert await sweeper.sweep() == 1
    assert await sweeper.sweep() == 0
    assert queued(queue_url) == [[alert["id"]]]


async def test_after_a_crash_before_acknowledging_nothing_is_decided_twice(
    world: World, matcher: Matcher, queue: WorkQueue, queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.subscribe(1300)
    await drop(world)

    async def killed(*_args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(matcher._reader, "finish", killed)  # pyright: ignore[reportPrivateUsage]
        with pytest.raises(KeyboardInterrupt):
            await matcher.step(0.01)
    await world.store.client.delete(keyspace.reading(keyspace.partition_of(PRODUCT), "match"))  # as time does
    await hints.sweep(world.store.client, 1)
    await drain(Matcher(world.store, world.pool, queue, system_clock, cooldown=timedelta(0)))
    assert len(await world.alerts()) == 1
    assert len(queued(queue_url)) == 1
    assert await hints.sweep(world.store.client, 1) == 0


async def test_a_poisonous_change_holds_up_nobody(world: World, matcher: Matcher) -> None:
    await world.subscribe(1300)
    partition = keyspace.partition_of(PRODUCT)
    await world.store.client.xadd(keyspace.changes(partition), {"product": "?"})
    await drop(world)
    await drain(matcher)
    assert len(await world.alerts()) == 1
    assert await world.store.client.xlen(keyspace.dead(partition)) == 1


async def test_a_change_that_postgres_cannot_take_is_poison_and_its_neighbours_are_not(
    world: World, matcher: Matcher
) -> None:
    await world.subscribe(1300)
    await drop(world)
    await world.pool.execute(
        "create function refuse() returns trigger language plpgsql as $$ begin "
        "if new.new_price = 1234 then raise check_violation; end if; return new; end $$"
    )
    await world.pool.execute("create trigger refuse before insert on alerts for each row execute function refuse()")
    try:
        await world.subscribe(1300, OTHER)
        await drop(world, low=1234, product=OTHER)
        await drain(matcher)
    finally:
        await world.pool.execute("drop trigger refuse on alerts")
        await world.pool.execute("drop function refuse()")
    assert [alert["new_price"] for alert in await world.alerts()] == [1299]
    assert await world.store.client.xlen(keyspace.dead(keyspace.partition_of(OTHER))) == 1


async def test_an_outage_of_postgres_makes_no_dead_letters_and_loses_nothing(
    world: World, queue: WorkQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.subscribe(1300)
    await drop(world)
    outages = iter(range(6))
    decide = matching.alerts.decide

    async def sometimes(*args: Any) -> alerts.Decided:
        if next(outages, None) is not None:
            raise Unavailable
        return await decide(*args)

    monkeypatch.setattr(matching.alerts, "decide", sometimes)
    monkeypatch.setattr(matching, "_BACKOFF", (0.001,))
    stop = asyncio.Event()
    matcher = Matcher(world.store, world.pool, queue, system_clock, cooldown=6 * HOUR)
    running = asyncio.create_task(matcher.run(stop))
    async with asyncio.timeout(60):
        while not await world.alerts():
            await asyncio.sleep(0.02)
    stop.set()
    await running
    assert await world.store.client.xlen(keyspace.dead(keyspace.partition_of(PRODUCT))) == 0


async def test_a_change_with_many_watches_is_worked_off_in_pages_beside_others(
    world: World, matcher: Matcher, queue_url: str
) -> None:
    many = await world.subscribe_many([1300] * 3_000)
    await world.subscribe(1500, OTHER)
    await drop(world)
    await drop(world, product=OTHER)
    await drain(matcher)
    assert [alert["product_id"] for alert in await world.alerts()] == [str(OTHER)]
    pages = 0
    while await matcher.fan_out_step():
        pages += 1
    assert pages == 4  # three, and one that finds the end
    told = [alert["subscription_id"] for alert in await world.alerts() if alert["product_id"] == str(PRODUCT)]
    assert sorted(told) == many
    assert await world.pool.fetchval("select count(*) from alerts where queued_at is null") == 0
    assert [len(job) for job in queued(queue_url)] == [1]  # it takes along what comes while it waits


async def test_a_page_that_was_interrupted_is_done_again_and_tells_nobody_twice(
    world: World, matcher: Matcher, sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.subscribe_many([1300] * 1_200)
    await drop(world)
    await drain(matcher)

    async def killed(*_args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(matching, "enqueue_alerts", killed)
        with pytest.raises(KeyboardInterrupt):
            await matcher.fan_out_step()
    assert len(await world.alerts()) == 1_000
    await world.pool.execute("update alerts set decided_at = decided_at - $1::interval", MINUTE)
    await world.pool.execute("update fan_outs set created_at = created_at - $1::interval", 2 * MINUTE)
    assert await sweeper.sweep() == 1_200  # the lost page, and the fan-out that nobody works on
    assert len(await world.alerts()) == 1_200
    assert await world.pool.fetchval("select count(*) from fan_outs where done_at is null") == 0


async def test_later_changes_wait_behind_the_fan_out_of_an_earlier_one(world: World, matcher: Matcher) -> None:
    await world.subscribe_many([1300] * 1_001)
    thresholds = [1200, 1100, 1000, 900, 800]
    low = await world.subscribe_many(thresholds)
    await drop(world)
    await drain(matcher)
    for i, threshold in enumerate(thresholds):  # each concerns one, who must not be told out of turn
        await world.see(threshold, T0 + 10 + i)
    await drain(matcher)
    assert await world.alerts() == []
    while await matcher.fan_out_step():
        pass
    told = [(alert["subscription_id"], alert["new_price"]) for alert in await world.alerts()]
    assert len(told) == 1_006
    assert told[-5:] == list(zip(low, thresholds, strict=True))


async def test_two_matchers_work_on_pages_of_different_products(
    world: World, matcher: Matcher, queue: WorkQueue
) -> None:
    for product in (PRODUCT, OTHER):
        await world.subscribe_many([1300] * 1_001, product)
        await drop(world, product=product)
    await drain(matcher)
    other = Matcher(world.store, world.pool, queue, system_clock, cooldown=6 * HOUR)

    async def work(one: Matcher) -> None:
        while await one.fan_out_step():
            pass

    await asyncio.gather(work(matcher), work(other))
    while await matcher.fan_out_step():
        pass
    assert len(await world.alerts()) == 2_002


async def test_enqueueing_again_enqueues_nothing_twice(world: World, queue: WorkQueue, queue_url: str) -> None:
    for _ in range(2):
        await enqueue_alerts(queue, world.pool, list(range(600)))
    assert [len(job) for job in queued(queue_url)] == [250, 250, 100]


async def test_an_empty_redis_gets_its_watches_back(
    world: World, matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_rebuild, "PAGE", 1_000)
    await world.subscribe_many([1300] * 1_499)
    await world.subscribe(1300, state="paused")  # stays: what passes it by is explained
    await world.subscribe(1300, state="ended")
    await world.subscribe(10, kind="EMAIL", watch_set="lows")
    await world.store.client.flushall()
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))

    assert await rebuild_watches(world.store, world.pool, 1, progress) == 1_501
    assert [total for _, total in told] == [1_501, 1_501]
    assert told[-1] == (1_501, 1_501)
    assert await world.store.client.zcard(keyspace.watch(PRODUCT, Offer.BUYBOX)) == 1_500
    assert await world.store.client.zcard(keyspace.watch(PRODUCT, Offer.BUYBOX, WatchSet.LOWS)) == 1
    assert await shown.most_watched(world.store.client, 5) == [Watched(PRODUCT, 1_501)]
