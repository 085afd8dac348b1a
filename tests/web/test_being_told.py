"""How people are told, over HTTP: preferences, phones, browsers, webhooks, and what gateways and providers tell us."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from pennywren.accounts.links import STOP_MAILS
from pennywren.notify.return_path import RETURN_KEY, return_address
from pennywren.postgres.secrets import get_or_create
from pennywren.settings import Settings
from pennywren.web.site.hooks import signature
from tests.postgres.notify.httppeer import HttpPeer, http_peer
from tests.web.site import HTML, PRODUCT, Site
from tests.web.test_ownership import BROWSER


@pytest.fixture
async def peer() -> AsyncIterator[HttpPeer]:
    async with http_peer() as opened:
        yield opened


@pytest.fixture
def settings(settings: Settings, peer: HttpPeer) -> Settings:
    return msgspec.structs.replace(
        settings,
        sms_gateway_url=f"{peer.url}/sms",
        sms_hook_secret="sms key",
        mail_events_secret="mail key",
        webhook_networks=("127.0.0.0/8",),
    )


def signed(site: Site, secret: str, body: object, *, seconds: int = 0) -> dict[str, Any]:
    """What a gateway sends: the body and its signature, `seconds` off our clock."""
    content = json.dumps(body).encode()
    at = site.clock() // 1000 + seconds
    return {"content": content, "headers": {"x-signature": f"t={at},v1={signature(secret, at, content)}"}}


async def test_preferences_have_defaults_and_each_changes_alone(owner: httpx.AsyncClient) -> None:
    first = (await owner.get("/account/preferences")).json()
    assert first == {
        "language": None,
        "locale": "en", "timeZone": "UTC", "channels": [], "quietHours": None, "digest": "off", "digestHour": 8,
        "digestWeekday": 1, "weeklyBudget": None,
    }  # fmt: skip
    wish = {"quietHours": {"from": "22:30", "to": "7:00"}, "timeZone": "Europe/Vienna", "channels": ["PUSH", "SMS"]}
    changed = await owner.patch("/account/preferences", json=wish)
    assert changed.status_code == 200, changed.text
    assert changed.json() == {**first, **wish, "quietHours": {"from": "22:30", "to": "07:00"}}
    await owner.patch("/account/preferences", json={"quietHours": None, "weeklyBudget": 7, "locale": "de-AT"})
    last = (await owner.get("/account/preferences")).json()
    assert (last["quietHours"], last["weeklyBudget"], last["timeZone"]) == (None, 7, "Europe/Vienna")


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        ({"timeZone": "Mars/Olympus"}, "timeZone"),
        ({"timeZone": "../../etc/passwd"}, "timeZone"),
        ({"locale": "xx-nowhere-at-all"}, "locale"),
        ({"channels": ["PUSH", "PUSH"]}, "channels"),
        ({"channels": ["PIGEON"]}, "PIGEON"),
        ({"quietHours": {"from": "08:00", "to": "08:00"}}, "quietHours"),
        ({"quietHours": {"from": "25:00", "to": "08:00"}}, "22:30"),
        ({"digest": "hourly"}, "digest"),
        ({"digestHour": 24}, "digestHour"),
        ({"weeklyBudget": 0}, "weeklyBudget"),
        ({"unknown": 1}, "unknown"),
    ],
)
async def test_a_wish_that_cannot_be_is_refused_in_words(
    owner: httpx.AsyncClient, wish: dict[str, object], word: str
) -> None:
    answer = await owner.patch("/account/preferences", json=wish)
    assert answer.status_code == 400
    assert word in answer.json()["detail"]


async def test_a_number_is_used_once_its_code_was_typed(site: Site, owner: httpx.AsyncClient, peer: HttpPeer) -> None:
    await site.record(1999)
    added = await owner.post("/account/phones", json={"number": "+43 660 1234567"})
    assert (added.status_code, added.json()["verified"]) == (202, False)
    wish = {"productID": str(PRODUCT), "threshold": 1000, "notificationType": "SMS"}
    refused = await owner.post("/subscriptions", json=wish)
    assert refused.status_code == 400
    assert "/account/phones" in refused.json()["detail"]

    sent = json.loads(peer.received[0].body)
    assert sent["to"] == "+436601234567"
    code = sent["text"].partition(" ")[0]
    path = f"/account/phones/{added.json()['id']}/confirm"
    wrong = await owner.post(path, json={"code": str((int(code) + 1) % 10**6)})
    assert (wrong.status_code, wrong.json()["detail"]) == (400, "This is not the code that was sent.")
    assert (await owner.post(path, json={"code": code})).json()["verified"] is True
    assert (await owner.post("/subscriptions", json=wish)).status_code == 201
    assert (await owner.post("/account/phones", json={"number": "+436601234567"})).status_code == 409


async def test_a_code_is_over_after_five_tries_and_after_ten_minutes(
    site: Site, owner: httpx.AsyncClient, peer: HttpPeer
) -> None:
    added = (await owner.post("/account/phones", json={"number": "+436601234567"})).json()
    path, code = f"/account/phones/{added['id']}/confirm", json.loads(peer.received[0].body)["text"][:6]
    for _ in range(5):
        assert (await owner.post(path, json={"code": "x"})).status_code == 400
    assert (await owner.post(path, json={"code": code})).status_code == 409
    await owner.post("/account/phones", json={"number": "+436601234567"})
    site.clock.now += 600_000
    code = json.loads(peer.received[1].body)["text"][:6]
    assert (await owner.post(path, json={"code": code})).status_code == 409


async def test_codes_are_limited(owner: httpx.AsyncClient) -> None:
    statuses = [(await owner.post("/account/phones", json={"number": "+436601234567"})).status_code for _ in range(4)]
    assert statuses == [202, 202, 202, 429]


async def test_stop_is_obeyed_and_start_begins_again(site: Site, owner: httpx.AsyncClient, peer: HttpPeer) -> None:
    await owner.post("/account/phones", json={"number": "+436601234567"})
    async with site.client() as gateway:
        for text, stopped in (
            (" stop. ", True),
            ("hello", True),
            ("START", False),
            ("Opt-out", True),
            ("start", False),
        ):
            came = await gateway.post("/hooks/sms", **signed(site, "sms key", {"from": "+436601234567", "text": text}))
            assert came.status_code == 204
            assert (await owner.get("/account/phones")).json()["phones"][0]["stopped"] is stopped
            if text == "hello":
                refused = await owner.post("/account/phones", json={"number": "+436601234567"})
                assert (refused.status_code, "START" in refused.json()["detail"]) == (409, True)
    assert len(peer.received) == 1


async def test_stop_is_obeyed_however_a_gateway_writes_the_number(site: Site, owner: httpx.AsyncClient) -> None:
    await owner.post("/account/phones", json={"number": "+436601234567"})

    async def stopped() -> bool:
        return (await owner.get("/account/phones")).json()["phones"][0]["stopped"]

    async with site.client() as gateway:

        async def say(number: str, text: str) -> int:
            said = signed(site, "sms key", {"from": number, "text": text})
            return (await gateway.post("/hooks/sms", **said)).status_code

        for number in ("436601234567", "00436601234567", "+43 660 123-4567"):
            assert (await say(number, "STOP"), await stopped()) == (204, True)
            assert (await say(number, "START"), await stopped()) == (204, False)
        # Not taken in silence: whoever operates the gateway sees that a STOP did not reach us.
        assert (await say("KETTLES", "STOP"), await say("KETTLES", "hello")) == (400, 204)


async def test_a_hook_takes_nothing_that_is_not_signed_now_with_its_key(site: Site) -> None:
    body = {"from": "+436601234567", "text": "STOP"}
    async with site.client() as gateway:
        attempts: list[dict[str, Any]] = [
            {"json": body},
            signed(site, "another key", body),
            signed(site, "sms key", body, seconds=-301),
            signed(site, "sms key", body, seconds=301),
            {**signed(site, "sms key", body), "content": b'{"from": "+1", "text": "STOP"}'},
        ]
        for sent in attempts:
            answer = await gateway.post("/hooks/sms", **sent)
            assert answer.status_code == 403
    assert await site.resources.pool.fetchval("select count(*) from suppressed_addresses") == 0


async def test_a_browser_is_added_with_its_keys_and_nothing_else_is(owner: httpx.AsyncClient) -> None:
    key = (await owner.get("/push/key")).json()["publicKey"]
    assert len(key) == 87
    added = await owner.post("/account/push-subscriptions", json={**BROWSER, "expirationTime": None, "name": "Phone"})
    assert added.status_code == 201
    assert "p256dh" not in added.text
    elsewhere = await owner.post("/account/push-subscriptions", json={**BROWSER, "endpoint": "https://evil.example/x"})
    assert elsewhere.status_code == 400
    assert "push service" in elsewhere.json()["detail"]
    listed = (await owner.get("/account/push-subscriptions")).json()["pushSubscriptions"]
    assert [each["name"] for each in listed] == ["Phone"]
    assert (await owner.get("/push-worker.js")).headers["content-type"].startswith("text/javascript")


async def test_the_secret_of_a_webhook_is_shown_once_and_a_test_is_signed_with_it(
    owner: httpx.AsyncClient, peer: HttpPeer
) -> None:
    made = (await owner.post("/account/webhooks", json={"url": f"{peer.url}/hook"})).json()
    assert made["secret"].startswith("whsec_")
    assert "secret" not in (await owner.get("/account/webhooks")).json()["webhooks"][0]
    peer.say(500)
    failed = (await owner.post(f"/account/webhooks/{made['id']}/test")).json()
    assert failed == {"delivered": False, "problem": "the receiver answered 500"}
    assert (await owner.post(f"/account/webhooks/{made['id']}/test")).json()["delivered"] is True
    assert json.loads(peer.received[-1].body) == {"type": "ping"}
    rotated = (await owner.post(f"/account/webhooks/{made['id']}/rotate")).json()
    assert rotated["secret"] not in ("", made["secret"])
    assert rotated["previousSecretUntil"] is not None
    await owner.post(f"/account/webhooks/{made['id']}/test")
    assert peer.received[-1].headers["webhook-signature"].count("v1,") == 2


@pytest.mark.parametrize("url", ["http://example.com/", "https://10.0.0.1/", "https://user:x@example.com/", "x"])
async def test_a_webhook_leads_to_no_private_place(owner: httpx.AsyncClient, url: str) -> None:
    assert (await owner.post("/account/webhooks", json={"url": url})).status_code == 400


async def test_a_bounce_suppresses_the_address_and_its_owner_sees_it_and_lifts_it(
    site: Site, owner: httpx.AsyncClient
) -> None:
    await site.record(999)
    wish = {"productID": str(PRODUCT), "threshold": 1000, "notificationType": "EMAIL"}
    await owner.post("/subscriptions", json=wish)
    alert = await site.resources.pool.fetchval("select id from alerts")
    key = await get_or_create(site.resources.pool, RETURN_KEY)
    back = return_address(key, f"alert-{alert}", "bounces.example.org")
    async with site.client() as provider:
        events: list[dict[str, object]] = [
            {"type": "bounce", "returnPath": back, "permanent": False},
            {"type": "bounce", "returnPath": "bounces+alert-1.0000@example.org"},
            {"type": "bounce"},
        ]
        told = await provider.post("/hooks/mail-events", **signed(site, "mail key", {"events": events}))
        assert told.json() == {"taken": 1}
        assert (await owner.get("/account/email")).json()["suppressed"] is None
        for event, reason in (
            ({"type": "bounce", "returnPath": back, "detail": "550 5.1.1"}, "bounced"),
            ({"type": "complaint", "messageId": f"<alert-{alert}@example.org>"}, "complained"),
        ):
            await provider.post("/hooks/mail-events", **signed(site, "mail key", {"events": [event]}))
            seen = (await owner.get("/account/email")).json()
            assert (seen["email"], seen["suppressed"]["reason"]) == ("owner@example.com", reason)
            assert (await owner.post("/account/email/resume")).json()["suppressed"] is None
    rows = await site.resources.pool.fetch("select reason from decisions")
    assert {"bounced", "complained"} <= {row["reason"] for row in rows}
    assert (await owner.get("/account/email")).json()["suppressed"] is None


async def test_one_click_ends_all_mails_and_the_page_asks_first(site: Site, owner: httpx.AsyncClient) -> None:
    from_digest = (await own_stop_link(site, owner)).removeprefix("http://testserver")
    async with site.client() as mail_program:
        assert (await mail_program.get(from_digest, headers=HTML)).status_code == 200
        assert (await owner.get("/account/email")).json()["suppressed"] is None
        german = {"accept-language": "de"}
        ended = await mail_program.post(from_digest, data={"List-Unsubscribe": "One-Click"}, headers=german)
        assert (ended.status_code, ended.text) == (200, "Du bekommst keine Mails mehr.\n")
        assert (await owner.get("/account/email")).json()["suppressed"]["reason"] == "unsubscribed"
        assert "Mails to your address are switched off." in (await owner.get("/account/channels", headers=HTML)).text
        assert (await mail_program.post(from_digest[:-2] + "xx")).status_code == 404


async def own_stop_link(site: Site, owner: httpx.AsyncClient) -> str:
    """The link that a digest of the owner's would carry."""
    from_account = (await owner.get("/account/email")).json()["email"]
    person = await site.resources.pool.fetchval("select id from people where email = $1", from_account)
    return STOP_MAILS.url("http://testserver", site.resources.unsubscribe_key, person)
