"""`GET /status`: how alerts fared, and how crawling stands."""

import httpx
import pytest

from pennywren import keyspace
from pennywren.frontier import egress
from pennywren.frontier.admission import Admission, admit_all
from pennywren.model.product import ProductID
from pennywren.observe.page.reading import PageReading
from pennywren.pipeline.drifting import note_page
from pennywren.store.connect import Client
from tests.web.site import HTML, PRODUCT, Site


async def crawl(site: Site) -> None:
    """Twelve products since a minute, a page of four that could not be read, one request, and a shop that refuses."""
    client, now = site.resources.client, site.clock()
    await admit_all(client, [Admission(ProductID("us", f"B0000000{i:02}"), now - 60_000) for i in range(12)])
    for kind in ("product", "product", "unreadable", "product", "captcha"):
        await note_page(client, PRODUCT, PageReading(kind=kind, layout="core_price"), b"<html>", now)
    await refuse(client)


async def refuse(client: Client) -> None:
    """Let the shop refuse until the circuit opens."""
    for _ in range(5):
        await client.hset(egress_key(), "next", 0)
        token = await egress.take(client, "e1", "www.amazon.com")
        assert isinstance(token, egress.Token)
        await egress.done(client, token, "refused", why="captcha")


def egress_key() -> str:
    """The circuit's key."""
    return keyspace.egress("e1", "www.amazon.com")


async def test_how_crawling_stands_is_told(site: Site, anonymous: httpx.AsyncClient) -> None:
    await crawl(site)
    told = (await anonymous.get("/status")).json()["crawl"]
    assert 60 <= told.pop("oldestDueSeconds") < 120
    assert told == {
        "products": 12,
        "requestsLastMinute": 5,
        "requestsPerMinute": 60 * len(site.resources.settings.egresses),
        "unreadableShare": 0.25,
        "egressesHeld": 1,
    }


async def test_before_anything_is_crawled_there_is_no_share_and_nothing_is_late(
    anonymous: httpx.AsyncClient,
) -> None:
    told = (await anonymous.get("/status")).json()["crawl"]
    assert (told["products"], told["requestsLastMinute"], told["egressesHeld"]) == (0, 0, 0)
    assert (told["unreadableShare"], told["oldestDueSeconds"]) == (None, 0)


@pytest.mark.parametrize(
    ("language", "heading", "figures"),
    [
        ("en", "Looking for prices", ["5 of 60", "25%"]),
        ("de", "Suche nach Preisen", ["5 von 60", "25\u00a0%"]),
    ],
)
async def test_people_read_it_in_their_language(
    site: Site, anonymous: httpx.AsyncClient, language: str, heading: str, figures: list[str]
) -> None:
    await crawl(site)
    page = (await anonymous.get("/status", headers=HTML | {"accept-language": language})).text
    assert heading in page
    assert all(f"<dd>{figure}</dd>" in page for figure in figures)


async def test_the_figures_are_read_every_ten_seconds_at_most(site: Site, anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/status")).json()["crawl"]["products"] == 0
    await crawl(site)
    site.clock.now += 9_999
    assert (await anonymous.get("/status")).json()["crawl"]["products"] == 0
    site.clock.now += 1
    assert (await anonymous.get("/status")).json()["crawl"]["products"] == 12


async def test_without_redis_it_says_so_and_tells_the_rest(site: Site, anonymous: httpx.AsyncClient) -> None:
    await site.lose_redis()
    told = await anonymous.get("/status")
    page = await anonymous.get("/status", headers={**HTML, "accept-language": "de"})

    assert (told.status_code, page.status_code) == (200, 200)
    assert told.json()["missing"] == ["redis"]
    assert (told.json()["crawl"], told.json()["timeToAlert"]) == (None, None)
    assert told.json()["alerts"]["delivered"] == 0
    assert "Die Preise antworten gerade nicht" in page.text


async def test_without_the_database_it_tells_how_crawling_stands(site: Site, anonymous: httpx.AsyncClient) -> None:
    await site.resources.pool.close()
    told = (await anonymous.get("/status")).json()

    assert (told["missing"], told["alerts"]) == (["postgres"], None)
    assert told["crawl"]["products"] == 0
