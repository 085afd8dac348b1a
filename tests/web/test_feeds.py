"""The feed of a person's alerts: secret, renewable, and well-formed whatever a title says."""

import re
from collections.abc import AsyncIterator
from xml.etree import ElementTree

import httpx
import pytest

from pennywren.postgres.pool import transaction
from tests.web.site import PRODUCT, Site
from tests.web.test_account_pages import watch

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
async def ada(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of somebody who is signed in."""
    async with await site.browser_of("ada@example.com") as client:
        yield client


async def address_of(client: httpx.AsyncClient) -> str:
    page = await client.get("/account/data")
    [address] = set(re.findall(r"http://testserver(/feeds/[\w=-]+)", page.text))
    assert page.headers["link"] == f'<http://testserver{address}>; rel="alternate"; type="application/atom+xml"'
    return str(address)


async def alert(site: Site, watch_id: int, price: int | None, change: str = "c", state: str = "delivered") -> None:
    async with transaction(site.resources.pool) as connection:
        await connection.execute(
            """insert into alerts
                   (subscription_id, person_id, change_id, product_id, offer, old_price, new_price, currency, seen_at,
                    state)
               select id, person_id, $2, product_id, offer, 1500, $3, currency, now(), $4
               from subscriptions where id = $1""",
            watch_id, change, price, state,
        )  # fmt: skip


async def test_there_is_no_feed_until_its_owner_makes_one(ada: httpx.AsyncClient) -> None:
    page = await ada.get("/account/data")

    assert "/feeds/" not in page.text
    assert "link" not in page.headers


async def test_a_feed_tells_what_its_owner_was_told(
    site: Site, ada: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await site.record(1200, title="Kettle <b>& more</b>")
    id_ = await watch(ada)
    await alert(site, id_, 1200)
    await alert(site, id_, 900, "gone", state="dropped")
    await ada.post("/account/feed")
    answer = await anonymous.get(await address_of(ada))
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(answer.content)
    assert [title.text for title in feed.iter(f"{ATOM}title")] == [
        "Alerts of ada@example.com", "Kettle <b>& more</b>: $12.00 (was $15.00)",
    ]  # fmt: skip
    [entry] = feed.iter(f"{ATOM}entry")
    link = entry.find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == f"http://testserver/products/{PRODUCT}"
    assert {len(feed.findall(f"{ATOM}{name}")) for name in ("id", "updated", "author", "title")} == {1}


async def test_a_feed_that_is_known_is_not_sent_again(site: Site, ada: httpx.AsyncClient) -> None:
    await site.record(1200)
    id_ = await watch(ada)
    await ada.post("/account/feed")
    path = await address_of(ada)
    first = await ada.get(path)
    assert first.headers["cache-control"].startswith("private")
    same = await ada.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    await alert(site, id_, None)
    news = await ada.get(path, headers={"if-none-match": first.headers["etag"]})

    assert news.status_code == 200
    assert "no offer" in news.text


async def test_another_address_ends_the_one_before(ada: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    await ada.post("/account/feed")
    first = await address_of(ada)
    await ada.post("/account/feed")
    second = await address_of(ada)
    assert (await anonymous.get(first)).status_code == 404
    assert (await anonymous.get(second)).status_code == 200

    await ada.post("/account/feed/end")
    assert (await anonymous.get(second)).status_code == 404


async def test_a_feed_has_nothing_of_anybody_else(site: Site, ada: httpx.AsyncClient) -> None:
    await site.record(1200)
    await alert(site, await watch(ada), 1200)
    async with await site.browser_of("eve@example.com") as eve:
        await eve.post("/account/feed")
        feed = await eve.get(await address_of(eve))

    assert "<entry>" not in feed.text
    assert "ada@example.com" not in feed.text
