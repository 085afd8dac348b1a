"""Whoever pastes a link or begins a watch may say what the shop shows: that is a report, with the visitor's weight."""

import httpx
import pytest

from pennywren.trust.reputation import Tenure
from pennywren.web.shapes.report_views import NewObservation, ObservationContext
from tests.web.site import HTML, JSON, PRODUCT, Site
from tests.web.test_another_price import said

NEW = "us:B000000009"


async def claims(site: Site) -> list[tuple[int | None, Tenure]]:
    return [(voice.price, voice.tenure) for voice in (await said(site)).claims]


async def test_a_pasted_link_with_a_price_is_a_report(site: Site, browser: httpx.AsyncClient) -> None:
    await site.record(1999)
    page = await browser.get("/", headers=HTML)
    assert 'name="priceSeen"' in page.text
    german = {**HTML, "accept-language": "de"}
    answer = await browser.post("/products", data={"product": str(PRODUCT), "priceSeen": "14,99"}, headers=german)
    assert "Er zählt, sobald wir ihn selbst gesehen haben." in answer.text
    assert f'href="/products/{PRODUCT}"' in answer.text
    assert await claims(site) == [(1499, Tenure.VISITOR)]

    plain = await browser.post("/products", data={"product": str(PRODUCT), "priceSeen": ""}, headers=HTML)
    assert (plain.status_code, plain.headers["location"]) == (303, f"/products/{PRODUCT}")


async def test_programs_get_the_verdict_beside_what_they_asked_for(site: Site, browser: httpx.AsyncClient) -> None:
    await site.record(1999)
    answer = await browser.post("/products", json={"product": str(PRODUCT), "priceSeen": "19.99"}, headers=JSON)
    assert (answer.status_code, answer.json()["verdict"]["reason"]) == (200, "confirms")
    unknown = await browser.post("/products", json={"product": NEW, "priceSeen": "5"}, headers=JSON)
    assert (unknown.status_code, unknown.json()["verdict"]["reason"]) == (202, "unknown_product")
    without = await browser.post("/products", json={"product": str(PRODUCT)}, headers=JSON)
    assert "verdict" not in without.json()


async def test_a_watch_of_a_stranger_and_of_a_person_may_say_a_price(site: Site) -> None:
    await site.record(1999)
    path, form = f"/products/{PRODUCT}/watch", {"amount": "12", "priceSeen": "14.99"}
    async with site.client(network="203.0.113.5") as stranger:
        asked = await stranger.post(path, data={**form, "email": "new@example.org"}, headers=HTML)
    assert (asked.status_code, "it counts once we have seen it ourselves" in asked.text) == (202, True)
    async with await site.person("old@example.org") as person:
        await site.resources.pool.execute("update people set created_at = created_at - interval '15 days'")
        made = await person.post(path, data=form, headers=HTML)
        assert "it counts once we have seen it ourselves" in made.text
        (watch,) = (await person.get("/subscriptions")).json()["subscriptions"]
        assert f'href="/subscriptions/{watch["id"]}"' in made.text
        wish = {"productID": str(PRODUCT), "rule": {"kind": "allTimeLow"}, "notificationType": "EMAIL"}
        answer = await person.post("/subscriptions", json={**wish, "priceSeen": "19.99"})
        assert answer.json()["verdict"]["verdict"] == "accepted", answer.text
    assert await claims(site) == [(1499, Tenure.VISITOR), (1499, Tenure.MEMBER)]


async def test_what_was_paid_is_a_report_only_where_the_shop_shows_it_to_everybody(site: Site) -> None:
    await site.record(1999)
    async with await site.person("buyer@example.org") as person:
        page = await person.get(f"/account/bought?product={PRODUCT}", headers=HTML)
        assert 'name="shown"' in page.text
        today = page.text.split('name="bought" type="date" required value="')[1][:10]
        until = page.text.split('name="until" type="date" required value="')[1][:10]
        form = {"product": str(PRODUCT), "paid": "14.99", "bought": today, "until": until}
        quiet = await person.post("/account/bought", data=form, headers=HTML)
        assert quiet.status_code == 303
        assert await claims(site) == []
        told = await person.post("/account/bought", data={**form, "shown": "true"}, headers=HTML)
        assert "it counts once we have seen it ourselves" in told.text
    assert [price for price, _ in await claims(site)] == [1499]


@pytest.mark.parametrize(
    ("path", "form"),
    [("/products", {"product": NEW}), (f"/products/{PRODUCT}/watch", {"amount": "12", "email": "a@example.org"})],
)
async def test_a_price_that_is_none_stops_all_of_it(
    site: Site, browser: httpx.AsyncClient, path: str, form: dict[str, str]
) -> None:
    await site.record(1999)
    answer = await browser.post(path, data={**form, "priceSeen": "cheap"}, headers=HTML)
    assert answer.status_code == 400
    assert 'value="cheap"' in answer.text, "it is shown again, beside what is wrong"
    assert (await browser.get(f"/products/{NEW}", headers=JSON)).status_code == 404
    assert await site.resources.pool.fetchval("select count(*) from pending_watches") == 0


_SHOWN = {"en": "how it was shown", "de": "wie er gezeigt wurde"}
_PRODUCT = {"en": "the product", "de": "das Produkt"}
_PRICE = {"en": "its price", "de": "seinen Preis"}
SENT = {
    "product_id": _PRODUCT,
    "offer": _PRODUCT,
    "price": _PRICE,
    "currency": _PRICE,
    "title": {"en": "with its title", "de": "mit seinem Titel"},
    "observed_at": {"en": "when it was seen", "de": "wann er zu sehen war"},
    "context": _SHOWN,
    "signed_in": {"en": "signed in or not", "de": "angemeldet oder nicht"},
    "member_price": {"en": "member's price", "de": "Mitgliederpreis"},
    "coupon": {"en": "coupon", "de": "Gutschein"},
    "subscription": {"en": "subscription", "de": "Abo"},
    "delivery_country": {"en": "country of delivery", "de": "Lieferland"},
    "variation": {"en": "variation", "de": "Variante"},
    "language": {"en": "language)", "de": "Sprache)"},
}
"""What a browser reports, by the words of the privacy page."""


@pytest.mark.parametrize("language", ["en", "de"])
async def test_the_privacy_page_says_what_becomes_of_a_price_that_is_said(
    site: Site, browser: httpx.AsyncClient, language: str
) -> None:
    page = (await browser.get("/privacy", headers={**HTML, "accept-language": language})).text
    assert "<code>priceSeen</code>" in page
    assert SENT.keys() == NewObservation.__annotations__.keys() | ObservationContext.__annotations__.keys()
    assert [word for words in SENT.values() if (word := words[language]) not in page] == []
    days = {"en": "until 7 days after its own day", "de": "bis 7 Tage nach ihrem Tag"}[language]
    assert days in page
