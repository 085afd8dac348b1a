"""Pictures of products from our own origin: one polite request for all who look, and never an open proxy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace

import httpx
import msgspec
import pytest

from pennywren import keyspace
from pennywren.images.resizing import sniff
from pennywren.local.ports import free_port
from pennywren.local.shop.goods import HERO
from pennywren.local.shop.server import Answer, Shop, monotonic_ms, serve
from pennywren.model.product import ProductID
from pennywren.pipeline.product_images import ProductImages, image_name
from pennywren.postgres import catalogue
from pennywren.postgres.catalogue import CatalogueEntry
from pennywren.web.shapes.image_address import image_address
from tests.web.site import HTML, PRODUCT, Site

ADDRESS = f"https://m.media-amazon.com/images/I/{HERO.id.asin}.png"
PATH = image_address(PRODUCT, ADDRESS, 320)


@dataclass
class Watched(Shop):
    """A shop as image host; what it answers can be replaced."""

    instead: Answer | None = None
    name: str = ""

    def answer(self, method: str, target: str, body: bytes, source: str, agent: str) -> Answer:
        usual = Shop.answer(self, method, target, body, source, agent)
        return self.instead or usual

    @property
    def asked(self) -> list[dict[str, str]]:
        return [each for requests in self.log.values() for each in requests]


@pytest.fixture
async def host(site: Site) -> AsyncIterator[Watched]:
    """An image host, and the site's pictures from there; the test's product has a picture."""
    port = free_port()
    shop = Watched(clock=monotonic_ms, name=f"127.0.0.1:{port}")
    server = asyncio.create_task(serve(shop, port))
    await catalogue.upsert(site.resources.pool, [CatalogueEntry(PRODUCT, "A kettle", ADDRESS)])
    settings = msgspec.structs.replace(site.resources.settings, image_origin=f"http://127.0.0.1:{port}")
    async with ProductImages(settings, site.resources.client) as images:
        site.app.litestar.state.resources = replace(site.resources, images=images)
        yield shop
        site.app.litestar.state.resources = site.resources
    server.cancel()
    with suppress(asyncio.CancelledError):
        await server


async def test_the_first_who_looks_has_it_fetched_and_it_may_be_kept_for_good(
    host: Watched, anonymous: httpx.AsyncClient
) -> None:
    answer = await anonymous.get(PATH)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert sniff(answer.content) == "WEBP"
    assert "immutable" in answer.headers["cache-control"]
    assert "nosniff" in answer.headers["x-content-type-options"]
    (asked,) = host.asked
    assert asked["path"] == f"/images/I/{HERO.id.asin}.png"
    assert "Pennywren" in asked["userAgent"]


async def test_a_crowd_that_looks_at_once_costs_one_request_and_so_do_all_widths(
    host: Watched, anonymous: httpx.AsyncClient
) -> None:
    paths = [image_address(PRODUCT, ADDRESS, width) for width in (160, 320, 640)] * 5
    answers = await asyncio.gather(*(anonymous.get(path) for path in paths))
    assert {answer.headers["content-type"] for answer in answers} == {"image/webp"}
    assert len(host.asked) == 1


async def test_without_the_version_it_is_kept_for_a_while_only(host: Watched, anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get(f"/images/{PRODUCT}/320.webp")
    assert "immutable" not in answer.headers["cache-control"]
    assert host.asked


@pytest.mark.parametrize(
    "instead",
    [
        Answer("<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image/png"),
        Answer("<!doctype html>Robot check", "text/html"),
        Answer("", "image/png", status=404),
        Answer(b"\x89PNG\r\n\x1a\n" + bytes(5_000_000), "image/png"),
    ],
    ids=["a vector graphic", "a page", "nothing", "too much"],
)
async def test_what_is_no_picture_leaves_the_placeholder_and_is_not_asked_for_again(
    host: Watched, anonymous: httpx.AsyncClient, instead: Answer
) -> None:
    host.instead = instead
    for _ in range(3):
        answer = await anonymous.get(PATH)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
        assert "script" not in answer.text
        assert "immutable" not in answer.headers["cache-control"]
    assert len(host.asked) == 1


async def test_an_image_host_that_refuses_is_left_alone(
    site: Site, host: Watched, anonymous: httpx.AsyncClient
) -> None:
    host.instead = Answer("", status=429, retry_after=900)
    other = ProductID("us", "B08N5WRWNX")
    await catalogue.upsert(site.resources.pool, [CatalogueEntry(other, "Another", ADDRESS.replace("WREN", "LAMP"))])
    await anonymous.get(PATH)
    host.instead = None
    answer = await anonymous.get(image_address(other, ADDRESS.replace("WREN", "LAMP"), 320))
    assert answer.headers["content-type"] == "image/svg+xml"
    assert len(host.asked) == 1
    assert 800 < await site.resources.client.ttl(keyspace.images_paused(host.name)) <= 900


async def test_an_address_elsewhere_is_never_asked(site: Site, host: Watched, anonymous: httpx.AsyncClient) -> None:
    await catalogue.upsert(
        site.resources.pool, [CatalogueEntry(PRODUCT, "A kettle", "https://example.com/images/I/a.png")]
    )
    answer = await anonymous.get(f"/images/{PRODUCT}/320.webp")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert host.asked == []


async def test_one_network_cannot_use_up_the_requests(site: Site, host: Watched, anonymous: httpx.AsyncClient) -> None:
    await site.resources.client.set(keyspace.image_tried(image_name(ADDRESS)), "1")
    answers = [await anonymous.get(PATH) for _ in range(125)]
    assert {answer.status_code for answer in answers} == {200}
    assert host.asked == []
    async with site.client(network="198.51.100.7") as other:
        await site.resources.client.delete(keyspace.image_tried(image_name(ADDRESS)))
        assert (await anonymous.get(PATH)).headers["content-type"] == "image/svg+xml"
        assert (await other.get(PATH)).headers["content-type"] == "image/webp"


@pytest.mark.parametrize("file", ["100.webp", "320.png", "320", "x.webp", "99999999.webp"])
async def test_other_sizes_are_not_made(host: Watched, anonymous: httpx.AsyncClient, file: str) -> None:
    answer = await anonymous.get(f"/images/{PRODUCT}/{file}")
    assert answer.status_code == 404
    assert "/320.webp" in answer.json()["detail"]
    assert host.asked == []


async def test_a_product_that_is_not_followed_has_no_picture(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/images/us:B000000009/320.webp")).status_code == 404


async def test_pages_show_our_own_address_and_never_the_shops(site: Site, anonymous: httpx.AsyncClient) -> None:
    await site.record(1299)
    await catalogue.upsert(site.resources.pool, [CatalogueEntry(PRODUCT, "A kettle", ADDRESS)])
    page = await anonymous.get(f"/products/{PRODUCT}", headers=HTML)
    told = (await anonymous.get(f"/products/{PRODUCT}")).json()
    assert PATH in page.text
    assert "media-amazon" not in page.text
    assert told["image"] == image_address(PRODUCT, ADDRESS, 640)
