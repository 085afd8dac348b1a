"""New products begin from what pages and sitemaps name: known ones are left alone, and a day takes only so many."""

import gzip
import random
from collections.abc import Callable

import pytest

from pennywren import keyspace
from pennywren.accounts import people
from pennywren.frontier import hints
from pennywren.frontier.score import is_floor, time_of
from pennywren.local.shop.goods import HERO
from pennywren.local.shop.server import Shop
from pennywren.model.clock import system_clock
from pennywren.model.product import ProductID
from pennywren.observe.fetch import Fetched, Fetcher
from pennywren.observe.hosts import Address
from pennywren.observe.robots import Robots
from pennywren.pipeline.cataloguing import CatalogueWriter
from pennywren.pipeline.discovering import DISCOVERED, Discoverer
from pennywren.pipeline.frontier_rebuild import rebuild_frontier
from pennywren.pipeline.importing import import_chunk
from pennywren.pipeline.sitemap_reading import FILES, SitemapReader
from pennywren.pipeline.tracking import track
from pennywren.postgres import catalogue
from pennywren.postgres.pool import Pool, transaction
from pennywren.setting_values import Egress
from pennywren.settings import Settings
from pennywren.store import counters
from pennywren.store.connect import Client
from pennywren.store.store import Store
from tests.frontier_places import score_of
from tests.redis.crawl.conftest import Stage


def _products(count: int) -> list[ProductID]:
    return [ProductID("us", f"B{n:09d}") for n in range(count)]


@pytest.fixture
def discoverer(redis_client: Client, pool: Pool) -> Discoverer:
    return Discoverer(redis_client, pool, 2400, system_clock, random.Random(3))


async def test_what_is_new_begins_cold_and_is_in_the_catalogue(
    discoverer: Discoverer, redis_client: Client, pool: Pool
) -> None:
    known, new, newer = _products(3)
    await track(redis_client, pool, [known], urgent=False)
    place = await score_of(redis_client, known)

    found = await discoverer.offer([known, new, newer], "link")
    assert sorted(found) == [new, newer]
    assert await discoverer.offer([known, new, newer], "link") == []
    assert await score_of(redis_client, known) == place
    score = await score_of(redis_client, new)
    assert score is not None
    assert is_floor(score)
    assert not await redis_client.exists(keyspace.urgent(keyspace.partition_of(new)))
    assert await catalogue.known(pool, [new, newer]) == {new, newer}
    (counted,) = await counters.read(redis_client, [DISCOVERED])
    assert (counted.labels, getattr(counted, "value", None)) == (("link",), 2)


async def test_whatever_brings_products_that_nobody_waits_for_they_begin_cold(redis_client: Client, pool: Pool) -> None:
    reported, imported, asked = _products(3)
    await track(redis_client, pool, [reported], urgent=False)
    assert await import_chunk(pool, redis_client, [reported, imported]) == 1
    await track(redis_client, pool, [asked], urgent=True)
    scores = {each: await score_of(redis_client, each) or 0 for each in (reported, imported, asked)}
    assert {each: is_floor(score) for each, score in scores.items()} == {reported: True, imported: True, asked: False}
    assert scores[imported] > scores[reported], "behind what waits there already"
    assert await hints.take(redis_client, "floor", "us", 0, early=True) == hints.Hint(
        keyspace.partition_of(reported), time_of(scores[reported])
    )

    async with transaction(pool) as connection:
        person = await people.find_or_add(connection, "ada@example.org")
        await connection.execute(
            "insert into subscriptions (person_id, product_id, offer, threshold, currency, notification_type)"
            " values ($1, $2, 'buybox', 999, 'USD', 'EMAIL')",
            person.id,
            str(asked),
        )
    await redis_client.flushall()
    assert await rebuild_frontier(redis_client, pool, 300) == 3
    again = {each: is_floor(await score_of(redis_client, each) or 0) for each in scores}
    assert again == {reported: True, imported: True, asked: False}


async def test_a_day_takes_only_so_many_over_all_workers(redis_client: Client, pool: Pool) -> None:
    found: list[ProductID] = []
    for start in range(0, 240, 12):
        worker = Discoverer(redis_client, pool, 24, system_clock, random.Random(start))
        found += await worker.offer(_products(240)[start : start + 12], "link")
    assert len(found) == 100, "the burst; after that one an hour"


