"""The chaos run, short: processes killed at random lose nothing and tell nothing twice; and sabotage turns it red."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bench.chaos.__main__ import SHORT, judged, keep_running, trouble
from bench.chaos.prices import LEAST
from bench.chaos.sabotage import sabotage
from bench.chaos.system import Size, System, system

SMALL = Size(products=6, watchers=60, egresses=6, per_second=2, deliverers=1, api=False)


@asynccontextmanager
async def running(size: Size, seed: int) -> AsyncGenerator[System]:
    """A system that is kept running."""
    async with system(size, random.Random(seed)) as up:
        supervisor = asyncio.create_task(keep_running(up))
        try:
            yield up
        finally:
            supervisor.cancel()


async def test_processes_that_are_killed_at_random_lose_nothing_and_tell_nothing_twice() -> None:
    async with running(SHORT, 1) as up:
        stop = asyncio.Event()
        moving = asyncio.create_task(up.prices.keep_moving(up.products, SHORT.per_second, stop))
        await trouble(up, kills=6, every=1.0, chance=random.Random(1))
        stop.set()
        await moving
        for proxy in up.proxies.values():
            proxy.delay = 0.0
        found = await judged(up)
        assert (found.missed, found.twice) == (0, 0)
        assert found.is_good(up.processes.kills, least_due=10), found


async def test_each_sabotage_turns_it_red() -> None:
    async with running(SMALL, 2) as up:
        watched = {watcher.product for watcher in up.watchers}
        first, second, third, *_ = (product for product in up.products if str(product) in watched)
        await up.prices.show(third, LEAST)
        honest = await judged(up, calm=1.5)
        assert (honest.missed, honest.twice) == (0, 0)
        assert honest.due > 0

        await sabotage("drop", up.prices, first, up.postgres_url)
        dropped = (await judged(up, calm=1.5)).missed
        assert dropped > 0

        await sabotage("xack", up.prices, second, up.postgres_url)
        lost = await judged(up, calm=1.5)
        assert lost.missed > dropped
        assert not lost.is_good(kills=1_000, least_due=0)
        assert lost.twice == 0

        await sabotage("double", up.prices, first, up.postgres_url)
        assert (await judged(up, calm=1.5)).twice == 1
