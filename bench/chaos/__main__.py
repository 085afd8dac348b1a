"""Kill, cut, delay and refuse at random, let everything come to rest, and let the shop judge.

`make chaos SEED=7` runs 2,000 products, 20,000 subscriptions and all processes, and kills 200 of them with -9, the
servers among them. Its last line says what came of it; it exits with 1 where a promise was broken.
"""

import argparse
import asyncio
import logging
import random
import sys
import time

import asyncpg
from redis.exceptions import RedisError

from bench.chaos.judging import Judgement, judge
from bench.chaos.sabotage import KINDS, sabotage
from bench.chaos.system import Size, System, system

FULL = Size(products=2_000, watchers=20_000, egresses=40, per_second=3, deliverers=2)
SHORT = Size(products=24, watchers=400, egresses=12, per_second=3, deliverers=1, api=False)
REST_S = 540
"""Seconds within which everything must have come to rest, however slow the machine."""
CALM_S = 3
"""Seconds without a change after which it has."""

_log = logging.getLogger("chaos")


async def trouble(up: System, kills: int, every: float, chance: random.Random) -> None:
    """Kill `kills` processes, one about every `every` seconds, and trouble the network meanwhile."""
    restarts = {kills // 4: "redis", kills // 2: "postgres", 3 * kills // 4: "queue"}
    while up.processes.kills < kills:
        await asyncio.sleep(every * chance.uniform(0.5, 1.5))
        up.processes.look_after()
        killed = up.processes.kill_one()
        moved, open_moves = sum(map(len, up.prices.shown.values())) - len(up.products), len(up.prices.pending)
        _log.info("kill %d: %s; %d changes, %d not recorded", up.processes.kills, killed, moved, open_moves)
        if up.processes.kills in restarts:
            name = restarts.pop(up.processes.kills)
            up.processes.restart(name)
            _log.info("restarted %s", name)
        if chance.random() < 0.4:
            name, proxy = chance.choice(sorted(up.proxies.items()))
            if chance.random() < 0.5:
                _log.info("cut %d connections to %s", proxy.cut(), name)
            else:
                proxy.delay = chance.uniform(0.02, 0.3)
                asyncio.get_running_loop().call_later(every * 2, setattr, proxy, "delay", 0.0)
                _log.info("delayed %s", name)


async def keep_running(up: System) -> None:
    """Start again what has ended, as a supervisor does."""
    while True:
        up.processes.look_after()
        await asyncio.sleep(0.3)


async def rest(up: System, seconds: float = REST_S, calm: float = CALM_S) -> None:
    """Wait until every price was recorded, every change read and every alert told or refused, and nothing has moved
    for a while."""
    deadline, calm_since, last, under_way = time.monotonic() + seconds, time.monotonic(), -1, 0
    while time.monotonic() < deadline:
        await up.prices.look()
        try:
            # A matcher that was killed leaves changes which the next may only read when the lease has ended.
            unread, decided = await up.unread(), await up.decided()
        except (OSError, RedisError, asyncpg.PostgresError, asyncpg.InterfaceError):
            unread, decided, calm_since = 0, [], time.monotonic()  # one of them is being started again
        under_way = sum(alert.state not in ("delivered", "failed", "dropped") for alert in decided)
        if up.prices.pending or unread or under_way or len(decided) != last:
            calm_since, last = time.monotonic(), len(decided)
        if time.monotonic() - calm_since > calm:
            return
        _log.info(
            "%d prices not recorded, %d partitions not read, %d of %d alerts under way",
            len(up.prices.pending),
            unread,
            under_way,
            len(decided),
        )
        await asyncio.sleep(0.5)
    _log.info("no rest: %d prices not recorded, %d alerts under way", len(up.prices.pending), under_way)


async def judged(up: System, calm: float = CALM_S) -> Judgement:
    """Let everything come to rest for `calm` seconds, and judge."""
    await rest(up, calm=calm)
    return judge(up.prices.shown, up.watchers, await up.decided(), up.mails.taken, up.mails.refused)


def line(found: Judgement, kills: int, seed: int) -> str:
    """What came of a run, in one line."""
    return (
        f"chaos: kills {kills}, changes {found.changes}, alerts due {found.due}, alerts missed {found.missed}, "
        f"decided twice {found.twice}, mails repeated {found.repeated}, seed {seed}"
    )


async def run(size: Size, kills: int, every: float, seed: int, spoil: str | None, least_due: int) -> bool:
    """One run; whether every promise was kept."""
    chance = random.Random(seed)
    async with system(size, chance) as up:
        supervisor = asyncio.create_task(keep_running(up))
        stop = asyncio.Event()
        moving = asyncio.create_task(up.prices.keep_moving(up.products, size.per_second, stop))
        await trouble(up, kills, every, chance)
        stop.set()
        await moving
        for proxy in up.proxies.values():
            proxy.delay = 0.0
        if spoil is not None:
            watched = {watcher.product for watcher in up.watchers}
            await sabotage(spoil, up.prices, next(p for p in up.products if str(p) in watched), up.postgres_url)
        found = await judged(up)
        supervisor.cancel()
        sys.stdout.write(line(found, up.processes.kills, seed) + "\n")
        return found.is_good(up.processes.kills, least_due)


def main() -> int:
    """Exit code 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--every", type=float, default=3.6, help="seconds from one kill to the next")
    parser.add_argument("--short", action="store_true", help="a small system and 8 kills, for a look")
    parser.add_argument("--sabotage", choices=KINDS, help="do once what must turn it red")
    parser.add_argument("--verbose", action="store_true", help="say what is done")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO if asked.verbose else logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    size, kills, every, least = (SHORT, 8, 1.2, 20) if asked.short else (FULL, asked.kills, asked.every, 1_000)
    return 0 if asyncio.run(run(size, kills, every, asked.seed, asked.sabotage or None, least)) else 1


if __name__ == "__main__":
    sys.exit(main())