async def test_discovery_can_be_turned_off(redis_client: Client, pool: Pool) -> None:
    off = Discoverer(redis_client, pool, 0, system_clock, random.Random(1))
    assert await off.offer(_products(5), "link") == []


async def test_a_crawled_page_leads_to_what_it_links(
    stage: Stage, pool: Pool, discoverer: Discoverer, sources: Callable[[], str]
) -> None:
    stage.discoverer = discoverer
    await stage.visit(HERO.id, sources=sources)  # robots.txt comes first
    await stage.visit_due(sources())
    found = {row["id"] for row in await pool.fetch("select id from products")}
    assert found == {"us:B0DEMOLAMP", "us:B0DEMOSOCK", "us:B0DEMOBAG1"}, "what its page shows beside it"


class _Shop(Fetcher):
    """Answers with what it holds, and remembers what it was asked for."""

    def __init__(self, pages: dict[str, bytes]) -> None:
        super().__init__(Egress("e1"), "Pennywren test")
        self.pages = pages
        self.asked: list[str] = []

    async def get(self, address: Address, *, packed: bool = False) -> Fetched:
        self.asked.append(address.url)
        body = self.pages.get(address.url.removeprefix("https://www.amazon.com"))
        return Fetched(status=404) if body is None else Fetched(status=200, body=body)


async def test_sitemaps_that_robots_txt_names_are_read_politely_and_a_few_at_a_time(
    redis_client: Client, pool: Pool, discoverer: Discoverer
) -> None:
    index = "".join(f"<loc>https://www.amazon.com/part{n}.xml.gz</loc>" for n in range(50))
    part = "".join(f"<loc>https://www.amazon.com/Kettle/dp/B{n:09d}</loc>" for n in range(500))
    shop = _Shop({"/index.xml": f"<sitemapindex>{index}</sitemapindex>".encode()})
    shop.pages |= {f"/part{n}.xml.gz": gzip.compress(f"<urlset>{part}</urlset>".encode()) for n in range(50)}
    robots = b"User-agent: *\nDisallow: /private\nSitemap: https://www.amazon.com/index.xml\n"
    robots += b"Sitemap: https://evil.example/a.xml\nSitemap: https://www.amazon.com/private/b.xml\n"
    reader = SitemapReader(redis_client, Settings(), shop, discoverer, random.Random(4))

    assert await reader.read("us") == 0, "nothing is fetched from a host whose rules are not known"
    await Robots(redis_client).keep("www.amazon.com", Fetched(status=200, body=robots))
    assert await reader.read("us") > 0
    assert shop.asked[0] == "https://www.amazon.com/index.xml"
    assert len(shop.asked) == FILES
    status = await redis_client.hgetall(keyspace.egress("e1", "www.amazon.com"))  # pyright: ignore[reportGeneralTypeIssues]
    assert int(status["ok"]) == FILES


async def test_a_product_whose_page_is_gone_retires_gradually_and_can_come_back(
    store: Store, pool: Pool, stage: Stage, sources: Callable[[], str]
) -> None:
    writer = CatalogueWriter(pool)
    gone = ProductID("us", "B0GONEGONE")
    await track(store.client, pool, [gone], urgent=False)
    stage.catalogue = writer

    async def retired() -> int | None:
        row = await catalogue.get(pool, gone)
        assert row is not None
        return row.retired_ms

    await stage.visit(gone, sources=sources)  # robots.txt comes first
    await stage.visit_due(sources())
    assert await retired() is None, "once is nothing"
    eight_days_ago = system_clock() - 8 * 86_400_000
    await store.client.hset(keyspace.held(gone), "gone", str(eight_days_ago))  # pyright: ignore[reportGeneralTypeIssues]
    await stage.visit(gone, sources=sources)
    first = await retired()
    assert first is not None
    await stage.visit(gone, sources=sources)
    assert await retired() == first

    _put_up(stage.shop, gone)
    await stage.visit(gone, sources=sources)
    await writer.flush(system_clock())
    assert await retired() is None


def _put_up(shop: Shop, product: ProductID) -> None:
    answer = shop.answer("POST", "/_prices", b'{"productID": "%s", "price": 1299}' % str(product).encode(), "x", "x")
    assert answer.status == 200
