"""A browser is paired by a link or by a code, and then watches for somebody, and does nothing else."""

import re

import httpx

from pennywren.accounts.pairings import CODE_LIFETIME, LINK_LIFETIME
from pennywren.local.maildir import read_mails
from tests.web.site import HTML, PRODUCT, Site
from tests.web.test_watching_by_mail import watched

WISH = {"productID": str(PRODUCT), "threshold": 1499, "notificationType": "EMAIL"}


async def begun(site: Site, **wish: object) -> dict[str, str]:
    async with site.client() as client:
        answer = await client.post("/pairings", json=wish, headers={"origin": "chrome-extension://abc"})
    assert answer.status_code == 201, answer.text
    return answer.json()


def link_mailed(site: Site) -> str:
    texts = [mail["text"] or "" for mail in read_mails(site.mails)]
    return [found.group(0) for text in texts if (found := re.search(r"/pair/\S+", text))][-1]


async def test_an_address_is_confirmed_once_and_then_a_target_is_one_request(
    site: Site, browser: httpx.AsyncClient
) -> None:
    await site.record(1999)
    asked = await begun(site, email="ada@example.com", productID=str(PRODUCT), threshold=1499)
    extension = site.client(token=asked["token"])
    assert (await extension.get("/subscriptions")).status_code == 401
    assert (await extension.get("/pairings/own")).json()["code"] == asked["code"]

    page = await browser.get(link_mailed(site))
    assert (asked["code"] in page.text, "$14.99" in page.text, "ada@example.com" in page.text) == (True, True, True)
    assert await watched(site) == []
    assert (await browser.post(link_mailed(site))).status_code == 200
    assert not browser.cookies

    assert await watched(site) == [("ada@example.com", 1499)]
    own = (await extension.get("/pairings/own")).json()
    assert (own["status"], own["email"], own["code"]) == ("paired", "ada@example.com", None)
    second = {**WISH, "productID": "us:B000000001"}
    assert (await extension.post("/subscriptions", json=second)).status_code == 201
    for product, threshold in ((str(PRODUCT), 1499), ("us:B000000001", 1499)):
        here = (await extension.get("/subscriptions", params={"productID": product})).json()["subscriptions"]
        assert [(each["productID"], each["threshold"]) for each in here] == [(product, threshold)]
    assert (await extension.get("/subscriptions", params={"productID": "?"})).status_code == 400
    assert (await browser.post(link_mailed(site))).status_code == 404, "the link is used up"


async def test_whoever_is_signed_in_confirms_the_code_and_can_end_it(
    site: Site, owner: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    asked = await begun(site)
    assert asked["confirmURL"].endswith(f"/account/connections?code={asked['code']}")
    extension = site.client(token=asked["token"])
    page = await owner.get(f"/account/connections?code={asked['code'].lower().replace('-', ' ')}", headers=HTML)
    assert (asked["code"] in page.text, "owner@example.com" in page.text) == (True, True)
    assert (await owner.post("/account/connections", data={"code": asked["code"]})).status_code == 200

    assert (await extension.post("/subscriptions", json=WISH)).status_code == 201
    assert len((await owner.get("/subscriptions")).json()["subscriptions"]) == 1
    again = await stranger.post("/account/connections", data={"code": asked["code"]})
    assert again.status_code == 404, "a code is used up"
    listed = (await owner.get("/account/connections", headers=HTML)).text
    (end,) = re.findall(r'action="(/account/connections/\d+/end)"', listed)
    assert (await stranger.post(end)).status_code == 404
    assert (await owner.post(end)).status_code == 303
    assert (await extension.get("/subscriptions")).status_code == 401
    assert (await extension.get("/pairings/own")).status_code == 401


async def test_a_paired_browser_sees_and_changes_watches_and_nothing_else(site: Site, owner: httpx.AsyncClient) -> None:
    asked = await begun(site)
    await owner.post("/account/connections", data={"code": asked["code"]})
    extension = site.client(token=asked["token"])
    paths = ["/account/preferences", "/account/email", "/account", "/tokens", "/installs", "/account/data.json"]

    assert {(await extension.get(path)).status_code for path in paths} == {403}
    assert (await extension.post("/account/delete")).status_code == 403
    assert (await extension.delete("/pairings/own")).status_code == 204
    assert (await extension.get("/pairings/own")).status_code == 401


async def test_what_is_not_confirmed_in_time_is_over(site: Site, owner: httpx.AsyncClient) -> None:
    by_code, by_mail = await begun(site), await begun(site, email="ada@example.com")
    site.clock.now += CODE_LIFETIME + 1
    assert (await owner.post("/account/connections", data={"code": by_code["code"]})).status_code == 404
    assert (await site.client(token=by_code["token"]).get("/pairings/own")).status_code == 401
    assert (await owner.post("/account/connections", data={"code": by_mail["code"]})).status_code == 404
    assert (await owner.get(link_mailed(site))).status_code == 200
    site.clock.now += LINK_LIFETIME
    assert (await owner.get(link_mailed(site))).status_code == 404


async def test_only_hashes_are_kept_and_a_wrong_wish_is_refused(site: Site, anonymous: httpx.AsyncClient) -> None:
    asked = await begun(site, email="ada@example.com")
    kept = await site.resources.pool.fetchval("select pairings::text from pairings")
    assert asked["token"].removeprefix("pennywren_") not in kept
    assert link_mailed(site).rpartition("/")[2] not in kept
    wrong = [
        {"email": "no address"},
        {"threshold": 5},
        {"productID": "x", "threshold": 5},
        {"more": 1},
        {"threshold": 0},
    ]
    assert [(await anonymous.post("/pairings", json=each)).status_code for each in wrong] == [400] * 5


async def test_guessing_codes_is_limited(owner: httpx.AsyncClient) -> None:
    tried = [(await owner.post("/account/connections", data={"code": f"BCDF-GHJ{i % 10}"})) for i in range(21)]

    assert tried[-1].status_code == 429
    assert "retry-after" in tried[-1].headers
