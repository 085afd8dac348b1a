"""Counters and histograms on a real Redis."""

import asyncio
import sys
from pathlib import Path

import pytest

from pennywren.store.connect import Client, connect
from pennywren.store.counters import Counter, Distribution, Histogram, Sample, count, observe, read

ROOT = Path(__file__).parents[3]
SEEN = Counter("pennywren_seen_total", "Seen.", ("where", "what"))
PLAIN = Counter("pennywren_plain_total", "Plain.")
TOOK = Histogram("pennywren_took_seconds", "Took.", ("where",), (0.1, 1.0, 10.0))


async def test_what_two_processes_count_adds_up(redis_client: Client, redis_url: str) -> None:
    await count_some(redis_client)
    code = "import sys; from tests.redis.metrics.test_counters import main; main(sys.argv[1])"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, redis_url, cwd=ROOT)

    assert await child.wait() == 0
    assert await read(redis_client, [SEEN, PLAIN]) == [Sample(SEEN, ("us", "a price"), 6), Sample(PLAIN, (), 10)]


async def count_some(client: Client) -> None:
    async with client.pipeline(transaction=False) as pipe:
        for _ in range(3):
            count(pipe, SEEN, "us", "a price")
        count(pipe, PLAIN, by=5)
        await pipe.execute()


def main(url: str) -> None:
    """The other process."""

    async def run() -> None:
        client = connect(url)
        await count_some(client)
        await client.aclose()

    asyncio.run(run())


async def test_before_anything_happened_a_counter_without_labels_is_zero(redis_client: Client) -> None:
    assert await read(redis_client, [SEEN, PLAIN, TOOK]) == [Sample(PLAIN, (), 0)]


async def test_a_histogram_counts_by_upper_limits_that_are_included(redis_client: Client) -> None:
    async with redis_client.pipeline(transaction=False) as pipe:
        for value in (0.05, 0.1, 0.11, 10, 11):
            observe(pipe, TOOK, value, "us")
        await pipe.execute()

    (found,) = await read(redis_client, [TOOK])
    assert isinstance(found, Distribution)
    assert (found.labels, found.counts) == (("us",), (2, 1, 1, 1))
    assert found.sum == pytest.approx(21.26)


async def test_buckets_of_yesterday_are_put_into_those_of_today(redis_client: Client) -> None:
    async with redis_client.pipeline(transaction=False) as pipe:
        observe(pipe, TOOK, 0.5, "us")
        await pipe.execute()
    wider = Histogram(TOOK.name, TOOK.help, TOOK.labels, (5.0,))

    assert await read(redis_client, [wider]) == [Distribution(wider, ("us",), (1, 0), 0.5)]


async def test_what_was_counted_with_other_labels_is_left_out(redis_client: Client) -> None:
    async with redis_client.pipeline(transaction=False) as pipe:
        count(pipe, SEEN, "us", "price")
        await pipe.execute()

    assert await read(redis_client, [Counter(SEEN.name, SEEN.help, ("where",))]) == []


async def test_a_forgotten_label_is_an_error_of_the_caller(redis_client: Client) -> None:
    async with redis_client.pipeline(transaction=False) as pipe:
        with pytest.raises(ValueError, match="1 values were given"):
            count(pipe, SEEN, "us")
