"""A replica that had not heard of everything takes over: what it missed is looked at again, and told exactly once."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pennywren.frontier.admission import Admission, admit_all
from pennywren.local.children import start, stop, wait_until_ready
from pennywren.local.redis import embedded_redis
from pennywren.local.shop.goods import HERO
from pennywren.local.shop.server import Shop
from pennywren.model.clock import system_clock
from pennywren.model.offer import Offer
from pennywren.pipeline.matching import Matcher
from pennywren.postgres.pool import Pool
from pennywren.store.connect import Client, connect
from pennywren.store.store import Store
from pennywren.workqueue import WorkQueue
from tests.postgres.notify.world import World
from tests.redis.crawl.conftest import Stage

BEFORE, AFTER = 1599, 1299


@dataclass
class Pair:
    """A primary and its replica; `lose_primary` kills the primary."""

    primary: str
    replica: str
    lose_primary: Callable[[], None]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with ExitStack() as running:
        servers = [embedded_redis(name, tmp_path / name, logs=tmp_path) for name in ("primary", "replica")]
        started = [start(server.program) for server in servers]
        for server, process in zip(servers, started, strict=True):
            running.callback(stop, {process.pid: (server.program, process)})
        for server, process in zip(servers, started, strict=True):
            wait_until_ready(server.program, process, server.is_ready)

        def lose_primary() -> None:
            started[0].kill()
            started[0].wait()

        yield Pair(servers[0].url, servers[1].url, lose_primary)


@pytest.fixture
async def store(pair: Pair) -> AsyncIterator[Store]:
    """The store on the primary, which `stage` is built on."""
    async for each in _open(pair.primary):
        yield each


@pytest.fixture
async def promoted(pair: Pair) -> AsyncIterator[Store]:
    """The store on the replica."""
    async for each in _open(pair.replica):
        yield each


async def _open(url: str) -> AsyncIterator[Store]:
    client, raw = connect(url), connect(url, decode=False)
    yield Store(client, raw)
    await client.aclose()
    await raw.aclose()


async def _follow(replica: Client, primary: Client, url: str) -> None:
    # Nobody else will join: Redis would wait for them for five seconds.
    await primary.config_set("repl-diskless-sync-delay", 0)
    parts = urlsplit(url)
    await replica.config_set("masterauth", parts.password or "")
    await replica.execute_command("REPLICAOF", parts.hostname, parts.port)
    while (await replica.info("replication"))["master_link_status"] != "up":
        assert await replica.ping()


def _set_price(shop: Shop, price: int) -> None:
    body = json.dumps({"productID": str(HERO.id), "price": price}).encode()
    assert shop.answer("POST", "/_prices", body, "127.0.0.1", "test").status == 200


async def _buybox(store: Store) -> int | None:
    state = await store.product(HERO.id)
    return None if state is None else state.offers[Offer.BUYBOX].price


@pytest.mark.parametrize(
    ("heard", "missed"),
    [
        pytest.param((), ("crawl",), id="the change"),
        pytest.param((), ("crawl", "match"), id="the change, which was told"),
        pytest.param(("crawl",), ("match",), id="that the change was told"),
    ],
)
async def test_what_a_promoted_replica_missed_is_seen_again_and_told_once(
    pair: Pair,
    promoted: Store,
    stage: Stage,
    pool: Pool,
    queue_url: str,
    sources: Callable[[], str],
    heard: tuple[str, ...],
    missed: tuple[str, ...],
) -> None:
    queue = WorkQueue(queue_url)
    primary = World(pool, stage.store)

    async def crawl(on: Stage) -> None:
        await on.visit_due(sources())

    async def match(on: Stage) -> None:
        matcher = Matcher(on.store, pool, queue, system_clock, cooldown=timedelta(hours=6))
        while await matcher.step(0.01):
            pass

    steps = {"crawl": crawl, "match": match}
    _set_price(stage.shop, BEFORE)
    await stage.visit(HERO.id, sources=sources)  # robots.txt
    await stage.visit_due(sources())
    await match(stage)
    await primary.subscribe(1300, HERO.id)
    _set_price(stage.shop, AFTER)
    await admit_all(stage.store.client, [Admission(HERO.id, urgent=True)])

    await _follow(promoted.client, stage.store.client, pair.primary)
    for step in heard:
        await steps[step](stage)
    assert await stage.store.client.wait(1, 5_000) == 1
    await promoted.client.execute_command("REPLICAOF", "NO", "ONE")
    for step in missed:
        await steps[step](stage)
    pair.lose_primary()

    after = replace(stage, store=promoted, opened=[])
    assert await _buybox(promoted) == (AFTER if "crawl" in heard else BEFORE)
    if "crawl" in missed:
        await crawl(after)
    await match(after)
    for crawler in after.opened:
        await crawler.close()
    queue.close()

    assert await _buybox(promoted) == AFTER
    assert [(alert["old_price"], alert["new_price"]) for alert in await primary.alerts()] == [(BEFORE, AFTER)]
