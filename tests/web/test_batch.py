"""Many products in one answer."""

import httpx

from tests.web.site import PRODUCT, Site


async def test_each_has_its_state_or_its_problem_in_the_order_of_the_question(
    site: Site, anonymous: httpx.AsyncClient
) -> None:
    await site.record(1999)
    answer = await anonymous.get(f"/products?ids=B000000001,nonsense&ids={PRODUCT},{PRODUCT.asin}")
    items = answer.json()["products"]
    alone = (await anonymous.get(f"/products/{PRODUCT}")).json()

    assert [item["id"] for item in items] == ["B000000001", "nonsense", str(PRODUCT), PRODUCT.asin]
    assert [item.get("product") for item in items] == [None, None, alone, alone]
    assert [item["problem"]["type"] for item in items[:2]] == ["/problems/not-found", "/problems/bad-product"]
    assert items[0]["problem"]["instance"] == "/products/us:B000000001"


async def test_it_has_an_etag(site: Site, anonymous: httpx.AsyncClient) -> None:
    await site.record(1999)
    first = await anonymous.get(f"/products?ids={PRODUCT}")
    again = await anonymous.get(f"/products?ids={PRODUCT}", headers={"if-none-match": first.headers["etag"]})

    assert (first.status_code, again.status_code) == (200, 304)


async def test_one_hundred_are_answered_and_one_more_is_refused(anonymous: httpx.AsyncClient) -> None:
    ids = [f"B{number:09}" for number in range(101)]
    most = await anonymous.get(f"/products?ids={','.join(ids[:100])}")
    more = await anonymous.get(f"/products?ids={','.join(ids)}")
    none = await anonymous.get("/products?ids=,")

    assert (most.status_code, len(most.json()["products"])) == (200, 100)
    assert [(answer.status_code, answer.json()["type"]) for answer in (more, none)] == [
        (400, "/problems/bad-query")
    ] * 2


async def test_a_product_names_its_other_forms_and_they_are_there(site: Site, anonymous: httpx.AsyncClient) -> None:
    await site.record(1999)
    for accept in ("application/json", "text/html"):
        answer = await anonymous.get(f"/products/{PRODUCT}", headers={"accept": accept})
        links = [link["url"] for link in answer.links.values()]
        assert 'rel="canonical"' in answer.headers["link"]
        assert answer.headers["link"].count('rel="alternate"') == 4
        for url in links:
            assert (await anonymous.get(url)).status_code == 200


async def test_an_unread_history_is_offered_as_csv_and_picture_with_their_types(
    site: Site, anonymous: httpx.AsyncClient
) -> None:
    await site.record(1999)
    link = (await anonymous.get(f"/products/{PRODUCT}")).headers["link"]
    for part in link.split(", ")[1:]:
        url, _, kind = part.split("; ")
        answer = await anonymous.get(url.strip("<>"))
        assert answer.headers["content-type"].split(";")[0] == kind.split('"')[1]
