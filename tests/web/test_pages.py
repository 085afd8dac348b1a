"""What people and programs see at the same address."""

import random
import re

import httpx
import pytest

from pennywren.accounts.links import UNSUBSCRIBE
from pennywren.accounts.signing_in import make_link
from pennywren.frontier.admission import is_awaited
from pennywren.model.clock import DAY
from pennywren.model.product import ProductID
from pennywren.pipeline.discovering import Discoverer
from pennywren.store.limits import spend
from pennywren.web.serving.network import client_network
from tests.frontier_places import score_of
from tests.web.site import HTML, JSON, PRODUCT, Site

ADDRESS = f"/products/{PRODUCT}"


async def test_a_product_is_json_for_programs(site: Site, anonymous: httpx.AsyncClient) -> None:
    await site.record(1999)
    await site.record(1499)
    answer = await anonymous.get(ADDRESS)
    body = answer.json()

    assert answer.headers["content-type"] == "application/json"
    assert (body["productID"], body["name"], body["url"]) == (
        "us:B08N5WRWNW",
        "A kettle",
        "https://www.amazon.com/dp/B08N5WRWNW",
    )
    assert (body["currentPrice"], body["low"], body["high"], body["currency"]) == (1499, 1499, 1999, "USD")
    assert body["availability"] == "in_stock"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", body["updatedTime"])
    assert body["offers"]["buybox"]["price"] == 1499


async def test_a_product_is_a_page_for_people(site: Site, browser: httpx.AsyncClient) -> None:
    await site.record(1999)
    await site.record(1499)
    page = (await browser.get(ADDRESS)).text

    assert "A kettle" in page
    assert "$14.99" in page
    assert "<svg" in page
    assert 'action="/products/us:B08N5WRWNW/watch"' in page
    assert "without shipping" in page


@pytest.mark.parametrize("accept", [HTML["accept"], "*/*", "application/json", "text/html;q=0.1, application/json"])
async def test_one_address_has_two_faces_and_says_so(site: Site, anonymous: httpx.AsyncClient, accept: str) -> None:
    await site.record(1999)
    for path in (ADDRESS, "/status", "/nothing-here"):
        answer = await anonymous.get(path, headers={"accept": accept})
        assert answer.headers["vary"].removesuffix(",Accept-Encoding") == "Accept, Accept-Language, Cookie"
        assert answer.headers["content-type"].startswith("text/html") == (accept == HTML["accept"])


