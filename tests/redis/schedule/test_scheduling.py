"""Two schedulers at once, and one that dies."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger
from redis import Redis as BlockingRedis
from rq import Queue
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from jobs.schedule import realign
from pennywren import keyspace
from pennywren.model.clock import SECOND
from pennywren.pipeline.scheduling import RENEW_EVERY, ClockSteps, Regular, Scheduler, regulars
from pennywren.setting_values import Egress
from pennywren.settings import Settings
from pennywren.store.connect import Client, connect
from pennywren.workqueue import QUEUES, WorkQueue

SWEEP = Regular("sweep", 30, "upkeep", "jobs.sweep.sweep")
CRAWL = Regular("crawl-e1", 3, "crawl", "jobs.crawl.crawl", (["e1"],), one_at_a_time=True)


class Hands:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_764_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
async def client(queue_url: str) -> AsyncIterator[Client]:
    opened = connect(queue_url)
    yield opened
    await opened.aclose()


@pytest.fixture
def queue(queue_url: str) -> WorkQueue:
    return WorkQueue(queue_url)


@pytest.fixture
def hands() -> Hands:
    return Hands()


async def test_of_two_schedulers_one_ticks(client: Client, queue: WorkQueue, hands: Hands) -> None:
    signs: list[int] = []
    one, two = Scheduler(client, queue, hands), Scheduler(client, queue, hands, sign=lambda: signs.append(hands()))
    assert await one.lead()
    assert not await two.lead()
    assert signs == [hands()], "whoever waits for its turn works, too"
    assert not await two.tick(SWEEP)
    assert await one.tick(SWEEP)
    assert await asyncio.to_thread(queue.length, "upkeep") == 1


async def test_a_slot_is_enqueued_once_also_when_its_job_is_long_done(
    client: Client, queue: WorkQueue, queue_url: str, hands: Hands
) -> None:
    one, two = Scheduler(client, queue, hands), Scheduler(client, queue, hands)
    await one.lead()
    assert await one.tick(SWEEP)
    assert not await one.tick(SWEEP)
    with BlockingRedis.from_url(queue_url) as connection:
        (job,) = Queue("upkeep", connection=connection, serializer=JSONSerializer).jobs
        assert job.id == f"sweep-{hands.now // 30_000}"
        job.delete()
    await one.resign()
    assert await two.lead()
    assert not await two.tick(SWEEP)
    hands.now += 30_000
    assert await two.tick(SWEEP)


async def test_a_scheduler_that_died_is_replaced_when_its_lease_ends(
    client: Client, queue: WorkQueue, hands: Hands
) -> None:
    one, two = Scheduler(client, queue, hands), Scheduler(client, queue, hands)
    await one.lead()
    assert 0 < await client.pttl(keyspace.schedule_lease()) <= 15_000
    await client.delete(keyspace.schedule_lease())  # as time does
    assert await two.lead()
    assert not await one.lead()
    assert not await one.tick(SWEEP)


async def test_a_killed_scheduler_is_replaced_within_a_minute_and_no_slot_is_run_twice(
    client: Client, queue: WorkQueue, hands: Hands
) -> None:
    """One dies, renewing nothing; the other goes on asking as often as it does in production."""
    dead, heir = Scheduler(client, queue, hands), Scheduler(client, queue, hands)
    assert await dead.lead()
    assert await dead.tick(SWEEP)
    died_at, enqueued = hands.now, 1
    while not await heir.lead():
        assert hands.now - died_at < 60_000
        enqueued += await heir.tick(SWEEP)
        hands.now += int(RENEW_EVERY * SECOND)
        await _let_pass(client, int(RENEW_EVERY * SECOND))
    assert hands.now - died_at <= 20_000
    for _ in range(12):
        enqueued += await heir.tick(SWEEP)
        enqueued += await dead.tick(SWEEP)  # it was only slow, and thinks that it leads: the slots are taken
        hands.now += 10_000
    slots = (hands.now - 10_000) // 30_000 - died_at // 30_000 + 1
    assert enqueued == slots == await asyncio.to_thread(queue.length, "upkeep")


async def _let_pass(client: Client, ms: int) -> None:
    """What the time that passes does to the lease."""
    left = await client.pttl(keyspace.schedule_lease())
    if left > 0:
        await client.pexpire(keyspace.schedule_lease(), max(left - ms, 0))


@pytest.mark.parametrize("back", [1, 29, 31, 300, 3600, 86_400])
async def test_a_clock_that_is_set_back_causes_no_burst(
    client: Client, queue: WorkQueue, hands: Hands, back: int
) -> None:
    one = Scheduler(client, queue, hands)
    await one.lead()
    for _ in range(5):
        await one.tick(SWEEP)
        hands.now += 30_000
    before = await asyncio.to_thread(queue.length, "upkeep")
    assert before == 5
    hands.now -= back * SECOND
    for _ in range(20):  # a tick every 3 s for a minute: three slots at most
        await one.tick(SWEEP)
        hands.now += 3_000
    assert await asyncio.to_thread(queue.length, "upkeep") - before <= 3


def test_a_clock_that_is_set_is_noticed_and_one_that_drifts_is_not() -> None:
    wall, passed = Hands(), Hands()
    steps = ClockSteps(wall, passed)
    for step, noticed in ((1000, False), (1300, False), (-3_600_000, True), (1000, False), (86_400_000, True)):
        wall.now += step
        passed.now += 1000
        assert steps.stepped() is noticed


async def test_jobs_run_at_the_next_slot_of_a_clock_that_was_set_back() -> None:
    ticking = AsyncIOScheduler(timezone=UTC)
    ticking.start(paused=True)
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    trigger = IntervalTrigger(seconds=30, start_date=datetime(2020, 1, 1, tzinfo=UTC))
    job = ticking.add_job(print, trigger, next_run_time=in_an_hour)
    realign(ticking)
    assert timedelta(0) <= job.next_run_time - datetime.now(UTC) <= timedelta(seconds=30)
    ticking.shutdown(wait=False)


async def test_a_crawl_is_not_enqueued_beside_itself(client: Client, queue: WorkQueue, hands: Hands) -> None:
    one = Scheduler(client, queue, hands)
    await one.lead()
    assert await one.tick(CRAWL)
    hands.now += 3_000
    assert not await one.tick(CRAWL)
    assert await asyncio.to_thread(queue.length, "crawl") == 1


async def test_a_crawl_that_failed_for_good_does_not_keep_its_egress_idle(
    client: Client, queue: WorkQueue, queue_url: str, hands: Hands
) -> None:
    one = Scheduler(client, queue, hands)
    await one.lead()
    await one.tick(CRAWL)
    with BlockingRedis.from_url(queue_url) as connection:
        Job.fetch("crawl-e1", connection=connection, serializer=JSONSerializer).set_status(JobStatus.FAILED)
    assert await one.tick(CRAWL)


async def test_a_queue_that_is_down_is_waited_for(hands: Hands) -> None:
    nowhere = connect("redis://127.0.0.1:1/0")
    signs: list[int] = []
    one = Scheduler(nowhere, WorkQueue("redis://127.0.0.1:1/0"), hands, sign=lambda: signs.append(hands()))
    assert not await one.lead()
    assert signs == [], "whoever cannot ask who leads does not work"
    assert not await one.tick(SWEEP)
    await one.resign()
    await nowhere.aclose()


def test_each_egress_is_kept_busy_and_everything_is_swept() -> None:
    egresses = tuple(Egress(f"e{i}", source=f"127.0.0.{i}") for i in range(1, 6))
    found = regulars(Settings(egresses=egresses, egresses_per_job=2))
    assert [each.kind for each in found] == [
        "crawl-e1",
        "crawl-e3",
        "crawl-e5",
        "forget-reports",
        "correct",
        "cool",
        "sweep",
        "read-sitemaps",
        "purge",
        "rescore",
        "sweep-hints",
    ]
    assert [name for each in found[:3] for name in each.args[0]] == [egress.name for egress in egresses]
    assert {each.queue for each in found} <= set(QUEUES)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_scheduler_runs_until_it_is_told_to_stop(queue_url: str, client: Client, number: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jobs.schedule", env={**os.environ, "PENNYWREN_QUEUE_URL": queue_url}
    )  # fmt: skip
    queue = WorkQueue(queue_url)
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(queue.length, "crawl"):
            await asyncio.sleep(0.05)
        process.send_signal(number)
        assert await process.wait() == 0
    assert await client.get(keyspace.schedule_lease()) is None
