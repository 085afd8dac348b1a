"""The chaos run, short: processes killed at random lose nothing and tell nothing twice; and sabotage turns it red."""

import asyncio
import random

from bench.chaos.__main__ import SHORT, judged, keep_running, trouble
from bench.chaos.sabotage import sabotage
from bench.chaos.system import System, system


async def test_killed_processes_lose_nothing_and_tell_nothing_twice_and_each_sabotage_turns_it_red() -> None:
    async with system(SHORT, random.Random(1)) as up:
        supervisor = asyncio.create_task(keep_running(up))
        try:
            await _is_green(up)
            await _turns_red(up)
        finally:
            supervisor.cancel()


async def _is_green(up: System) -> None:
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


async def _turns_red(up: System) -> None:
    """What is broken on purpose, one thing after the other, is counted; and nothing else is."""
    watched = {watcher.product for watcher in up.watchers}
    first, second, *_ = (product for product in up.products if str(product) in watched)
    await sabotage("drop", up.prices, first, up.postgres_url)
    dropped = await judged(up, calm=1.5)
    assert dropped.missed > 0
    assert not dropped.is_good(kills=1_000, least_due=0)

    await sabotage("xack", up.prices, second, up.postgres_url)
    lost = await judged(up, calm=1.5)
    assert lost.missed > dropped.missed
    assert lost.twice == 0

    await sabotage("double", up.prices, first, up.postgres_url)
    doubled = await judged(up, calm=1.5)
    assert (doubled.missed, doubled.twice) == (lost.missed, 1)
