"""Sign-in by a link in a mail, for browsers and for programs."""

import html
import re

import httpx
import pytest

from pennywren.accounts.signing_in import make_link
from pennywren.local.maildir import read_mails
from pennywren.model.clock import DAY, MINUTE
from tests.web.site import HTML, JSON, Site


async def test_a_person_asks_for_a_link_taps_a_button_and_is_in(site: Site, browser: httpx.AsyncClient) -> None:
    asked = await browser.post("/sign-in", data={"email": " Ada@Example.com "})
    assert asked.status_code == 202
    assert "Ada@Example.com" in asked.text

    [link] = site.links_mailed()
    page = await browser.get(link)
    assert f'action="{link}"' in page.text

    done = await browser.post(link)
    assert done.status_code == 303
    assert done.headers["location"] == "/account"
    assert "Ada@Example.com" in (await browser.get("/account")).text


async def test_a_program_gets_a_bearer_token(site: Site, anonymous: httpx.AsyncClient) -> None:
    asked = await anonymous.post("/sign-in", json={"email": "ada@example.com"})
    assert (asked.status_code, asked.json()) == (202, {"status": "sent"})

    done = await anonymous.post(site.links_mailed()[0])
    assert done.status_code == 200
    assert "set-cookie" not in done.headers
    assert done.headers["cache-control"] == "private, no-store"
    async with site.client(token=done.json()["token"]) as program:
        assert (await program.get("/subscriptions")).status_code == 200


async def test_opening_the_link_uses_nothing_up(site: Site, browser: httpx.AsyncClient) -> None:
    link = "/sign-in/" + await make_link(site.resources.pool, "ada@example.com", site.clock())
    for method in ("GET", "HEAD"):
        assert (await browser.request(method, link)).status_code == 200
    assert not browser.cookies

    assert (await browser.post(link)).status_code == 303


async def test_a_link_works_once(site: Site, browser: httpx.AsyncClient) -> None:
    link = "/sign-in/" + await make_link(site.resources.pool, "ada@example.com", site.clock())
    assert (await browser.post(link)).status_code == 303

    assert (await browser.post(link)).status_code == 401


@pytest.mark.parametrize(("age", "status"), [(15 * MINUTE - 1, 200), (15 * MINUTE, 401)])
async def test_a_link_works_for_15_minutes(site: Site, anonymous: httpx.AsyncClient, age: int, status: int) -> None:
    link = await make_link(site.resources.pool, "ada@example.com", site.clock())
    site.clock.now += age

    assert (await anonymous.post(f"/sign-in/{link}")).status_code == status


async def test_a_used_an_old_and_a_made_up_link_are_told_alike(site: Site, anonymous: httpx.AsyncClient) -> None:
    used, old = [await make_link(site.resources.pool, "ada@example.com", site.clock()) for _ in range(2)]
    await anonymous.post(f"/sign-in/{used}")
    site.clock.now += DAY
    answers = [await anonymous.post(f"/sign-in/{token}") for token in (used, old, "made-up", "%00%ff")]

    assert {(a.status_code, a.json()["detail"]) for a in answers} == {(401, answers[0].json()["detail"])}


async def test_known_and_unknown_addresses_get_the_same_answer_and_the_same_mail(site: Site) -> None:
    await site.token("known@example.com")
    answers: list[tuple[int, str]] = []
    async with site.client() as client:
        for email in ("known@example.com", "unknown@example.com"):
            answer = await client.post("/sign-in", json={"email": email})
            answers.append((answer.status_code, answer.text))

    assert answers[0] == answers[1]
    assert len(site.links_mailed()) == 2
    people = await site.resources.pool.fetchval("select count(*) from people")
    assert people == 1, "asking for a link makes no account"


async def test_upper_and_lower_case_are_one_person(site: Site) -> None:
    await site.token("ada@example.com")
    await site.token("ADA@EXAMPLE.COM")

    assert await site.resources.pool.fetchval("select count(*) from people") == 1


@pytest.mark.parametrize(
    "email",
    ["", "ada", "@example.com", "ada@", "ada@exa mple.com", "a\nb@example.com", "ada@example.com\r\nBcc: x@y.z",
     "ada@example.com, b@example.com", "ada@-x.com", "x" * 65 + "@example.com", "ada@" + "x" * 64 + ".com",
     "\u0000@x.y"],
)  # fmt: skip
async def test_what_is_no_address_is_refused(site: Site, anonymous: httpx.AsyncClient, email: str) -> None:
    answer = await anonymous.post("/sign-in", json={"email": email})

    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-input")
    assert not site.links_mailed()


async def test_an_address_gets_three_links_an_hour_from_wherever_they_are_asked(site: Site) -> None:
    statuses: list[int] = []
    for network in ("192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1"):
        async with site.client(network=network) as client:
            statuses.append((await client.post("/sign-in", json={"email": "ada@example.com"})).status_code)

    assert statuses == [202, 202, 202, 429]