@pytest.mark.parametrize("path", [ADDRESS, f"{ADDRESS}/history"])
@pytest.mark.parametrize("headers", [HTML, JSON])
async def test_what_is_known_already_is_not_sent_again(
    site: Site, anonymous: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    await site.record(1999)
    first = await anonymous.get(path, headers=headers)
    etag = first.headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = await anonymous.get(path, headers={**headers, "if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)

    assert first.headers["cache-control"] == "public, max-age=60, stale-while-revalidate=600"
    await site.record(1899)
    changed = await anonymous.get(path, headers={**headers, "if-none-match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


async def test_the_history_is_always_json(site: Site, browser: httpx.AsyncClient) -> None:
    await site.record(1999)
    answer = await browser.get(f"{ADDRESS}/history?interval=raw")

    assert answer.headers["content-type"] == "application/json"
    assert [point["price"] for point in answer.json()["history"]] == [1999]


async def test_head_answers_like_get_without_a_body(site: Site, anonymous: httpx.AsyncClient) -> None:
    await site.record(1999)
    answer, head = await anonymous.get(ADDRESS), await anonymous.head(ADDRESS)

    assert head.content == b""
    assert (head.status_code, head.headers["etag"]) == (200, answer.headers["etag"])


@pytest.mark.parametrize(
    "text", ["B08N5WRWNW", "b08n5wrwnw", "us:B08N5WRWNW",
             "https%3A%2F%2Fwww.amazon.com%2FKettle%2Fdp%2FB08N5WRWNW%3Fth%3D1",
             "https://www.amazon.com/gp/product/B08N5WRWNW/ref=x", "amazon.com/dp/B08N5WRWNW"],
)  # fmt: skip
async def test_a_product_is_found_however_a_person_writes_it(
    site: Site, anonymous: httpx.AsyncClient, text: str
) -> None:
    await site.record(1999)

    assert (await anonymous.get(f"/products/{text}")).json()["productID"] == "us:B08N5WRWNW"
    assert (await anonymous.get(f"/products/{text}/history")).status_code == 200


async def test_a_get_of_an_unknown_product_tracks_nothing(site: Site, browser: httpx.AsyncClient) -> None:
    answer = await browser.get(ADDRESS)

    assert answer.status_code == 404
    assert 'action="/products"' in answer.text, "the page offers to follow it"
    assert await site.resources.pool.fetchval("select count(*) from products") == 0
    assert await score_of(site.resources.client, PRODUCT) is None


async def test_pasting_a_link_follows_the_product_and_shows_its_page(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/products", data={"product": "https://www.amazon.de/Tee/dp/B000000001?ref=x"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/products/de:B000000001")

    assert "just begun to look" in (await browser.get("/products/de:B000000001")).text


async def test_a_network_may_follow_twenty_products_at_once(anonymous: httpx.AsyncClient) -> None:
    answers = [await anonymous.post("/products", json={"product": f"B{i:09}"}) for i in range(21)]

    assert [answer.status_code for answer in answers] == [202] * 20 + [429]
    assert answers[0].json() == {"productID": "us:B000000000", "status": "tracked", "url": "/products/us:B000000000"}
    known = await anonymous.post("/products", json={"url": "https://www.amazon.com/dp/B000000000"})
    assert (known.status_code, known.json()["status"]) == (200, "known")


async def test_what_a_page_had_named_is_looked_at_soon_once_somebody_asks_for_it(
    site: Site, anonymous: httpx.AsyncClient
) -> None:
    resources = site.resources
    discoverer = Discoverer(resources.client, resources.pool, 3_000, resources.clock, random.Random(1))
    assert await discoverer.offer([PRODUCT], "link") == [PRODUCT]
    assert not await is_awaited(resources.client, PRODUCT)

    answer = await anonymous.post("/products", json={"product": str(PRODUCT)})

    assert (answer.status_code, answer.json()["status"]) == (202, "tracked")
    assert await is_awaited(resources.client, PRODUCT)


async def test_json_that_curl_calls_a_form_is_read_as_json(anonymous: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await anonymous.post("/products", content=b' {"product": "B000000001"}', headers=headers)

    assert (answer.status_code, answer.json()["status"]) == (202, "tracked")


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7001 * 9 }} {% raw %}",
    "\u202eevil\u0000\r\nBcc: x@y.z",
    "x" * 100_000,
    "\udcff broken",
]


@pytest.mark.parametrize("title", HOSTILE, ids=lambda title: repr(title[:20]))
async def test_a_hostile_title_is_shown_as_the_text_that_it_is(
    site: Site, browser: httpx.AsyncClient, title: str
) -> None:
    await site.record(1999, title=title)
    link = await make_link(site.resources.pool, "ada@example.com", site.clock())
    await browser.post(f"/sign-in/{link}")
    await browser.post(f"{ADDRESS}/watch", data={"amount": "15"})
    for path in (ADDRESS, "/account"):
        page = (await browser.get(path)).text
        assert "<script>" not in page
        assert "<img" not in page
        assert "63009" not in page
        assert "\u202e" not in page
        assert "\x00" not in page
        assert len(page) < 20_000
    name = (await browser.get(ADDRESS, headers=JSON)).json()["name"]
    assert name is None or (len(name) <= 300 and "\n" not in name)


async def test_the_account_page_changes_and_deletes_watches_without_a_script(
    site: Site, browser: httpx.AsyncClient
) -> None:
    await site.record(1999)
    link = await make_link(site.resources.pool, "ada@example.com", site.clock())
    await browser.post(f"/sign-in/{link}")
    made = await browser.post(f"{ADDRESS}/watch", data={"amount": "25,50"})
    id_ = made.headers["location"].rpartition("-")[2]
    page = await browser.get("/account")
    assert page.headers["cache-control"] == "private, no-store"
    assert "at or below your target" in page.text

    changed = await browser.post(f"/account/subscriptions/{id_}", data={"amount": "12.34"})
    assert changed.status_code == 303
    assert 'value="12.34"' in (await browser.get("/account")).text
    wrong = await browser.post(f"/account/subscriptions/{id_}", data={"amount": "a lot"})
    assert (wrong.status_code, "is not an amount" in wrong.text) == (400, True)

    await browser.post(f"/account/subscriptions/{id_}/delete")
    assert "You watch nothing yet" in (await browser.get("/account")).text


async def test_watching_without_a_session_asks_for_an_address(site: Site, browser: httpx.AsyncClient) -> None:
    await site.record(1999)
    answer = await browser.post(f"{ADDRESS}/watch", data={"amount": "15"})

    assert answer.status_code == 401
    assert "an e-mail address is all that we need" in answer.text
    assert 'value="15"' in answer.text


async def test_unsubscribing_takes_a_tap_and_a_button(
    site: Site, owner: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    wish = {"productID": str(PRODUCT), "threshold": 1000, "notificationType": "EMAIL"}
    made = (await owner.post("/subscriptions", json=wish)).json()
    link = f"/unsubscribe/{UNSUBSCRIBE.sign(site.resources.unsubscribe_key, made['id'])}"
    for method in ("GET", "HEAD"):
        assert (await browser.request(method, link)).status_code == 200
    assert (await owner.get(f"/subscriptions/{made['id']}")).status_code == 200, "opening the link changes nothing"

    assert "Done" in (await browser.post(link)).text
    assert (await owner.get(f"/subscriptions/{made['id']}")).status_code == 404
    assert "gone already" in (await browser.get(link)).text
    assert (await browser.post(link)).status_code == 200, "a second time is fine"
    assert (await browser.post(link[:-1] + ("A" if link[-1] != "A" else "B"))).status_code == 404


async def test_the_mailbox_shows_mails_as_text_with_links(site: Site, browser: httpx.AsyncClient) -> None:
    await browser.post("/sign-in", data={"email": "ada@example.com"})
    [mail] = (await browser.get("/mailbox.json")).json()
    assert mail["to"] == "ada@example.com"

    [link] = site.links_mailed()
    assert f'href="http://testserver{link}"' in (await browser.get("/mailbox")).text


async def test_prices_are_shown_while_the_database_is_away_and_what_needs_it_says_so(
    site: Site, owner: httpx.AsyncClient
) -> None:
    await site.record(1999)
    await site.resources.pool.close()

    assert (await owner.get(ADDRESS)).json()["currentPrice"] == 1999
    assert "19.99" in (await owner.get(ADDRESS, headers=HTML)).text
    assert (await owner.get(f"{ADDRESS}/history")).status_code == 200
    for path in ("/subscriptions", "/account", "/products/us:B000000009"):
        answer = await owner.get(path)
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")


async def test_a_sick_part_is_told_by_healthz(site: Site, anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/healthz")).json() == {"redis": True, "postgres": True}
    await site.lose_redis()
    answer = await anonymous.get("/healthz")

    assert (answer.status_code, answer.json()) == (503, {"redis": False, "postgres": True})


async def test_a_process_that_cannot_work_says_so_to_whoever_sends_it_requests(
    site: Site, anonymous: httpx.AsyncClient
) -> None:
    ready = await anonymous.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"redis": True, "queue": True, "schema": True})
    await site.lose_redis()
    gone = await anonymous.get("/readyz")
    assert (gone.status_code, gone.json()["redis"], gone.json()["schema"]) == (503, False, True)


async def test_every_answer_has_a_name_that_its_log_lines_have_too(anonymous: httpx.AsyncClient) -> None:
    first, second = [(await anonymous.get("/healthz")).headers["x-request-id"] for _ in range(2)]
    assert first != second
    given = await anonymous.get("/nothing-here", headers={"x-request-id": "a1b2c3d4-e5f6"})
    assert given.headers["x-request-id"] == "a1b2c3d4-e5f6"
    hostile = await anonymous.get("/healthz", headers={"x-request-id": "a b[alert=7]"})
    assert hostile.headers["x-request-id"] != "a b[alert=7]"


async def test_the_limit_of_tracking_is_the_networks(site: Site, anonymous: httpx.AsyncClient) -> None:
    network = client_network("203.0.113.9", [], 0)
    for _ in range(20):
        await spend(site.resources.client, "track", network, rate_per_hour=60, burst=20)

    assert (await anonymous.post("/products", json={"product": "B000000001"})).status_code == 429
    async with site.client(network="198.51.100.1") as elsewhere:
        assert (await elsewhere.post("/products", json={"product": "B000000001"})).status_code == 202


def test_the_test_product_is_the_one_of_the_documentation() -> None:
    assert ProductID.parse("B08N5WRWNW") == PRODUCT


async def test_a_products_page_has_suggestions_proofs_an_export_and_markup_to_embed(
    site: Site, browser: httpx.AsyncClient
) -> None:
    await site.record(1999)
    page = await browser.get(ADDRESS)
    links = page.headers["link"]
    assert f'</products/{PRODUCT}/history.csv>; rel="alternate"; type="text/csv"' in links
    for target in (1998, 1899, 1799, 1699, 1599):
        assert f'name="suggested" value="{target}"' in page.text
    assert f"http://testserver{ADDRESS}/chart.svg?range=1y&amp;amp;theme=light" in page.text
    (proof, *_) = re.findall(rf'href="({ADDRESS}/points/[^"]+/proof)"', page.text)
    assert (await browser.get(proof)).status_code == 200
    assert "We have followed it since" in page.text
    for path in re.findall(r"<(/[^>]+)>", links):
        assert (await browser.get(path)).status_code == 200


async def test_the_figures_behind_the_chart_are_there_without_a_script(site: Site, browser: httpx.AsyncClient) -> None:
    for price in (1999, 1499, None, 1799):
        await site.record(price)
    page = (await browser.get(ADDRESS)).text
    table = page[page.index("<details") : page.index("</table>")]
    for shown in ("$19.99", "$14.99", "No offer"):
        assert shown in table
    assert table.count("/proof") == table.count("<tr><td>") >= 3


async def test_who_watches_a_product_sees_the_target_on_its_page(
    site: Site, owner: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    await site.record(1999)
    wish = {"productID": str(PRODUCT), "threshold": 1500, "notificationType": "EMAIL"}
    assert (await owner.post("/subscriptions", json=wish)).status_code == 201
    own, others = [(await client.get(ADDRESS, headers=HTML)) for client in (owner, stranger)]
    assert 'data-target="1500"' in own.text
    assert "one mail at $15.00 or less" in own.text
    assert own.headers["cache-control"] == "private, no-store"
    assert "data-target" not in others.text


async def test_a_page_says_what_its_chart_shows_before_any_script(site: Site, browser: httpx.AsyncClient) -> None:
    at = site.clock()
    for days, price in ((30, 2999), (29, 2999), (20, 1999), (19, 1999), (1, 2499), (0, 2499)):
        await site.record(price, at=at - days * DAY)
    page = (await browser.get(ADDRESS)).text
    said = re.search(r'<p class="said-of-chart">([^<]+)</p>', page)

    assert said
    assert re.fullmatch(
        r"Buy box: \$24\.99 now\. In the time shown: lowest \$19\.99 on .+, highest \$29\.99 on .+\. "
        r"Typical \$19\.99 to \$29\.99\.",
        said[1],
    )
    assert f"<desc>{said[1]}</desc>" in page
    assert "the middle half of a year" in page
    assert "Band: the middle half of the prices." in page


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        (((40, 1999), (0, 1999)), "Buy box: $19.99 now. Only one price in the time shown: $19.99."),
        ((*((day, 1999) for day in range(40, 35, -1)), (1, 1899), (0, 1999)), "Typical $19.99."),
    ],
)
async def test_a_price_that_hardly_moves_is_no_band(
    site: Site, browser: httpx.AsyncClient, prices: tuple[tuple[int, int], ...], said: str
) -> None:
    at = site.clock()
    for days, price in prices:
        await site.record(price, at=at - days * DAY)
    page = (await browser.get(ADDRESS)).text

    assert f"{said}</desc>" in page
    assert "Solid: a price that was seen." in page
    assert "$19.99 to $19.99" not in page
    assert "most of a year" in page
    assert "middle half" not in page


async def test_an_address_without_a_page_helps_on(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/nothing/here")

    assert answer.status_code == 404
    assert "There is no page at this address" in answer.text
    assert 'action="/products"' in answer.text
