"""Pictures and CSV as programs and other pages get them."""

import csv
from io import StringIO
from xml.etree import ElementTree

import httpx
import pytest

from pennywren.model.clock import HOUR, SECOND
from tests.web.site import PRODUCT, Site

ADDRESS = f"/products/{PRODUCT}"


async def test_a_chart_is_a_picture_that_is_not_sent_twice(site: Site, anonymous: httpx.AsyncClient) -> None:
    await site.record(1999)
    for kind, media_type, begin in (("svg", "image/svg+xml", b"<svg"), ("png", "image/png", b"\x89PNG")):
        first = await anonymous.get(f"{ADDRESS}/chart.{kind}")
        again = await anonymous.get(f"{ADDRESS}/chart.{kind}")
        known = await anonymous.get(f"{ADDRESS}/chart.{kind}", headers={"if-none-match": first.headers["etag"]})

        assert (first.status_code, first.headers["content-type"]) == (200, media_type)
        assert first.content.startswith(begin)
        assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
        assert (known.status_code, known.content) == (304, b"")
        assert first.headers["cross-origin-resource-policy"] == "cross-origin"


async def test_a_new_price_and_a_new_hour_make_a_new_picture(site: Site, anonymous: httpx.AsyncClient) -> None:
    await site.record(1999)
    pictures = [(await anonymous.get(f"{ADDRESS}/chart.png")).content]
    await site.record(1499)
    pictures.append((await anonymous.get(f"{ADDRESS}/chart.png")).content)
    site.clock.now += 30 * HOUR
    pictures.append((await anonymous.get(f"{ADDRESS}/chart.png")).content)

    assert len(set(pictures)) == 3


async def test_an_offer_that_was_never_seen_says_so(site: Site, anonymous: httpx.AsyncClient) -> None:
    await site.record(1999)
    used = await anonymous.get(f"{ADDRESS}/chart.svg?offer=used")

    assert "No price is known" in "".join(ElementTree.fromstring(used.text).itertext())


async def test_what_is_not_known_or_cannot_be_drawn_is_a_problem(site: Site, anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get(f"{ADDRESS}/chart.png")).status_code == 404
    await site.record(1999)
    refused = await anonymous.get(f"{ADDRESS}/chart.png?width=100000")
    assert (refused.status_code, refused.json()["type"]) == (400, "/problems/bad-query")


@pytest.mark.parametrize("path", ["history.csv", "feed.atom", "chart.svg", "chart.png"])
async def test_a_whole_link_names_the_product_here_too(site: Site, anonymous: httpx.AsyncClient, path: str) -> None:
    await site.record(1999)
    assert (await anonymous.get(f"/products/https://www.amazon.com/dp/B08N5WRWNW/{path}")).status_code == 200


async def test_the_csv_tells_every_change_and_its_absence(site: Site, anonymous: httpx.AsyncClient) -> None:
    for seconds, price in ((6, 1999), (4, None), (2, 1499)):
        await site.record(price, at=site.clock() - seconds * SECOND)
    answer = await anonymous.get(f"{ADDRESS}/history.csv")
    rows = list(csv.DictReader(StringIO(answer.text)))

    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="us-B08N5WRWNW.csv"'
    assert [(row["state"], row["price"]) for row in rows][:3] == [
        ("offered", "19.99"), ("no offer", ""), ("offered", "14.99")]  # fmt: skip
    assert {(row["currency"], row["offer"], row["product"]) for row in rows} == {("USD", "buybox", str(PRODUCT))}
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)

    daily = (await anonymous.get(f"{ADDRESS}/history.csv?interval=day")).text
    assert [(row["low"], row["high"]) for row in csv.DictReader(StringIO(daily)) if row["state"] == "offered"] == [
        ("14.99", "19.99")
    ]


async def test_a_history_in_columns_is_kept_beside_the_one_in_rows(site: Site, anonymous: httpx.AsyncClient) -> None:
    await site.record(1999)
    path = f"/products/{PRODUCT}/history?interval=raw"
    rows, columns = await anonymous.get(path), await anonymous.get(f"{path}&layout=columns")
    assert columns.json()["columns"]["price"] == [point["price"] for point in rows.json()["history"]] == [1999]
    assert rows.headers["etag"] != columns.headers["etag"]
    again = await anonymous.get(f"{path}&layout=columns", headers={"if-none-match": columns.headers["etag"]})
    assert again.status_code == 304
    assert (await anonymous.get(f"{path}&layout=table")).status_code == 400
