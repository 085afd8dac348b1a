"""The form "Seeing another price?": people report as browsers do, with a weight of their own, without JavaScript."""

import httpx
import pytest

from pennywren import keyspace
from pennywren.model.clock import MINUTE
from pennywren.model.offer import Offer
from pennywren.store.swaps import read_all
from pennywren.trust.hearsay import Hearsay
from pennywren.trust.memory import read_reputation, read_said
from pennywren.trust.reputation import Tenure
from tests.web.site import HTML, JSON, PRODUCT, Site
from tests.web.test_report_stories import crawl

PATH = f"/products/{PRODUCT}/price"


async def said(site: Site) -> Hearsay:
    (kept,) = await read_all(site.resources.store.raw, [keyspace.hearsay(PRODUCT)])
    return read_said(kept).get(Offer.BUYBOX, Hearsay())


async def test_a_page_has_the_form_and_its_answer_is_a_verdict_in_words(site: Site, browser: httpx.AsyncClient) -> None:
    await site.record(1999)
    page = await browser.get(f"/products/{PRODUCT}", headers=HTML)
    assert f'action="{PATH}"' in page.text

    same = await browser.post(PATH, data={"amount": "19.99"}, headers=HTML)
    assert (same.status_code, "thank you for confirming it" in same.text) == (200, True)
    german = {**HTML, "accept-language": "de"}
    other = await browser.post(PATH, data={"amount": "14,99"}, headers=german)
    assert "Er zählt, sobald wir ihn selbst gesehen haben." in other.text

    heard = await said(site)
    assert [voice.price for voice in heard.claims] == [1499]
    assert len(heard.agreements) == 1
    state = await site.resources.store.product(PRODUCT)
    assert state is not None
    assert state.offers[Offer.BUYBOX].price == 1999, "nothing is recorded that no crawl saw"


async def test_what_it_weighs_depends_on_the_account_its_age_and_the_network(site: Site) -> None:
    await site.record(1999)
    async with site.client(network="203.0.113.77") as stranger, await site.person("new@example.org") as new:
        await stranger.post(PATH, json={"amount": "14.99"})
        await new.post(PATH, json={"amount": "14.99"})
        await site.resources.pool.execute("update people set created_at = created_at - interval '15 days'")
        await new.post(PATH, json={"amount": "14.99"})
    unknown, young, member = (await said(site)).claims
    assert unknown.reporter != young.reporter == member.reporter
    assert (unknown.tenure, young.tenure, member.tenure) == (Tenure.VISITOR, Tenure.VISITOR, Tenure.MEMBER)
    assert unknown.trust == young.trust < member.trust
    assert "203.0" not in repr((unknown, young))


async def test_a_crawl_that_sees_another_price_teaches_what_a_person_s_word_is_worth(site: Site) -> None:
    await site.record(1999)
    async with await site.person("wrong@example.org") as person:
        await person.post(PATH, json={"amount": "14.99"})
    (voice,) = (await said(site)).claims
    site.clock.now += MINUTE
    await crawl(site, 1999)
    (kept,) = await read_all(site.resources.store.raw, [keyspace.reporter(voice.reporter)])
    known = read_reputation(kept)
    assert (known.wrong > 0, known.right, known.outcomes) == (True, 0, 1)


async def test_what_a_person_s_word_was_worth_goes_with_the_account(site: Site) -> None:
    await site.record(1999)
    async with await site.person("leaving@example.org") as person:
        await person.post(PATH, json={"amount": "14.99"})
        (voice,) = (await said(site)).claims
        assert await site.resources.client.exists(keyspace.reporter(voice.reporter))
        answer = await person.post("/account/delete")
        assert answer.status_code == 303, answer.text
    assert not await site.resources.client.exists(keyspace.reporter(voice.reporter))
    site.clock.now += MINUTE
    await crawl(site, 1999)
    assert not await site.resources.client.exists(keyspace.reporter(voice.reporter)), "a crawl begins nothing anew"


@pytest.mark.parametrize(
    ("amount", "status", "code"),
    [("1999.00", 200, "hundredfold"), ("", 400, None), ("cheap", 400, None), ("-1", 400, None), ("1" * 31, 400, None)],
)
async def test_what_cannot_be_a_price_is_said_so(
    site: Site, browser: httpx.AsyncClient, amount: str, status: int, code: str | None
) -> None:
    await site.record(1999)
    answer = await browser.post(PATH, json={"amount": amount}, headers=JSON)
    assert answer.status_code == status, answer.text
    assert answer.json().get("reason") == code


async def test_a_product_that_nobody_has_seen_is_looked_at_first(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/products/us:B000000009/price", json={"amount": "10"}, headers=JSON)
    assert answer.json()["reason"] == "unknown_product"


async def test_another_site_cannot_send_the_form_and_a_network_has_its_limit(site: Site) -> None:
    await site.record(1999)
    async with site.client(network="203.0.113.78") as client:
        forged = await client.post(PATH, data={"amount": "14.99"}, headers={"sec-fetch-site": "cross-site"})
        assert forged.status_code == 403
        codes = [(await client.post(PATH, json={"amount": "14.99"})).status_code for _ in range(11)]
    assert codes == [200] * 10 + [429]
    assert len((await said(site)).claims) == 10
