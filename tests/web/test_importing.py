"""Lists that people bring: looked at first, watched afterwards; and the watch after a purchase."""

import re
from collections.abc import AsyncIterator
from html import unescape

import httpx
import pytest

from pennywren.model.clock import DAY, rfc3339
from pennywren.model.product import ProductID
from tests.web.site import JSON, PRODUCT, Site
from tests.web.test_account_pages import OTHER, read, text_of, watch


@pytest.fixture
async def ada(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of somebody who is signed in."""
    async with await site.browser_of("ada@example.com") as client:
        yield client


def rows_of(page: httpx.Response) -> dict[str, list[str]]:
    """What the form of a preview sends when nothing is changed."""
    assert page.status_code == 200, page.text
    take = re.findall(r'name="take" value="(\d+)" checked', page.text)
    rows = [unescape(row) for row in re.findall(r'name="row" value="([^"]*)"', page.text)]
    targets = re.findall(r'name="target"[^>]* value="([^"]*)"', page.text)
    return {"row": rows, "target": targets, "take": take}


async def watched(client: httpx.AsyncClient) -> dict[str, int | None]:
    found = (await client.get("/subscriptions", headers=JSON)).json()["subscriptions"]
    return {each["productID"]: each["threshold"] for each in found}


async def wishes_of(client: httpx.AsyncClient) -> list[dict[str, object]]:
    found = (await client.get("/subscriptions", headers=JSON)).json()["subscriptions"]
    kept = ("productID", "rule", "once", "offer", "notificationType")
    return [{name: one[name] for name in kept} for one in found]


async def test_a_table_is_looked_at_and_then_watched(site: Site, ada: httpx.AsyncClient) -> None:
    await site.record(2000)
    table = "ASIN,Target price\nB08N5WRWNW,$15.00\nnonsense,5\nB000000002,\n"
    page = await ada.post("/account/import", files={"file": ("list.csv", table, "text/csv")})
    words = text_of(page)
    assert "2 products were found" in words
    assert "Line 3: nonsense, 5" in words
    assert await watched(ada) == {}, "looking makes nothing"

    done = await ada.post("/account/import/watch", data=rows_of(page))
    assert "One watch was made." in text_of(done)
    assert await watched(ada) == {str(PRODUCT): 1500}
    left = rows_of(done)
    assert (len(left["row"]), left["take"]) == (1, [])
    again = await ada.post("/account/import/watch", data={**left, "target": ["9,99"], "only": "0"})
    assert "One watch was made." in text_of(again)
    assert (await watched(ada))[str(OTHER)] == 999


async def test_a_pasted_list_of_links_suggests_a_target_for_each(site: Site, ada: httpx.AsyncClient) -> None:
    await site.record(2000)
    text = f"My list\n1. https://www.amazon.com/Kettle/dp/{PRODUCT.asin}?ref=x nice!\nhttps://www.amazon.com/nothing\n"
    page = await ada.post("/account/import", data={"list": text})
    assert rows_of(page)["target"] == ["18.00"]
    assert "Line 3:" in text_of(page)

    await ada.post("/account/import/watch", data={**rows_of(page), "only": "0"})
    assert await watched(ada) == {str(PRODUCT): 1800}


async def test_a_list_pasted_on_the_first_page_can_be_watched_at_once(site: Site, ada: httpx.AsyncClient) -> None:
    await site.record(2000)
    page = await ada.post("/products/list", data={"links": f"{PRODUCT} {OTHER}"})
    assert rows_of(page)["target"] == ["18.00", ""]

    await ada.post("/account/import/watch", data=rows_of(page))
    assert await watched(ada) == {str(PRODUCT): 1800}


async def test_the_export_of_one_account_is_the_import_of_another(site: Site, ada: httpx.AsyncClient) -> None:
    await site.record(2000)
    await watch(ada)
    await watch(ada, OTHER, rule={"kind": "lowestInDays", "days": 30}, once=True)
    table = (await ada.get("/account/watches.csv")).text
    async with await site.browser_of("eve@example.com") as eve:
        page = await eve.post("/account/import", data={"list": table})
        assert "2 watches were made" in text_of(await eve.post("/account/import/watch", data=rows_of(page)))
        assert await wishes_of(ada) == await wishes_of(eve)
        again = await eve.post("/account/import", data={"list": table})
        assert text_of(again).count("watched already") == 2
        assert rows_of(again)["take"] == []


async def test_what_cannot_be_watched_is_said_and_stays(site: Site, ada: httpx.AsyncClient) -> None:
    page = await ada.post("/account/import", data={"list": f"{PRODUCT}\n{OTHER}"})
    form = {**rows_of(page), "target": ["lots", "5"], "take": ["0", "1"]}
    done = await ada.post("/account/import/watch", data=form)

    assert "One watch was made. " in text_of(done)
    assert "is not an amount" in text_of(done)
    assert rows_of(done)["target"] == ["lots"]


@pytest.mark.parametrize(
    ("path", "form", "says"),
    [
        ("/account/import", {"list": " "}, "Paste a list"),
        ("/account/import", {"list": "no links here"}, "no product link"),
        ("/account/import/watch", {"row": [], "target": []}, "Tick at least one"),
        ("/account/import/watch", {"row": ["{}"], "target": ["5"], "take": "0"}, "not those of the page"),
        ("/account/import/watch", {"row": ["{}"], "target": ["5", "6"], "take": "0"}, "not those of the page"),
    ],
)
async def test_a_list_that_is_none_is_refused_in_words(
    ada: httpx.AsyncClient, path: str, form: dict[str, list[str] | str], says: str
) -> None:
    answer = await ada.post(path, data=form)

    assert (answer.status_code, says in answer.text) == (400, True)


async def test_a_plan_that_is_full_says_so_for_each_that_is_left(site: Site, ada: httpx.AsyncClient) -> None:
    text = "\n".join(f"us:B{i:09}" for i in range(102))
    page = await ada.post("/account/import", data={"list": text})
    form = {**rows_of(page), "target": ["5"] * 102, "take": [str(i) for i in range(102)]}
    done = await ada.post("/account/import/watch", data=form)

    assert "100 watches were made." in text_of(done)
    assert text_of(done).count("the free plan allows 100") == 2


async def test_after_a_purchase_a_lower_price_is_told_until_the_return_date(site: Site, ada: httpx.AsyncClient) -> None:
    await site.record(2000)
    page = await ada.get(f"/account/bought?product={PRODUCT}")
    assert 'value="20.00"' in page.text
    today, last = rfc3339(site.clock())[:10], rfc3339(site.clock() + 14 * DAY)[:10]
    form = {"product": str(PRODUCT), "paid": "20.00", "bought": today, "until": last}
    made = await ada.post("/account/bought", data=form)
    id_ = int(re.findall(r"/subscriptions/(\d+)", made.headers["location"])[0])
    found = await read(ada, id_)
    assert (found["threshold"], str(found["expiresTime"])[:10]) == (1999, rfc3339(site.clock() + 15 * DAY)[:10])

    again = await ada.post("/account/bought", data={**form, "paid": "15.00"})
    assert again.headers["location"] == made.headers["location"], "a watch of this price becomes this one"
    assert (await read(ada, id_))["threshold"] == 1499


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"until": "2020-02-01", "bought": "2020-01-01"}, "is over"),
        ({"until": "2020-01-01", "bought": "2020-02-01"}, "before the day"),
        ({"bought": "2099-01-01", "until": "2099-02-01"}, "in the future"),
        ({"paid": "a lot"}, "is not an amount"),
        ({"paid": "0.01"}, "Nothing can be cheaper"),
        ({"until": "soon"}, "is not a day"),
        ({"product": "kettle"}, "kettle"),
    ],
)
async def test_a_purchase_that_cannot_be_is_refused_in_words(
    ada: httpx.AsyncClient, change: dict[str, str], says: str
) -> None:
    form = {"product": str(ProductID("us", "B000000001")), "paid": "20", "bought": "2020-01-01", "until": "2030-01-01"}
    answer = await ada.post("/account/bought", data={**form, **change})

    assert answer.status_code == 400
    assert says in unescape(answer.text)
