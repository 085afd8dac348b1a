"""The feed of a product: what changed, in an order and under ids that a feed reader can rely on."""

import re
from xml.etree import ElementTree

import httpx

from pennywren.model.clock import DAY, HOUR, SECOND
from pennywren.model.offer import Offer
from pennywren.model.series import State, Steps
from pennywren.web.product.product_feed import ENTRIES, Change, changes
from tests.web.site import HTML, PRODUCT, Site

ADDRESS = f"/products/{PRODUCT}/feed.atom"
ATOM = "{http://www.w3.org/2005/Atom}"


def texts(feed: httpx.Response, name: str) -> list[str | None]:
    """One element of each entry."""
    return [entry.findtext(f"{ATOM}{name}") for entry in ElementTree.fromstring(feed.content).iter(f"{ATOM}entry")]


async def test_each_change_is_an_entry_and_the_newest_is_first(site: Site, anonymous: httpx.AsyncClient) -> None:
    for price in (1999, 1999, 1499, None, 1799):
        await site.record(price, title="Kettle <b>& more</b>")
        site.clock.now += HOUR
    feed = await anonymous.get(ADDRESS)

    assert feed.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert texts(feed, "title") == [
        "Kettle <b>& more</b>: $17.99",
        "Kettle <b>& more</b>: no offer (was $14.99)",
        "Kettle <b>& more</b>: $14.99 (was $19.99)",
        "Kettle <b>& more</b>: $19.99",
    ]
    ids = texts(feed, "id")
    await site.record(1299)
    later = await anonymous.get(ADDRESS)
    assert texts(later, "id")[1:] == ids
    assert len(set(texts(later, "id"))) == 5
    whole = ElementTree.fromstring(later.content)
    assert whole.findtext(f"{ATOM}updated") == texts(later, "updated")[0]


async def test_a_feed_that_is_known_is_not_sent_again(site: Site, anonymous: httpx.AsyncClient) -> None:
    await site.record(1999)
    first = await anonymous.get(ADDRESS)
    await site.record(1999)
    same = await anonymous.get(ADDRESS, headers={"if-none-match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    await site.record(1499)
    assert (await anonymous.get(ADDRESS, headers={"if-none-match": first.headers["etag"]})).status_code == 200


async def test_a_page_and_its_headers_say_where_the_feed_is(site: Site, anonymous: httpx.AsyncClient) -> None:
    await site.record(1999)
    page = await anonymous.get(f"/products/{PRODUCT}", headers=HTML)
    [link] = re.findall(r'<link rel="alternate" type="application/atom\+xml"[^>]*href="([^"]+)"', page.text)

    assert link == ADDRESS
    assert f'<{ADDRESS}>; rel="alternate"; type="application/atom+xml"' in page.headers["link"]
    own = ElementTree.fromstring((await anonymous.get(link)).content).find(f"{ATOM}link[@rel='self']")
    assert own is not None
    assert own.get("href") == f"http://testserver{ADDRESS}"


async def test_an_offer_that_was_never_seen_has_no_entries_and_nonsense_is_a_problem(
    site: Site, anonymous: httpx.AsyncClient
) -> None:
    assert (await anonymous.get(ADDRESS)).status_code == 404
    await site.record(1999)
    assert texts(await anonymous.get(f"{ADDRESS}?offer=used"), "title") == []
    refused = await anonymous.get(f"{ADDRESS}?offer=stolen")
    assert (refused.status_code, refused.json()["type"]) == (400, "/problems/bad-query")


async def test_a_feed_speaks_german_and_has_an_end(site: Site, anonymous: httpx.AsyncClient) -> None:
    for number in range(ENTRIES + 3):
        await site.record(1000 + number, at=site.clock.now - HOUR + number * SECOND)
    feed = await anonymous.get(ADDRESS, headers={"accept-language": "de"})

    titles = texts(feed, "title")
    assert len(titles) == ENTRIES
    assert titles[0] == "A kettle: 10,52 $ (vorher 10,51 $)".replace(" $", "\u00a0$")
    other = await anonymous.get(f"{ADDRESS}?offer={Offer.USED}", headers={"accept-language": "de"})
    assert ElementTree.fromstring(other.content).findtext(f"{ATOM}title") == "A kettle: Gebraucht"


def test_what_was_only_reported_or_not_looked_at_is_no_change() -> None:
    steps = Steps(
        [(1 * DAY, 2000), (2 * DAY, 900), (3 * DAY, 2000), (6 * DAY, 1800)],
        [(4 * DAY, State.NOT_OBSERVED), (5 * DAY, State.OFFERED)],
        7 * DAY,
    )

    assert changes(steps, 7 * DAY, {2 * DAY}) == [
        Change(6 * DAY, 1800, 2000, is_first=False),
        Change(1 * DAY, 2000, None, is_first=True),
    ]
    assert changes(steps, 7 * DAY)[1] == Change(3 * DAY, 2000, 900, is_first=False)
    assert changes(Steps([(DAY, 2000)], [], DAY), DAY) == [Change(DAY, 2000, None, is_first=True)]
    assert changes(Steps(), DAY) == []
