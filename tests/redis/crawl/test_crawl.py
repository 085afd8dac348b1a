"""From a due product to a recorded price, against the demo shop."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest

from pennywren import keyspace
from pennywren.frontier.admission import Admission, admit_all
from pennywren.frontier.places import places_of
from pennywren.frontier.score import time_of
from pennywren.local.shop.server import Shop
from pennywren.model.clock import HOUR, MINUTE, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.provenance import Ground
from pennywren.model.series import Steps
from pennywren.observe import egress
from pennywren.observe.fetch import Fetched
from pennywren.observe.robots import Robots
from pennywren.pipeline.cataloguing import CatalogueWriter
from pennywren.pipeline.tracking import track
from pennywren.postgres.catalogue import get
from pennywren.postgres.pool import Pool
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import rewrite
from pennywren.store.proofs import proofs_of
from pennywren.store.store import Store
from tests.frontier_places import score_of
from tests.redis.crawl.conftest import Stage

KETTLE = ProductID("us", "B0DEMOWREN")
N = keyspace.partition_of(KETTLE)
Sources = Callable[[], str]


def _tell(shop: Shop, where: str, **told: object) -> None:
    answer = shop.answer("POST", where, json.dumps(told).encode(), "127.0.0.1", "test")
    assert answer.status == 200, answer.body


def _price(shop: Shop, price: int | None) -> None:
    _tell(shop, "/_prices", productID=str(KETTLE), price=price)


def _asked(stage: Stage) -> list[str]:
    return [line["path"] for lines in stage.shop.log.values() for line in lines]


async def _known(stage: Stage, sources: Sources) -> None:
    """robots.txt has been fetched, and the kettle costs 15.99."""
    _price(stage.shop, 1599)
    await stage.visit(KETTLE, sources=sources)
    await stage.visit_due(sources())


async def _buybox(store: Store) -> int | None:
    state = await store.product(KETTLE)
    return None if state is None else state.offers[Offer.BUYBOX].price


async def _due_in(stage: Stage) -> float:
    score = await score_of(stage.store.client, KETTLE)
    assert score is not None
    return time_of(score) - system_clock()


async def test_a_tracked_product_is_crawled_and_recorded(
    stage: Stage, pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    _price(stage.shop, 1599)
    (tracked,) = await track(stage.store.client, pool, [KETTLE], urgent=True)
    assert (tracked.new, tracked.urgent) == (True, "waiting")
    crawler = stage.crawler(catalogue=CatalogueWriter(pool))
    assert await crawler.look_around() == [stage.host]
    assert await crawler.run_for(1.6) == 2
    await crawler.close()
    assert _asked(stage)[:2] == ["/robots.txt", f"/dp/{KETTLE.asin}"]
    agents = {line["userAgent"] for lines in stage.shop.log.values() for line in lines}
    assert len(agents) == 1
    assert agents.pop().startswith("Pennywren/")
    assert await _buybox(stage.store) == 1599
    row = await get(pool, KETTLE)
    assert row is not None
    assert row.title is not None
    assert "Kettle" in row.title
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"crawled   {KETTLE} 200 15.99 USD in_stock",
        f"recorded  {KETTLE} buybox 15.99 USD",
        *lines[2:],
    ]


async def test_a_change_is_announced_and_teaches_the_rate(
    stage: Stage, sources: Sources, capsys: pytest.CaptureFixture[str]
) -> None:
    await _known(stage, sources)
    _price(stage.shop, 1299)
    await stage.visit(KETTLE, sources=sources)
    assert f"changed   {KETTLE} buybox 12.99 USD (was 15.99)" in capsys.readouterr().out.splitlines()
    state = await stage.store.product(KETTLE)
    assert state is not None
    assert state.changes == 2
    assert state.rate is not None
    assert "." in state.rate
    assert await stage.store.client.xlen(keyspace.changes(N)) == 2
    assert 0 < await _due_in(stage) < 2000, "with nothing else to do it is due as soon as is allowed"
    assert await stage.store.client.zcard(keyspace.leases(N)) == 0


async def test_the_absence_of_an_offer_is_recorded_as_such(stage: Stage, sources: Sources) -> None:
    await _known(stage, sources)
    _price(stage.shop, None)
    await stage.visit(KETTLE, sources=sources)
    state = await stage.store.product(KETTLE)
    assert state is not None
    assert (state.offers[Offer.BUYBOX].price, state.offers[Offer.BUYBOX].last_price) == (None, 1599)


@pytest.mark.parametrize("answer", ["captcha", "503", "429"])
async def test_a_block_page_is_never_recorded_and_slows_the_egress_down(
    stage: Stage, sources: Sources, answer: str
) -> None:
    await _known(stage, sources)
    before = await stage.store.product(KETTLE)
    _tell(stage.shop, "/_answers", path="*", answer=answer)
    source = sources()
    await stage.visit(KETTLE, sources=lambda: source)
    assert await stage.store.product(KETTLE) == before
    (status,) = await egress.status(stage.store.client, [source], [stage.host])
    assert (status.refused, status.pause) == (1, 2000)
    assert 4 * MINUTE < await _due_in(stage) <= 5 * MINUTE
    await stage.visit(KETTLE, sources=sources)
    assert await stage.store.client.exists(keyspace.held(KETTLE)) == 0, "a good page ends the trouble"


async def test_retry_after_is_kept_for_the_egress(stage: Stage, sources: Sources) -> None:
    await _known(stage, sources)
    _tell(stage.shop, "/_answers", path="*", answer="429", retryAfter=90)
    source = sources()
    await stage.visit(KETTLE, sources=lambda: source)
    refusal = await egress.take(stage.store.client, source, stage.host)
    assert isinstance(refusal, egress.Refusal)
    assert 80_000 < refusal.wait_ms <= 91_000


async def test_a_page_that_is_gone_is_visited_less_and_less_and_may_come_back(stage: Stage, sources: Sources) -> None:
    await _known(stage, sources)
    _tell(stage.shop, "/_answers", path=f"/dp/{KETTLE.asin}", answer="404", times=1)
    await stage.visit(KETTLE, sources=sources)
    assert 11 * HOUR < await _due_in(stage) <= 12 * HOUR
    assert "gone" in await stage.store.client.hgetall(keyspace.held(KETTLE))
    assert await _buybox(stage.store) == 1599
    await stage.visit(KETTLE, sources=sources)
    assert await stage.store.client.exists(keyspace.held(KETTLE)) == 0


async def test_a_price_too_good_to_be_true_is_seen_twice_before_it_is_believed(stage: Stage, sources: Sources) -> None:
    await _known(stage, sources)
    _price(stage.shop, 99)
    await stage.visit(KETTLE, sources=sources)
    assert await _buybox(stage.store) == 1599
    assert await stage.store.client.zscore(keyspace.urgent(N), str(KETTLE)) is not None, "a second crawl is asked for"
    await stage.visit_due(sources())
    assert await _buybox(stage.store) == 99
    assert await stage.store.client.exists(keyspace.held(KETTLE), keyspace.urgent(N)) == 0
    (proof,) = (await proofs_of(stage.store.client, KETTLE)).samples.values()
    assert proof.ground is Ground.CRAWLED_TWICE


async def test_a_misread_price_that_is_not_seen_again_leaves_no_trace(stage: Stage, sources: Sources) -> None:
    await _known(stage, sources)
    _price(stage.shop, 159_900)
    await stage.visit(KETTLE, sources=sources)
    _price(stage.shop, 1599)
    await stage.visit_due(sources())
    state = await stage.store.product(KETTLE)
    assert state is not None
    assert state.offers[Offer.BUYBOX].high == 1599
    assert await stage.store.client.exists(keyspace.held(KETTLE)) == 0


async def test_many_egresses_share_the_work_and_each_is_polite(stage: Stage, sources: Sources) -> None:
    products = [ProductID("us", f"B{i:09d}") for i in range(30)] + [ProductID("de", f"B{i:09d}") for i in range(30)]
    for product in products:
        _tell(stage.shop, "/_prices", productID=str(product), price=2000)
    await stage.visit(KETTLE, sources=sources)
    await admit_all(stage.store.client, [Admission(product, system_clock() - HOUR) for product in products])
    crawlers = [stage.crawler(f"many{i}", f"127.0.1.{i + 1}", egresses=30) for i in range(30)]
    await asyncio.gather(*(crawler.run_for(2.9) for crawler in crawlers))
    seen = [line["path"] for lines in stage.shop.log.values() for line in lines]
    assert {f"/dp/{product.asin}" for product in products} <= set(seen)
    for lines in stage.shop.log.values():
        times = sorted(line["at"] for line in lines)
        assert all(later - earlier >= 1000 for earlier, later in pairwise(times))


async def test_marketplaces_that_share_a_host_take_turns(stage: Stage) -> None:
    await Robots(stage.store.client).keep(stage.host, Fetched(404))
    products = [ProductID(code, f"B{i:09d}") for code in ("us", "de", "jp") for i in range(5)]
    await admit_all(stage.store.client, [Admission(product, system_clock() - HOUR) for product in products])
    crawler = stage.crawler()
    seen: list[str] = []
    for _ in range(3):
        (host,) = await crawler.look_around()
        assert (await crawler.step(host)).worked
        # No test waits for politeness: here the egress is one that has not been used yet.
        await stage.store.client.delete(keyspace.egress("e1", host))
        left = await _overdue(stage, products)
        seen += [code for code in ("us", "de", "jp") if left[code] == 4 and code not in seen]
    assert sorted(seen) == ["de", "jp", "us"]


async def _overdue(stage: Stage, products: list[ProductID]) -> Counter[str]:
    """How many overdue products each marketplace still has in the frontier."""
    found = zip(products, await places_of(stage.store.client, products), strict=True)
    overdue = system_clock() - 30 * MINUTE
    return Counter(each.marketplace for each, at in found if at.score is not None and 0 < at.score < overdue)


async def test_a_history_that_has_become_long_gets_its_compactions(stage: Stage, sources: Sources) -> None:
    await _known(stage, sources)
    recorder = Recorder(stage.store, 7 * 86_400)
    begin = system_clock() - 99 * HOUR
    past = Steps([(begin + i * HOUR, 1500 + i % 2) for i in range(98)], [], begin + 98 * HOUR)
    await rewrite(stage.store, KETTLE, "USD", {Offer.BUYBOX: past}, reason="import")
    await recorder.record([LookToRecord(Look(KETTLE, "USD", {Offer.BUYBOX: 1500}))])
    for price, tier in ((1400, "charted"), (1401, "charted")):
        _price(stage.shop, price)
        await stage.visit(KETTLE, sources=sources)
        state = await stage.store.product(KETTLE)
        assert state is not None
        assert state.tier == tier
    assert await stage.store.buckets(KETTLE, Offer.BUYBOX, "day", 0, system_clock()) != []
