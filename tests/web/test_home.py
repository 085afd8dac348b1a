"""The first page: what moved lately and what most people watch, or an honest word that there is nothing."""

import httpx

from pennywren.match import shown
from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from tests.web.site import PRODUCT, Site

OTHER = ProductID("de", "B08N5WRWNX")


async def _moved(site: Site, product: ProductID, old: int, new: int) -> None:
    change = PriceChange(
        product, Offer.BUYBOX, ChangeKind.PRICE, old, new, product.market.currency, site.clock(), version=2
    )
    await shown.note_moves(site.resources.client, [change])


async def test_where_nothing_is_followed_the_page_says_so(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    assert "Nothing is followed here yet" in page.text
    assert "Just changed" not in page.text


async def test_what_moved_is_shown_with_its_price_and_how_far(site: Site, browser: httpx.AsyncClient) -> None:
    await site.record(1299, title="A <b>kettle</b>")
    await _moved(site, PRODUCT, 1599, 1299)
    await _moved(site, OTHER, 1000, 1004)
    page = await browser.get("/")
    assert "Just changed" in page.text
    assert "A &lt;b&gt;kettle&lt;/b&gt;" in page.text
    assert "$12.99" in page.text
    assert "19% less" in page.text
    assert "1% more" in page.text, "a move is never shown as none"
    assert f'href="/products/{OTHER}"' in page.text, "a product without a title goes by its id"
    assert "Nothing is followed" not in page.text


async def test_what_most_people_watch_is_shown_with_how_many(
    site: Site, browser: httpx.AsyncClient, owner: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    await site.record(1599)
    for who in (owner, stranger):
        wish = {"productID": str(PRODUCT), "threshold": 1000, "notificationType": "EMAIL"}
        assert (await who.post("/subscriptions", json=wish)).status_code == 201
    page = await browser.get("/")
    assert "Most watched" in page.text
    assert "2 watch it" in page.text
    assert "owner@example.com" not in page.text


async def test_without_redis_the_page_still_takes_a_link_and_claims_nothing(
    site: Site, browser: httpx.AsyncClient
) -> None:
    await site.lose_redis()
    page = await browser.get("/")
    assert page.status_code == 200
    assert 'name="product"' in page.text
    assert "Nothing is followed" not in page.text


async def test_the_page_is_the_same_for_all_and_sets_no_cookie(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    assert "set-cookie" not in page.headers
    assert page.headers["cache-control"].startswith("public")
