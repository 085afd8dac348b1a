"""A worker that was stopped with a lease in its hand, and wakes when the lease is over, changes nothing."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from pennywren import keyspace
from pennywren.frontier import hints
from pennywren.frontier.admission import Admission, admit_all
from pennywren.local.shop import pages
from pennywren.local.shop.goods import HERO
from pennywren.model.clock import SECOND, system_clock
from pennywren.model.offer import Offer
from pennywren.observe.fetch import Fetched
from pennywren.observe.robots import Robots
from pennywren.record.recording import OBSERVATIONS
from pennywren.record.tiering import warm_up
from pennywren.store.counters import read
from tests.frontier_places import score_of
from tests.redis.crawl.conftest import Stage, Talk
from tests.redis.crawl.test_crawl_workers import start_job

PRODUCT = HERO.id
N = keyspace.partition_of(PRODUCT)
GONE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def page(minor: int) -> bytes:
    """The product's page, as an answer."""
    body = pages.product_page(HERO, minor).encode()
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize("answer", [page(999), GONE], ids=["cannot record", "cannot finish"])
async def test_a_worker_that_wakes_after_its_lease_has_ended(
    stage: Stage, redis_url: str, evil: Callable[[Talk], Awaitable[str]], answer: bytes
) -> None:
    asked, stopped = asyncio.Event(), asyncio.Event()
    answers = [partial(_after, stopped, answer), partial(_after, None, page(1599))]

    async def talk(_path: bytes, writer: asyncio.StreamWriter) -> None:
        mine = answers.pop(0)
        asked.set()
        await mine(writer)

    origin = await evil(talk)
    client, host = stage.store.client, origin.removeprefix("http://")
    await admit_all(client, [Admission(PRODUCT)])
    await Robots(client).keep(host, Fetched(404))
    worker = await start_job(stage, redis_url, "w0", 3, origin)
    async with asyncio.timeout(30):
        await asked.wait()
    worker.send_signal(signal.SIGSTOP)
    stopped.set()

    # Time goes by: its lease ends, and another worker crawls the product.
    assert await client.zrange(keyspace.leases(N), 0, -1) == [str(PRODUCT)]
    await client.zadd(keyspace.leases(N), {str(PRODUCT): system_clock() - SECOND})
    await hints.sweep(client)
    other = stage.crawler("other", "127.0.0.40", origin=origin)
    await other.look_around()
    assert (await other.step(host)).worked
    await warm_up(stage.store, [PRODUCT], system_clock())
    before, due = await stage.store.product(PRODUCT), await score_of(client, PRODUCT)
    assert before is not None
    assert before.offers[Offer.BUYBOX].price == 1599
    assert due is not None
    # Nobody, not even the worker itself with a new lease, has a reason to crawl it again during this test.
    await client.zadd(keyspace.frontier(N), {str(PRODUCT): due + 3600 * SECOND})

    worker.send_signal(signal.SIGCONT)
    out, errors = await asyncio.wait_for(worker.communicate(), 30)
    assert worker.returncode == 0, errors.decode()
    assert "requests" in out.decode()
    assert await stage.store.product(PRODUCT) == before
    lost = [each for each in await read(client, [OBSERVATIONS]) if each.labels == ("crawl", "lease_lost")]
    assert len(lost) == (answer != GONE)
    assert await client.hexists(keyspace.held(PRODUCT), "gone") is False
    assert await client.zcard(keyspace.leases(N)) == 0


async def _after(event: asyncio.Event | None, answer: bytes, writer: asyncio.StreamWriter) -> None:
    if event is not None:
        await event.wait()
    writer.write(answer)
    await writer.drain()
