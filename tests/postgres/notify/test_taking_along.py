"""A delivery job takes along what waits, so that not every alert needs one: and none is forgotten by that."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from redis import Redis as BlockingRedis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from pennywren.errors import BadSetting
from pennywren.model.clock import system_clock
from pennywren.notify import alerts, deliveries, receipts, waiting
from pennywren.notify.channels.email.smtp import EmailChannel, read_smtp_url
from pennywren.pipeline.composing import Composer
from pennywren.pipeline.delivering import LEASE, Deliverer
from pennywren.pipeline.delivery_job import DeliveryJob, open_delivery_job
from pennywren.pipeline.queueing import enqueue_alerts
from pennywren.postgres.pool import transaction
from pennywren.settings import Settings
from pennywren.workqueue import WorkQueue
from tests.postgres.notify.mailserver import MailServer, mail_server
from tests.postgres.notify.world import HOUR, World, change

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as mails:
        yield mails


@pytest.fixture
async def queue(queue_url: str) -> AsyncIterator[WorkQueue]:
    opened = WorkQueue(queue_url)
    yield opened
    opened.close()


def make_deliverer(world: World, server: MailServer, *, at_once: int = 10) -> Deliverer:
    email = EmailChannel(read_smtp_url(server.url), "alerts@pennywren.example.org", system_clock)
    composer = Composer("https://pennywren.example.org", bytes(32), None)
    return Deliverer(world.pool, world.store, {"EMAIL": email}, composer, webhook_key=bytes(32), at_once=at_once)


async def decide(world: World, n: int = 1) -> list[int]:
    """Alerts of that many new people."""
    return await world.decide(change(1599, 1299), *await world.subscribe_many([1300] * n))


def jobs(queue_url: str) -> list[list[int]]:
    """The alerts of each job that waits."""
    with BlockingRedis.from_url(queue_url) as connection:
        return [job.args[0] for job in Queue("deliver", connection=connection, serializer=JSONSerializer).jobs]


def take(queue_url: str) -> list[int]:
    """Take the next job out of the queue, as a worker does; its alerts."""
    with BlockingRedis.from_url(queue_url) as connection:
        of = Queue("deliver", connection=connection, serializer=JSONSerializer)
        found = Queue.dequeue_any([of], None, connection=connection, serializer=JSONSerializer)
        assert found is not None
        job: Any = found[0]
        return job.args[0]


async def states(world: World) -> list[str]:
    return [row["state"] for row in await world.alerts()]


async def test_while_a_job_waits_no_other_is_enqueued(world: World, queue: WorkQueue, queue_url: str) -> None:
    first, second = await decide(world), await decide(world, 2)
    await enqueue_alerts(queue, world.pool, first)
    await enqueue_alerts(queue, world.pool, second)
    assert jobs(queue_url) == [first]
    assert all(row["queued_at"] is not None for row in await world.alerts())


async def test_a_job_that_was_taken_may_have_looked_for_the_last_time_so_another_is_enqueued(
    world: World, queue: WorkQueue, queue_url: str
) -> None:
    first, second = await decide(world), await decide(world)
    await enqueue_alerts(queue, world.pool, first)
    assert take(queue_url) == first  # not yet started
    await enqueue_alerts(queue, world.pool, second)
    assert jobs(queue_url) == [second]


async def test_a_job_that_is_forgotten_before_long_is_not_relied_on(
    world: World, queue: WorkQueue, queue_url: str
) -> None:
    first, second, third = await decide(world), await decide(world), await decide(world)
    await enqueue_alerts(queue, world.pool, first)
    with BlockingRedis.from_url(queue_url) as connection:
        (job_id,) = Queue("deliver", connection=connection).job_ids
        connection.expire(Job.key_for(job_id), 60)
    await enqueue_alerts(queue, world.pool, second)
    assert jobs(queue_url) == [first, second]
    with BlockingRedis.from_url(queue_url) as connection:
        for job_id in Queue("deliver", connection=connection).job_ids:
            connection.delete(Job.key_for(job_id))
    await enqueue_alerts(queue, world.pool, third)
    assert jobs(queue_url) == [third]


async def test_what_a_sweep_found_gets_jobs_of_its_own(world: World, queue: WorkQueue, queue_url: str) -> None:
    first, second = await decide(world), await decide(world)
    await enqueue_alerts(queue, world.pool, first)
    await enqueue_alerts(queue, world.pool, second, slot=1)
    assert jobs(queue_url) == [first, second]


async def test_a_job_sends_its_own_alerts_and_what_else_waits(world: World, server: MailServer) -> None:
    first, others = await decide(world), await decide(world, 25)
    assert await make_deliverer(world, server).deliver(first, along=True) == 26
    assert server.mails[0]["To"] == "person-1@example.org"
    assert await states(world) == ["delivered"] * len(first + others)


async def test_what_is_decided_while_a_job_sends_is_sent_by_it(world: World, server: MailServer) -> None:
    server.hang.add("person-1@example.org")
    sending = asyncio.create_task(make_deliverer(world, server).deliver(await decide(world), along=True))
    await server.is_hanging.wait()
    await decide(world, 2)
    server.go_on()
    assert await sending == 3


async def test_what_waits_for_its_time_is_not_taken_along(world: World, server: MailServer) -> None:
    retried, held, digest, taken = [(await decide(world))[0] for _ in range(4)]
    later = "next_attempt_at = now() + interval '1 hour'"
    await world.pool.execute(f"update alerts set {later} where id = $1", retried)
    await world.pool.execute("update alerts set state = 'held', held_for = 'budget' where id = $1", held)
    await world.pool.execute("update alerts set held_for = 'digest' where id = $1", digest)
    async with transaction(world.pool) as connection:
        assert len(await deliveries.claim(connection, [taken], 1, LEASE)) == 1  # another job has it
    assert await make_deliverer(world, server).deliver([], along=True) == 0
    assert await states(world) == ["decided", "held", "decided", "sending"]


async def test_a_look_waits_for_whoever_keeps_that_an_alert_is_queued(world: World, server: MailServer) -> None:
    alert_ids = await decide(world)
    async with transaction(world.pool) as connection:
        await waiting.mark_queued(connection, alert_ids)
        sending = asyncio.create_task(make_deliverer(world, server).deliver([], along=True))
        while not await world.pool.fetchval("select exists (select from pg_locks where not granted)"):
            await asyncio.sleep(0.01)
    assert await sending == 1


async def test_two_jobs_that_take_along_send_each_alert_once(world: World, server: MailServer) -> None:
    await decide(world, 40)
    taken = await asyncio.gather(*(make_deliverer(world, server, at_once=3).deliver([], along=True) for _ in range(3)))
    assert sum(taken) == 40
    assert len({mail["Message-ID"] for mail in server.mails}) == len(server.mails) == 40


async def test_what_a_crowd_is_told_comes_after_all_others(world: World, server: MailServer) -> None:
    crowd = await world.subscribe_many([1300] * 3)
    async with transaction(world.pool) as connection:
        await alerts.decide(connection, [(change(1599, 1299), crowd)], HOUR, to_crowd=True)
    await decide(world, 2)
    await make_deliverer(world, server, at_once=1).deliver([], along=True)
    assert [mail["To"].partition("@")[0] for mail in server.mails] == [f"person-{n}" for n in (4, 5, 1, 2, 3)]


async def test_a_receipt_stays_in_order_where_a_job_was_quicker_than_the_ledger(
    world: World, server: MailServer
) -> None:
    alert_ids = await decide(world)
    await make_deliverer(world, server).deliver([], along=True)
    async with transaction(world.pool) as connection:
        await waiting.mark_queued(connection, alert_ids)
        subscription = await connection.fetchval("select id from subscriptions")
        (receipt,) = await receipts.last(connection, subscription, 1)
    assert receipt.queued_at is not None
    assert receipt.sending_at is not None
    assert receipt.accepted_at is not None
    assert receipt.decided_at <= receipt.queued_at <= receipt.sending_at <= receipt.accepted_at


async def test_told_to_end_a_job_passes_on_what_it_leaves(
    world: World, server: MailServer, queue: WorkQueue, queue_url: str
) -> None:
    first, *own = await decide(world, 3)
    others = await decide(world, 2)
    server.hang.add("person-1@example.org")
    job = DeliveryJob(make_deliverer(world, server, at_once=1), queue, system_clock)
    running = asyncio.create_task(job.run([first, *own]))
    await server.is_hanging.wait()
    job.stop()
    server.go_on()
    await running
    assert await states(world) == ["delivered", *["decided"] * len(own + others)]
    assert jobs(queue_url) == [own]
    await DeliveryJob(make_deliverer(world, server), queue, system_clock).run(take(queue_url))
    assert await states(world) == ["delivered"] * 5
    assert jobs(queue_url) == []


async def test_a_channel_that_does_not_work_ends_a_job_and_another_goes_on(
    world: World, server: MailServer, queue: WorkQueue, queue_url: str
) -> None:
    await decide(world)
    server.data["person-1@example.org"] = "451 not now"
    await decide(world)
    await DeliveryJob(make_deliverer(world, server, at_once=1), queue, system_clock).run([])
    assert await states(world) == ["decided", "decided"]
    await DeliveryJob(make_deliverer(world, server, at_once=1), queue, system_clock).run(take(queue_url))
    assert await states(world) == ["decided", "delivered"]
    assert jobs(queue_url) == []  # what is tried again has its time, and the sweep


async def test_a_job_of_this_installation_takes_along(world: World, server: MailServer, settings: Settings) -> None:
    await decide(world)
    async with open_delivery_job(replace(settings, smtp_url=server.url)) as job:
        await job.run([])
    assert len(server.mails) == 1
    with pytest.raises(BadSetting, match="PENNYWREN_QUEUE_URL"):
        async with open_delivery_job(replace(settings, queue_url=None)):
            pass


async def test_what_was_held_is_found_again_where_its_job_was_lost(world: World) -> None:
    alert_ids = await decide(world)
    await world.pool.execute(
        "update alerts set state = 'held', held_for = 'quietHours', next_attempt_at = now() - interval '1 s'"
    )

    async def overdue() -> list[int]:
        async with transaction(world.pool) as connection:
            return await waiting.overdue(connection, 100)

    assert await overdue() == alert_ids
    async with transaction(world.pool) as connection:
        await waiting.mark_queued(connection, alert_ids)
    assert await overdue() == []  # a job is on its way
    await world.pool.execute("update alerts set queued_at = queued_at - interval '3 minutes'")
    assert await overdue() == alert_ids
