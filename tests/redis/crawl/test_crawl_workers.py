"""Crawl workers as processes: killed ones lose nothing, and a job ends by itself."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable

from pennywren import keyspace
from pennywren.frontier import hints
from pennywren.frontier.admission import Admission, admit_all
from pennywren.model.clock import HOUR, SECOND, system_clock
from pennywren.model.product import ProductID
from pennywren.observe import egress
from pennywren.observe.fetch import Fetched
from pennywren.observe.robots import Robots
from pennywren.store.connect import Client
from tests.frontier_places import waiting
from tests.redis.crawl.conftest import Stage, Talk

PRODUCTS = [ProductID("us", f"B{i:09d}") for i in range(24)]

_JOB = "import sys; from jobs.crawl import crawl; print('requests', crawl(sys.argv[1].split(), float(sys.argv[2])))"


async def start_job(stage: Stage, url: str, name: str, seconds: float, origin: str = "") -> asyncio.subprocess.Process:
    egresses = ",".join(f"w{i}=direct@127.0.2.{i + 1}" for i in range(15))
    settings = {
        "PENNYWREN_REDIS_URL": url,
        "PENNYWREN_POSTGRES_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "PENNYWREN_EGRESSES": egresses,
        "PENNYWREN_SHOP_ORIGINS": f"us={origin or stage.origin}",
        "PENNYWREN_DATA_DIR": "/nonexistent",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", _JOB, name, str(seconds), env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def test_a_job_ends_at_once_where_there_is_nothing_to_crawl(stage: Stage, redis_url: str) -> None:
    job = await start_job(stage, redis_url, "w0", 60)
    out, errors = await job.communicate()
    assert job.returncode == 0, errors.decode()
    assert out.decode().split() == ["requests", "0"]


async def test_killed_workers_lose_no_product_and_crawl_none_twice_but_those_they_had(
    stage: Stage, redis_url: str
) -> None:
    for product in PRODUCTS:
        stage.shop.answer(
            "POST", "/_prices", f'{{"productID": "{product}", "price": 2000}}'.encode(), "127.0.0.1", "test"
        )
    client = stage.store.client
    await admit_all(client, [Admission(product, system_clock() - HOUR) for product in PRODUCTS])
    await Robots(client).keep(stage.host, Fetched(404))
    doomed = [await start_job(stage, redis_url, f"w{i}", 60) for i in range(3)]
    async with asyncio.timeout(30):
        while len(_crawled(stage)) < 5:
            await asyncio.sleep(0.02)
    await _kill(doomed)
    leased = await _members(client, keyspace.leases)
    assert len(leased) <= len(doomed)
    for member in leased:
        # Time goes by: the leases end.
        n = keyspace.partition_of(ProductID.parse(member))
        await client.zadd(keyspace.leases(n), {member: system_clock() - SECOND})
    await hints.sweep(client)
    heirs = [await start_job(stage, redis_url, " ".join(f"w{i}" for i in range(3, 15)), 60)]
    everything = {f"/dp/{product.asin}" for product in PRODUCTS}
    async with asyncio.timeout(120):
        while not everything <= _crawled(stage).keys() or await _members(client, keyspace.leases):
            await asyncio.sleep(0.05)
    await _kill(heirs)
    twice = {path for path, times in _crawled(stage).items() if times > 1}
    assert twice <= {f"/dp/{ProductID.parse(member).asin}" for member in leased}
    assert await waiting(client, PRODUCTS) == PRODUCTS


async def test_a_worker_that_is_told_to_stop_gives_back_what_it_has_and_ends(
    stage: Stage, redis_url: str, evil: Callable[[Talk], Awaitable[str]]
) -> None:
    asked = asyncio.Event()

    async def never(_path: bytes, _writer: asyncio.StreamWriter) -> None:
        asked.set()
        await asyncio.sleep(60)

    origin = await evil(never)
    client, product = stage.store.client, PRODUCTS[0]
    await admit_all(client, [Admission(product)])
    await Robots(client).keep(origin.removeprefix("http://"), Fetched(404))
    job = await start_job(stage, redis_url, "w0", 60, origin)
    await asyncio.wait_for(asked.wait(), 30)
    job.send_signal(signal.SIGTERM)
    out, errors = await asyncio.wait_for(job.communicate(), 10)
    assert job.returncode == 0, errors.decode()
    assert out.decode().split() == ["requests", "0"]
    n = keyspace.partition_of(product)
    assert await client.zcard(keyspace.leases(n)) == 0
    assert await waiting(client, [product]) == [product]
    refusal = await egress.take(client, "w0", origin.removeprefix("http://"))
    assert not isinstance(refusal, egress.Refusal) or refusal.why == "pace"


async def _kill(jobs: list[asyncio.subprocess.Process]) -> None:
    for job in jobs:
        job.send_signal(signal.SIGKILL)
    for job in jobs:
        await job.communicate()


async def _members(client: Client, key: Callable[[int], str]) -> set[str]:
    async with client.pipeline(transaction=False) as pipe:
        for n in range(keyspace.PARTITIONS):
            pipe.zrange(key(n), 0, -1)
        return {member for members in await pipe.execute() for member in members}


def _crawled(stage: Stage) -> Counter[str]:
    paths = [str(line["path"]) for lines in stage.shop.log.values() for line in lines]
    return Counter(path for path in paths if path.startswith("/dp/"))
