"""A watch with only an address; what an account takes along; and leaving."""

import re

import httpx

from pennywren import keyspace
from pennywren.accounts import subscriptions
from pennywren.local.maildir import read_mails
from pennywren.model.clock import DAY
from pennywren.model.offer import Offer
from pennywren.postgres.pool import transaction
from tests.web.site import HTML, PRODUCT, Site

FORM = {"email": "ada@example.com", "suggested": "1499"}


def link_mailed(site: Site) -> str:
    texts = [mail["text"] or "" for mail in read_mails(site.mails)]
    return [found.group(0) for text in texts if (found := re.search(r"/begin/\S+", text))][-1]


async def watched(site: Site) -> list[tuple[str, int | None]]:
    rows = await site.resources.pool.fetch(
        "select email::text, threshold from subscriptions join people on people.id = person_id"
    )
    return [(row["email"], row["threshold"]) for row in rows]


async def test_an_address_is_enough_and_nothing_begins_before_the_link_is_confirmed(
    site: Site, browser: httpx.AsyncClient
) -> None:
    await site.record(1999)
    answer = await browser.post(f"/products/{PRODUCT}/watch", data=FORM)
    assert (answer.status_code, "ada@example.com" in answer.text) == (202, True)
    link = link_mailed(site)
    assert "$14.99" in (await browser.get(link)).text
    assert await watched(site) == []
    assert await site.resources.pool.fetchval("select count(*) from people") == 0

    assert (await browser.post(link)).status_code == 200
    assert await watched(site) == [("ada@example.com", 1499)]
    assert not browser.cookies
    assert (await browser.post(link)).status_code == 200, "a second tap is fine"
    assert await watched(site) == [("ada@example.com", 1499)]


async def test_another_target_for_the_same_price_replaces_the_first(site: Site, browser: httpx.AsyncClient) -> None:
    await site.record(1999)
    for target in ("1499", "1299"):
        await browser.post(f"/products/{PRODUCT}/watch", data={**FORM, "suggested": target})
        await browser.post(link_mailed(site))

    assert await watched(site) == [("ada@example.com", 1299)]


async def test_a_link_is_over_after_three_days(site: Site, browser: httpx.AsyncClient) -> None:
    await site.record(1999)
    await browser.post(f"/products/{PRODUCT}/watch", data=FORM)
    link = link_mailed(site)
    site.clock.now += 3 * DAY + 1

    assert (await browser.get(link)).status_code == 404
    assert (await browser.post(link)).status_code == 404


async def test_the_mail_speaks_the_language_of_the_page(site: Site, browser: httpx.AsyncClient) -> None:
    await site.record(1999)
    await browser.post(f"/products/{PRODUCT}/watch", data=FORM, headers={"accept-language": "de"})

    assert read_mails(site.mails)[-1]["subject"] == "Bestätigen: Nachricht bei 14,99 $"


async def test_an_account_can_be_taken_along_and_left_for_good(site: Site, owner: httpx.AsyncClient) -> None:
    await site.record(1999, title="=HYPERLINK()")
    answer = await owner.post(f"/products/{PRODUCT}/watch", data={"amount": "14.99"})
    assert answer.status_code == 303
    data = (await owner.get("/account/data.json")).json()
    assert (data["email"], data["subscriptions"][0]["productID"]) == ("owner@example.com", str(PRODUCT))
    table = (await owner.get("/account/watches.csv")).text.splitlines()
    assert table[1].startswith("us:B08N5WRWNW,'=HYPERLINK(),buybox,")
    assert await site.resources.client.zcard(keyspace.watch(PRODUCT, Offer.BUYBOX)) == 1

    await owner.post("/account/delete", headers=HTML)

    assert (await owner.get("/account/data.json")).status_code == 401
    assert await site.resources.client.zcard(keyspace.watch(PRODUCT, Offer.BUYBOX)) == 0
    for table_name in ("people", "sessions", "subscriptions", "sign_in_links"):
        assert await site.resources.pool.fetchval(f"select count(*) from {table_name}") == 0, table_name


async def test_a_strangers_watches_stay_when_somebody_leaves(
    site: Site, owner: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    await site.record(1999)
    for client in (owner, stranger):
        await client.post(f"/products/{PRODUCT}/watch", data={"amount": "14.99"})
    await owner.post("/account/delete")

    assert await watched(site) == [("stranger@example.com", 1499)]
    async with transaction(site.resources.pool) as connection:
        person = await connection.fetchval("select id from people")
        assert len(await subscriptions.list_of(connection, person)) == 1
