"""The pages of settings: all that the API can do for somebody, done with forms and without a script."""

import json
import re
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from pennywren.accounts.installs import make_install
from pennywren.notify import decisions, suppressed
from pennywren.notify.decisions import Reason
from pennywren.notify.deliveries import NO_CHANNEL
from pennywren.postgres.pool import transaction
from pennywren.settings import Settings
from tests.postgres.notify.httppeer import HttpPeer, http_peer
from tests.web.site import HTML, JSON, Site
from tests.web.test_account_pages import text_of, watch
from tests.web.test_ownership import BROWSER


@pytest.fixture
async def peer() -> AsyncIterator[HttpPeer]:
    async with http_peer() as opened:
        yield opened


@pytest.fixture
def settings(settings: Settings, peer: HttpPeer) -> Settings:
    return msgspec.structs.replace(settings, sms_gateway_url=f"{peer.url}/sms", webhook_networks=("127.0.0.0/8",))


@pytest.fixture
async def ada(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of somebody who is signed in."""
    async with await site.browser_of("ada@example.com") as client:
        yield client


async def test_preferences_are_changed_on_a_page(ada: httpx.AsyncClient) -> None:
    form = {
        "language": "", "locale": "de-AT", "timeZone": "Europe/Vienna", "channels": ["PUSH", "EMAIL", "", ""],
        "quietFrom": "22:30", "quietTo": "07:00", "digest": "weekly", "digestHour": "9", "digestWeekday": "5",
        "weeklyBudget": "20",
    }  # fmt: skip
    answer = await ada.post("/account/preferences", data=form)
    assert answer.headers["location"] == "/account/preferences?done=saved"
    said = (await ada.get("/account/preferences", headers=JSON)).json()
    assert said == {
        "language": None, "locale": "de-AT", "timeZone": "Europe/Vienna", "channels": ["PUSH", "EMAIL"],
        "quietHours": {"from": "22:30", "to": "07:00"}, "digest": "weekly", "digestHour": 9, "digestWeekday": 5,
        "weeklyBudget": 20,
    }  # fmt: skip

    page = await ada.get("/account/preferences")
    shown = re.findall(r'<option value="([^"]*)" selected>|name="[a-zA-Z]+"[^>]* value="([^"]+)"', page.text)
    assert {one or other for one, other in shown} == {
        "de-AT", "Europe/Vienna", "PUSH", "EMAIL", "22:30", "07:00", "weekly", "9", "5", "20",
    }  # fmt: skip
    await ada.post("/account/preferences", data={"digest": "off", "channels": ["", ""]})
    said = (await ada.get("/account/preferences", headers=JSON)).json()
    assert (said["quietHours"], said["weeklyBudget"], said["channels"]) == (None, None, [])


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"quietFrom": "22:00"}, "fill in both"),
        ({"timeZone": "Mars/Olympus"}, "time zone must be the name of one"),
        ({"locale": "xx-YY"}, "way of writing amounts"),
        ({"language": "fr"}, "there are en, de"),
        ({"channels": ["EMAIL", "EMAIL"]}, "only once"),
        ({"weeklyBudget": "a few"}, "whole number"),
        ({"digestHour": "25"}, "does not fit here"),
    ],
)
async def test_a_preference_that_cannot_be_is_refused_in_words(
    ada: httpx.AsyncClient, form: dict[str, str], says: str
) -> None:
    answer = await ada.post("/account/preferences", data=form)

    assert answer.status_code == 400
    assert says in answer.text


async def test_the_pages_are_in_the_language_that_was_chosen_whatever_the_browser_asks(ada: httpx.AsyncClient) -> None:
    ada.headers["accept-language"] = "de"
    assert 'lang="de"' in (await ada.get("/account")).text
    await ada.post("/account/preferences", data={"language": "en"})
    page = await ada.get("/account")

    assert ('<html lang="en">' in page.text, page.headers["content-language"]) == (True, "en")


async def test_a_phone_is_added_and_confirmed_on_a_page(ada: httpx.AsyncClient, peer: HttpPeer) -> None:
    sent = await ada.post("/account/phones", data={"number": "+43 660 1234567"})
    assert "A code is on its way" in text_of(await ada.get(sent.headers["location"]))
    [code] = re.findall(r"\b\d{6}\b", json.loads(peer.received[-1].body)["text"])
    page = (await ada.get("/account/channels")).text
    [confirm] = re.findall(r'action="(/account/phones/\d+/confirm)"', page)
    wrong = "000000" if code != "000000" else "000001"
    assert (await ada.post(confirm, data={"code": wrong})).status_code == 400
    done = await ada.post(confirm, data={"code": code})
    assert "The number is confirmed" in text_of(await ada.get(done.headers["location"]))

    await ada.post(confirm.replace("confirm", "delete"))
    assert "+436601234567" not in (await ada.get("/account/channels")).text


async def test_browsers_are_listed_and_ended_on_a_page(ada: httpx.AsyncClient) -> None:
    await ada.post("/account/push-subscriptions", json={**BROWSER, "name": "<b>Mine</b>"}, headers=JSON)
    page = (await ada.get("/account/channels")).text
    assert "Mine" in page
    assert "<b>" not in page
    [end] = re.findall(r'action="(/account/push-subscriptions/\d+/delete)"', page)

    await ada.post(end)
    assert "Mine" not in (await ada.get("/account/channels")).text


async def test_a_webhook_is_added_tested_rotated_and_deleted_on_pages(ada: httpx.AsyncClient, peer: HttpPeer) -> None:
    made = await ada.post("/account/webhooks", data={"url": f"{peer.url}/hook"})
    first = secret_of(made)
    assert first not in (await ada.get("/account/channels")).text
    [test] = re.findall(r'action="(/account/webhooks/\d+/test)"', (await ada.get("/account/channels")).text)
    assert "The test arrived" in text_of(await ada.post(test))
    second = secret_of(await ada.post(test.replace("test", "rotate")))
    assert second != first

    await ada.post(test.replace("test", "delete"))
    assert peer.url not in (await ada.get("/account/channels")).text


async def test_a_token_is_made_on_a_page_shown_once_and_does_what_was_ticked(
    site: Site, ada: httpx.AsyncClient
) -> None:
    form = {"name": "Home", "scopes": ["watches:read", "products:read"], "days": "30"}
    token = secret_of(await ada.post("/account/connections/tokens", data=form))
    page = (await ada.get("/account/connections")).text
    assert "products:read, watches:read" in page
    assert token not in page
    async with site.client(token=token) as program:
        assert (await program.get("/subscriptions")).status_code == 200
        assert (await program.get("/account/preferences")).status_code == 403

    for wrong in ({"name": "", "scopes": "watches:read"}, {"name": "None"}, {"name": "x", "scopes": "all"}):
        assert (await ada.post("/account/connections/tokens", data=wrong)).status_code == 400


async def test_installs_are_taken_in_and_ended_on_a_page(site: Site, ada: httpx.AsyncClient) -> None:
    resources = site.resources
    install, token = await make_install(resources.store.raw, resources.pool, "198.51.100.1", site.clock())
    await ada.post("/installs/pair", data={"token": token})
    assert install.id in (await ada.get("/account/connections")).text
    await ada.post(f"/installs/{install.id}/delete")

    assert install.id not in (await ada.get("/account/connections")).text


async def test_sessions_are_listed_and_ended_from_elsewhere(site: Site, ada: httpx.AsyncClient) -> None:
    async with await site.browser_of("ada@example.com") as other, await site.person("ada@example.com") as program:
        listed = (await ada.get("/account/sessions", headers=JSON)).json()["sessions"]
        assert sorted((one["kind"], one["current"]) for one in listed) == [
            ("bearer", False), ("cookie", False), ("cookie", True),
        ]  # fmt: skip
        [bearer] = [one["id"] for one in listed if one["kind"] == "bearer"]
        await ada.post(f"/account/sessions/{bearer}/end")
        assert (await program.get("/subscriptions")).status_code == 401
        assert (await other.get("/account")).status_code == 200
        await ada.post("/account/sessions/end-others")
        assert (await other.get("/account")).status_code == 401

    assert "A browser" in text_of(await ada.get("/account/connections"))


async def test_messages_are_listed_with_what_became_of_them_and_an_address_is_lifted(
    site: Site, ada: httpx.AsyncClient
) -> None:
    assert "Nothing was sent yet" in text_of(await ada.get("/account/deliveries"))
    await site.record(1999, title="A kettle")
    id_ = await watch(ada)
    for change, outcome, reason in (("one", "delivered", None), ("two", "failed", "550 <no> such mailbox")):
        await add_delivery(site, id_, change, outcome, reason)
    async with transaction(site.resources.pool) as connection:
        await decisions.remember(connection, id_, "one", Reason.BOUNCED, site.clock())
        await suppressed.suppress(connection, "email", "ada@example.com", "bounced", "550 no")
    listed = (await ada.get("/account/deliveries", headers=JSON)).json()
    assert [(one["outcome"], one["price"]) for one in listed["deliveries"]] == [("failed", 900), ("bounced", 900)]
    page = await ada.get("/account/deliveries")
    assert "550 &lt;no&gt; such mailbox" in page.text
    assert "Mails to ada@example.com came back." in text_of(page)

    lifted = await ada.post("/account/email/resume")
    assert "Mails go to ada@example.com." in text_of(await ada.get(lifted.headers["location"]))


async def test_what_was_not_sent_over_any_channel_is_listed_with_why(site: Site, ada: httpx.AsyncClient) -> None:
    await site.record(1999)
    id_ = await watch(ada)
    for reason in (Reason.SUPPRESSED, Reason.NO_CHANNEL, Reason.PAUSED):
        await add_delivery(site, id_, reason, "failed", reason, NO_CHANNEL)
    listed = text_of(await ada.get("/account/deliveries"))
    assert "Not sent: mails to your address are switched off." in listed
    assert "Not sent: no channel that you chose works." in listed
    assert "Not told: the watch was paused." in listed


async def test_older_messages_are_a_page_further(site: Site, ada: httpx.AsyncClient) -> None:
    await site.record(1999)
    id_ = await watch(ada)
    for i in range(51):
        await add_delivery(site, id_, f"change-{i}", "delivered", None)
    first = (await ada.get("/account/deliveries", headers=JSON)).json()
    rest = (await ada.get(f"/account/deliveries?cursor={first['next']}", headers=JSON)).json()

    assert (len(first["deliveries"]), len(rest["deliveries"]), rest["next"]) == (50, 1, None)
    assert f"cursor={first['next']}" in (await ada.get("/account/deliveries")).text
    assert (await ada.get("/account/deliveries?cursor=x", headers=JSON)).status_code == 400


async def test_messages_of_somebody_else_are_not_listed(site: Site, ada: httpx.AsyncClient) -> None:
    await site.record(1999)
    await add_delivery(site, await watch(ada), "one", "delivered", None)
    async with await site.person("eve@example.com") as eve:
        assert (await eve.get("/account/deliveries")).json() == {"deliveries": [], "next": None}


async def test_an_account_is_deleted_after_a_question(ada: httpx.AsyncClient) -> None:
    await watch(ada)
    asked = text_of(await ada.get("/account/delete"))
    assert "All that belongs to ada@example.com is deleted" in asked
    assert "one watch" in asked
    assert (await ada.get("/account")).status_code == 200, "asking deletes nothing"

    assert (await ada.post("/account/delete")).headers["location"] == "/"
    assert (await ada.get("/account")).status_code == 401


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/account/phones", "/account/channels#phones"),
        ("/account/push-subscriptions", "/account/channels#browsers"),
        ("/account/webhooks", "/account/channels#webhooks"),
        ("/tokens", "/account/connections#tokens"),
        ("/installs", "/account/connections#installs"),
        ("/account/sessions", "/account/connections#sessions"),
        ("/account/email", "/account/deliveries"),
    ],
)
async def test_a_list_of_the_api_leads_people_to_its_page(ada: httpx.AsyncClient, path: str, page: str) -> None:
    assert (await ada.get(path)).headers["location"] == page
    assert (await ada.get(path, headers=JSON)).status_code == 200
    assert "accept" in (await ada.get(path, headers=JSON)).headers["vary"].lower()


async def test_who_is_not_signed_in_is_asked_to(site: Site) -> None:
    async with site.client() as nobody:
        for path in ("deliveries", "preferences", "channels", "connections", "data", "delete"):
            answer = await nobody.get(f"/account/{path}", headers=HTML)
            assert (answer.status_code, 'action="/sign-in"' in answer.text) == (401, True), path


def secret_of(page: httpx.Response) -> str:
    assert page.status_code in (200, 201), page.text
    assert page.headers["cache-control"] == "private, no-store"
    [secret] = re.findall(r'<pre class="secret"[^>]*>([^<]+)</pre>', page.text)
    return str(secret)


async def add_delivery(
    site: Site, watch_id: int, change: str, outcome: str, reason: str | None, channel: str = "email"
) -> None:
    async with transaction(site.resources.pool) as connection:
        alert = await connection.fetchval(
            """insert into alerts (subscription_id, person_id, change_id, product_id, offer, new_price, currency,
                   seen_at, state)
               select id, person_id, $2, product_id, offer, 900, currency, now(), 'delivered'
               from subscriptions where id = $1 returning id""",
            watch_id,
            change,
        )
        await connection.execute(
            """insert into deliveries (alert_id, person_id, channel, outcome, message_id, reason)
               select id, person_id, $4, $2, 'm', $3 from alerts where id = $1""",
            alert, outcome, reason, channel,
        )  # fmt: skip
