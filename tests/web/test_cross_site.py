"""Cookies, and writes that another site leads a browser to."""

import re

import httpx
import msgspec
import pytest

from pennywren.accounts.links import UNSUBSCRIBE
from pennywren.accounts.signing_in import make_link
from pennywren.settings import Settings
from pennywren.web.serving.identity import session_cookie
from tests.web.site import HTML, PRODUCT, Site
from tests.web.test_ownership import own_addresses, routes

ELSEWHERE = {"origin": "https://evil.example"}
SUBSCRIPTION = {"productID": str(PRODUCT), "threshold": 1000, "notificationType": "EMAIL"}


@pytest.fixture
async def signed_in(site: Site, browser: httpx.AsyncClient) -> httpx.AsyncClient:
    """A browser with a session cookie."""
    await browser.post("/sign-in/" + await make_link(site.resources.pool, "ada@example.com", site.clock()))
    return browser


@pytest.mark.parametrize("headers", [ELSEWHERE, {"origin": "null"}, {"sec-fetch-site": "cross-site"}])
async def test_a_write_from_another_site_is_refused(signed_in: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await signed_in.post("/subscriptions", json=SUBSCRIPTION, headers={**headers, "accept": "*/*"})

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/cross-site")


NO_INSTALLS: dict[str, object] = {"installs": [], "next": None}
FROM_ANYWHERE = {
    "POST /installs": "asks nothing and looks at no cookie: a new install belongs to nobody",
    "POST /pairings": "looks at no cookie: somebody confirms it by a link or a code",
    "POST /hooks/sms": "signed by the gateway",
    "POST /hooks/mail-events": "signed by the mail provider",
    "POST /unsubscribe/{token}": "one click in a mail program; the token says whose",
    "POST /watch/{token}": "a button of a notification; the token says whose",
    "POST /stop-mails/{token}": "one click in a mail program; the token says whose",
}
"""Writes that another site may lead a browser to, and why that does no harm. All others are refused."""


async def test_every_write_is_refused_from_another_site_but_those_that_look_at_no_cookie(site: Site) -> None:
    await site.record(1999)
    async with await site.admin_of("owner@example.com") as browser:
        own = {**await own_addresses(site, "owner@example.com"), "product": str(PRODUCT)}
        passed: set[str] = set()
        writes = [route for route in sorted(routes(site)) if not route.startswith("GET ")]
        for route in writes:
            method, template = route.split(" ")
            path = re.sub(r"\{(\w+)\}", lambda name: str(own.get(name[1], "1")), template)
            for headers in (ELSEWHERE, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
                answer = await browser.request(method, path, headers={**headers, "accept": "application/json"})
                if (answer.status_code, answer.json().get("type")) != (403, "/problems/cross-site"):
                    passed.add(route)
        # Whoever is still signed in has lost nothing.
        held = await browser.get("/account/phones", headers={"accept": "application/json"})

    assert passed == set(FROM_ANYWHERE)
    assert len(writes) > 60
    assert [phone["id"] for phone in held.json()["phones"]] == [own["phone"]]


@pytest.mark.parametrize("path", ["/installs", "/pairings"])
async def test_what_may_come_from_anywhere_belongs_to_nobody(site: Site, path: str) -> None:
    async with await site.browser_of("owner@example.com") as browser:
        made = await browser.post(path, json={}, headers={**ELSEWHERE, "accept": "application/json"})
        assert made.status_code == 201
        assert (await browser.get("/installs", headers={"accept": "application/json"})).json() == NO_INSTALLS
        page = (await browser.get("/account/connections")).text

    assert "Nothing acts for you" in page


async def test_a_form_of_our_own_page_is_carried_out(signed_in: httpx.AsyncClient) -> None:
    answer = await signed_in.post(
        f"/products/{PRODUCT}/watch", data={"amount": "10"}, headers={"origin": "http://testserver"}
    )

    assert answer.status_code == 303


async def test_another_site_cannot_sign_a_browser_in(site: Site, browser: httpx.AsyncClient) -> None:
    link = await make_link(site.resources.pool, "attacker@example.com", site.clock())

    assert (await browser.post(f"/sign-in/{link}", headers=ELSEWHERE)).status_code == 403
    assert not browser.cookies


async def test_a_bearer_token_works_from_anywhere(owner: httpx.AsyncClient) -> None:
    answer = await owner.post("/subscriptions", json=SUBSCRIPTION, headers={"origin": "chrome-extension://abc"})

    assert answer.status_code == 201


async def test_one_click_unsubscribe_works_from_anywhere_without_a_cookie(
    site: Site, owner: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    made = (await owner.post("/subscriptions", json=SUBSCRIPTION)).json()
    token = UNSUBSCRIBE.sign(site.resources.unsubscribe_key, made["id"])
    answer = await anonymous.post(
        f"/unsubscribe/{token}", data={"List-Unsubscribe": "One-Click"}, headers={"sec-fetch-site": "cross-site"}
    )

    assert answer.status_code == 200
    assert not answer.headers.get_list("set-cookie")
    assert (await owner.get(f"/subscriptions/{made['id']}")).status_code == 404


def test_over_https_the_cookie_is_bound_to_the_host(settings: Settings) -> None:
    https = session_cookie(msgspec.structs.replace(settings, public_url="https://pennywren.example"), "x")
    http = session_cookie(msgspec.structs.replace(settings, public_url="http://127.0.0.1:8000"), "x")

    assert https.to_header(header="").split("; ") == [
        "__Host-pennywren=x", "HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=lax", "Secure"
    ]  # fmt: skip
    assert (http.key, http.secure, http.httponly, http.samesite) == ("pennywren", False, True, "lax")


async def test_every_answer_carries_the_security_headers(browser: httpx.AsyncClient) -> None:
    for path in ("/", "/nothing-here", "/healthz", "/static/style.css", "/account"):
        headers = (await browser.get(path, headers=HTML)).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "cache-control" in headers