async def test_a_network_gets_ten_links_an_hour_whoever_they_are_for(site: Site) -> None:
    answers: list[httpx.Response] = []
    for i in range(11):
        async with site.client(network=f"203.0.113.{i}") as client:
            headers = {"x-forwarded-for": f"198.51.100.{i}"}
            answers.append(await client.post("/sign-in", json={"email": f"ada{i}@example.com"}, headers=headers))

    assert [answer.status_code for answer in answers] == [202] * 10 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 360
    assert len(site.links_mailed()) == 10


async def test_a_session_ends_when_its_time_is_over_or_it_is_signed_out(site: Site) -> None:
    async with site.client() as browser:
        browser.headers.update(HTML)
        await browser.post("/sign-in/" + await make_link(site.resources.pool, "ada@example.com", site.clock()))
        cookies = dict(browser.cookies)
        site.clock.now += 30 * DAY - 1
        assert (await browser.get("/account")).status_code == 200
        site.clock.now += 1
        assert (await browser.get("/account", headers=JSON)).status_code == 401
        site.clock.now -= DAY

        out = await browser.post("/sign-out")
        assert (out.status_code, out.headers["location"]) == (303, "/")
        assert not browser.cookies
        browser.cookies.update(cookies)
        assert (await browser.get("/account")).status_code == 401


async def test_a_cookie_is_no_bearer_token_and_a_bearer_token_no_cookie(site: Site) -> None:
    token = await site.token("ada@example.com")
    async with site.client() as browser:
        browser.cookies.set("pennywren", token)
        assert (await browser.get("/account")).status_code == 401


async def test_tokens_are_kept_as_hashes_only(site: Site) -> None:
    link = await make_link(site.resources.pool, "ada@example.com", site.clock())
    token = await site.token("ada@example.com")
    rows = [
        *await site.resources.pool.fetch("select token_hash from sign_in_links"),
        *await site.resources.pool.fetch("select token_hash from sessions"),
    ]

    assert {len(row["token_hash"]) for row in rows} == {32}
    assert not {link.encode(), token.encode()} & {row["token_hash"] for row in rows}


async def test_whoever_signs_in_on_german_pages_is_written_to_in_german(site: Site) -> None:
    german = {**HTML, "accept-language": "de-AT,de;q=0.9,en;q=0.5"}
    async with site.client() as client:
        await client.post("/sign-in", data={"email": "gerda@example.org"}, headers=german)
        (mail,) = read_mails(site.mails)
        assert mail["subject"] == "Dein Anmeldelink für Pennywren"
        assert '<html lang="de">' in (mail["html"] or "")
        await client.post(site.links_mailed()[-1], headers=german)
    token = await site.token("gerda@example.org")  # a program says nothing about a language
    async with site.client(token=token) as program:
        assert (await program.get("/account/preferences")).json()["locale"] == "de"
        await program.patch("/account/preferences", json={"digest": "daily"})
        assert (await program.get("/account/preferences")).json()["locale"] == "de"


async def test_signing_in_leads_back_to_the_page_that_asked_for_it(site: Site, browser: httpx.AsyncClient) -> None:
    wanted = "/account/connections?code=BCDF-GHJK"
    asked = await browser.get(wanted)
    assert asked.status_code == 401
    assert f'name="back" value="{wanted}"' in asked.text
    await browser.post("/sign-in", data={"email": "ada@example.com", "back": wanted})
    (link,) = site.links_mailed()
    page = (await browser.get(link)).text
    action = re.search(r'action="(/sign-in/[^"]+)"', page)
    assert action
    answer = await browser.post(html.unescape(action[1]))

    assert (answer.status_code, answer.headers["location"]) == (303, wanted)


async def test_a_form_that_was_sent_too_late_leads_back_to_its_page(browser: httpx.AsyncClient) -> None:
    page = "/account/channels?sent=1"
    late = await browser.post("/account/webhooks", headers={"referer": f"http://testserver{page}"})
    assert late.status_code == 401
    assert f'name="back" value="{page}"' in late.text


@pytest.mark.parametrize("page", ["http://evil.example/account", "http://[", "", "http://testserver//evil.example"])
async def test_a_form_of_anybody_else_leads_nowhere(browser: httpx.AsyncClient, page: str) -> None:
    late = await browser.post("/account/webhooks", headers={"referer": page})
    assert late.status_code == 401
    assert 'name="back"' not in late.text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "/a\r\nx: 1", "x"])
async def test_signing_in_leads_nowhere_else(site: Site, browser: httpx.AsyncClient, back: str) -> None:
    link = await make_link(site.resources.pool, "ada@example.com", site.clock())
    answer = await browser.post(f"/sign-in/{link}", params={"back": back})

    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
