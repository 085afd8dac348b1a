"""Every route, asked by nobody, by its owner and by a stranger. A new route without a row fails."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import pytest

from pennywren.accounts import access_tokens, phones, push_subscriptions, sessions, webhooks
from pennywren.accounts.links import QUIET_WATCH, STOP_MAILS, UNSUBSCRIBE
from pennywren.accounts.people import find_or_add
from pennywren.model.clock import rfc3339
from pennywren.postgres.pool import transaction
from pennywren.web.rendering.assets import BUILD
from tests.web.site import JSON, PRODUCT, Site


@dataclass(frozen=True)
class Row:
    """A route, and the statuses that it answers to (anonymous, stranger, owner), asked in this order."""

    route: str
    statuses: tuple[int, int, int]
    json: Mapping[str, object] | None = None
    form: Mapping[str, str] | None = None
    admin: int | None = None
    """What somebody who runs the installation gets, where that is something else than what its owner gets."""


OPEN = (200, 200, 200)
NOT_THERE = (401, 404, 404)
"""To whoever does not run the installation."""
UNBLOCK = {"subject": "192.0.2.0/24", "because": "it was a university", "action": "unblock"}
NEW = {"productID": "us:B000000001", "threshold": 100, "notificationType": "EMAIL"}
BOUGHT = {"product": "us:B000000001", "paid": "10", "bought": "2020-01-01", "until": "2031-01-01"}
BROWSER = {
    "endpoint": "https://fcm.googleapis.com/fcm/send/abc",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}
SEEN = {
    "productID": str(PRODUCT),
    "offer": "buybox",
    "price": 1999,
    "currency": "USD",
    "title": "A kettle",
    "observedAt": "2026-11-25T12:00:00Z",
    "context": {"signedIn": False, "memberPrice": False, "coupon": False, "subscription": False},
}
ROWS = [
    Row("GET /", OPEN),
    Row("GET /about", OPEN),
    Row("GET /privacy", OPEN),
    Row("GET /developers", OPEN),
    Row("GET /static/{name}", OPEN),
    Row("GET /static/build/{name}", OPEN),
    Row("GET /openapi.json", OPEN),
    Row("GET /problems/{slug}", OPEN),
    Row("GET /healthz", OPEN),
    Row("GET /readyz", OPEN),
    Row("GET /status", OPEN),
    Row("GET /metrics", (403, 403, 403)),
    Row("GET /mailbox", OPEN),
    Row("GET /mailbox.json", OPEN),
    Row("GET /products/{product}", OPEN),
    Row("GET /products/{product}/history", OPEN),
    Row("GET /products/{product}/history.csv", OPEN),
    Row("GET /products/{product}/feed.atom", OPEN),
    Row("GET /products/{product}/chart.svg", OPEN),
    Row("GET /products/{product}/chart.png", OPEN),
    Row("GET /images/{product}/{file}", OPEN),
    Row("GET /products/{product}/points/{timestamp}/proof", OPEN),
    Row("GET /products/{product}/suggestions", OPEN),
    Row("GET /products/{product}/targets", (400, 400, 400)),
    Row("GET /products", (400, 400, 400)),
    Row("POST /products", OPEN, json={"product": str(PRODUCT)}),
    Row("POST /products/list", OPEN, form={"links": str(PRODUCT)}),
    Row("POST /products/{product}/price", OPEN, form={"amount": "10"}),
    Row("POST /products/{product}/watch", (401, 303, 303), form={"amount": "10"}),
    Row("GET /begin/{token}", (404, 404, 404)),
    Row("POST /begin/{token}", (404, 404, 404)),
    Row("GET /account/data.json", (401, 200, 200)),
    Row("GET /account/watches.csv", (401, 200, 200)),
    Row("POST /account/delete", (401, 303, 303)),
    Row("GET /sign-in", OPEN),
    Row("POST /sign-in", (202, 202, 202), json={"email": "someone@example.com"}),
    Row("GET /sign-in/{token}", OPEN),
    Row("POST /sign-in/{token}", (401, 401, 401)),
    Row("POST /sign-out", (204, 204, 204)),
    Row("GET /account", (401, 200, 200)),
    Row("POST /account/subscriptions/{subscription}", (401, 404, 303), form={"amount": "10"}),
    Row("POST /account/subscriptions/{subscription}/delete", (401, 404, 303)),
    Row("POST /account/subscriptions", (401, 303, 303), form={"action": "pause", "id": "1"}),
    Row("POST /account/subscriptions/{subscription}/rule", (401, 404, 303), form={"kind": "allTimeLow"}),
    Row("POST /account/subscriptions/{subscription}/terms", (401, 404, 303), form={"notificationType": "EMAIL"}),
    Row("POST /account/subscriptions/{subscription}/quiet", (401, 404, 303), form={"action": "week"}),
    Row("GET /subscriptions", (401, 200, 200)),
    Row("POST /subscriptions", (401, 201, 201), json=NEW),
    Row("GET /subscriptions/{subscription}", (401, 404, 200)),
    Row("GET /subscriptions/{subscription}/trace", (401, 404, 200)),
    Row("PATCH /subscriptions/{subscription}", (401, 404, 200), json={"threshold": 900}),
    Row("DELETE /subscriptions/{subscription}", (401, 404, 204)),
    Row("GET /admin", NOT_THERE, admin=200),
    Row("GET /admin/reporters", NOT_THERE, admin=200),
    Row("POST /admin/reporters", NOT_THERE, form=UNBLOCK, admin=303),
    Row("GET /admin/egresses", NOT_THERE, admin=200),
    Row("GET /admin/unreadable", NOT_THERE, admin=200),
    Row("GET /admin/unreadable/{marketplace}/{layout}/{number}", NOT_THERE, admin=404),
    Row("GET /admin/plans", NOT_THERE, admin=200),
    Row("POST /admin/plans/{person_id}", NOT_THERE, form={"plan": "plus", "because": "she asked"}, admin=303),
    Row("GET /admin/trail", NOT_THERE, admin=200),
    Row("GET /account/import", (401, 200, 200)),
    Row("POST /account/import", (401, 200, 200), form={"list": str(PRODUCT)}),
    Row("POST /account/import/watch", (401, 200, 200), form={"row": json.dumps(NEW), "target": "1", "take": "0"}),
    Row("GET /account/bought", (401, 200, 200)),
    Row("POST /account/bought", (401, 303, 303), form=BOUGHT),
    Row("GET /feeds/{token}", (404, 404, 404)),
    Row("POST /account/feed", (401, 303, 303)),
    Row("POST /account/feed/end", (401, 303, 303)),
    Row("GET /account/watch", (401, 400, 400)),
    Row("POST /account/watch", (401, 303, 303), form={"product": str(PRODUCT), "kind": "allTimeLow"}),
    Row("GET /account/data", (401, 200, 200)),
    Row("GET /account/delete", (401, 200, 200)),
    Row("GET /account/channels", (401, 200, 200)),
    Row("GET /account/deliveries", (401, 200, 200)),
    Row("POST /account/phones/{phone}/delete", (401, 404, 303)),
    Row("POST /account/push-subscriptions/{browser}/delete", (401, 404, 303)),
    Row("POST /account/webhooks/{webhook}/delete", (401, 404, 303)),
    Row("POST /account/connections/tokens", (401, 200, 200), form={"name": "Mine", "scopes": "watches:read"}),
    Row("POST /installs/{install}/delete", (401, 404, 404)),
    Row("POST /account/preferences", (401, 303, 303), form={"digest": "daily"}),
    Row("GET /account/sessions", (401, 200, 200)),
    Row("DELETE /account/sessions/{session}", (401, 404, 204)),
    Row("POST /account/sessions/{session}/end", (401, 404, 303)),
    Row("POST /account/sessions/end-others", (401, 303, 303)),
    Row("GET /account/preferences", (401, 200, 200)),
    Row("PATCH /account/preferences", (401, 200, 200), json={"digest": "daily"}),
    Row("GET /account/email", (401, 200, 200)),
    Row("POST /account/email/resume", (401, 200, 200)),
    Row("GET /account/phones", (401, 200, 200)),
    Row("POST /account/phones", (401, 400, 400), json={"number": "+43 660 1234567"}),
    Row("POST /account/phones/{phone}/confirm", (401, 404, 200), json={"code": "123456"}),
    Row("DELETE /account/phones/{phone}", (401, 404, 204)),
    Row("GET /push/key", OPEN),
    Row("GET /push-worker.js", OPEN),
    Row("GET /account/push-subscriptions", (401, 200, 200)),
    Row("POST /account/push-subscriptions", (401, 201, 201), json=BROWSER),
    Row("DELETE /account/push-subscriptions/{browser}", (401, 404, 204)),
    Row("GET /account/webhooks", (401, 200, 200)),
    Row("POST /account/webhooks", (401, 201, 409), json={"url": "https://hook.invalid/"}),
    Row("POST /account/webhooks/{webhook}/rotate", (401, 404, 200)),
    Row("POST /account/webhooks/{webhook}/test", (401, 404, 200)),
    Row("DELETE /account/webhooks/{webhook}", (401, 404, 204)),
    Row("POST /hooks/sms", (404, 404, 404), json={"from": "+436601234567", "text": "STOP"}),
    Row("POST /hooks/mail-events", (404, 404, 404), json={"events": []}),
    Row("GET /stop-mails/{token}", OPEN),
    Row("POST /stop-mails/{token}", OPEN),
    Row("GET /watch/{token}", OPEN),
    Row("POST /watch/{token}", OPEN, form={"action": "week"}),
    Row("GET /tokens", (401, 200, 200)),
    Row("POST /tokens", (401, 201, 201), json={"name": "A program", "scopes": ["products:read"]}),
    Row("DELETE /tokens/{access_token}", (401, 404, 204)),
    Row("POST /installs", (201, 201, 201)),
    Row("GET /installs", (401, 200, 200)),
    Row("POST /installs/pair", (401, 404, 404), json={"token": "of nobody"}),
    Row("DELETE /installs/{install}", (401, 404, 404)),
    Row("POST /pairings", (201, 201, 201), json={}),
    Row("GET /pairings/own", (401, 200, 200)),
    Row("DELETE /pairings/own", (401, 403, 403)),
    Row("GET /pair/{token}", (404, 404, 404)),
    Row("POST /pair/{token}", (404, 404, 404)),
    Row("GET /account/connections", (401, 200, 200)),
    Row("POST /account/connections", (401, 404, 404), form={"code": "BCDF-GHJK"}),
    Row("POST /account/connections/{access_token}/end", (401, 404, 303)),
    Row("POST /observations", (401, 401, 401), json={"observations": [SEEN]}),
    Row("GET /unsubscribe/{token}", OPEN),
    Row("POST /unsubscribe/{token}", OPEN),
]


async def own_addresses(site: Site, email: str) -> dict[str, str | int]:
    """An address of every channel for somebody, by the name that paths have for it; the phone waits for 123456."""
    pool = site.resources.pool
    async with transaction(pool) as connection:
        person = await find_or_add(connection, email)
        hook = await webhooks.add(connection, person.id, "https://hook.invalid/")
        browser = await push_subscriptions.add(connection, person.id, "https://fcm.googleapis.com/x", "", "", None)
        token, _ = await access_tokens.make(connection, person.id, "Mine", ["watches:read"], site.clock(), None)
        await sessions.start_session(connection, person.id, "cookie", site.clock() + 1)
        session, *_ = await sessions.list_of(connection, person.id, site.clock())
        phone, _ = await phones.add(connection, person.id, "+436601234567", site.clock(), code="123456")
    return {
        "phone": phone.id,
        "browser": browser.id,
        "webhook": hook.id,
        "access_token": token.id,
        "session": session.id,
        "person_id": person.id,
        "stop": STOP_MAILS.sign(site.resources.unsubscribe_key, person.id),
    }


STREAMS = {"GET /products/{product}/live"}
"""Public and without an end, so that they cannot be asked here: `test_live` asks what they tell."""


def routes(site: Site) -> set[str]:
    """Every method and path of the application; OPTIONS and HEAD come by themselves."""
    return {
        f"{method} {route.path_format}"
        for route in site.app.litestar.routes
        for method in getattr(route, "methods", [])
        if method not in ("OPTIONS", "HEAD")
    }


async def test_every_route_has_a_row(site: Site) -> None:
    assert routes(site) - STREAMS == {row.route for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.route)
async def test_what_belongs_to_somebody_is_nobody_elses(
    site: Site, anonymous: httpx.AsyncClient, stranger: httpx.AsyncClient, owner: httpx.AsyncClient, row: Row
) -> None:
    await site.record(1999)
    seen = await site.resources.store.product(PRODUCT)
    assert seen is not None
    wish = {"productID": str(PRODUCT), "threshold": 1000, "notificationType": "EMAIL"}
    own = (await owner.post("/subscriptions", json=wish)).json()
    others = await own_addresses(site, "owner@example.com")
    others["watch"] = QUIET_WATCH.sign(site.resources.unsubscribe_key, own["id"])
    route = row.route.replace("/stop-mails/{token}", "/stop-mails/{stop}").replace("/watch/{token}", "/watch/{watch}")
    method, template = route.split(" ")
    path = template.format(
        product=PRODUCT,
        timestamp=rfc3339(seen.last_seen),
        subscription=own["id"],
        slug="plan-limit",
        file="320.webp",
        install="0123456789abcdef",
        name=BUILD.names["client"] if "build" in row.route else "style.css",
        token=UNSUBSCRIBE.sign(site.resources.unsubscribe_key, own["id"]),
        marketplace="us",
        layout="none",
        number=1,
        **others,
    )
    statuses: list[int] = []
    for client in (anonymous, stranger, owner):
        answer = await client.request(method, path, json=row.json, data=row.form, headers=JSON)
        statuses.append(answer.status_code)
        if client is not owner and answer.status_code < 300:
            assert "owner@example.com" not in answer.text
            assert f'"id":{own["id"]},' not in answer.text

    assert tuple(statuses) == row.statuses
    if row.admin is not None:
        async with await site.admin_of("admin@example.com") as admin:
            answer = await admin.request(method, path, json=row.json, data=row.form)
        assert answer.status_code == row.admin


async def test_a_strangers_id_and_a_missing_one_are_told_alike(
    owner: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    wish = {"productID": str(PRODUCT), "threshold": 1000, "notificationType": "EMAIL"}
    theirs = (await owner.post("/subscriptions", json=wish)).headers["location"]
    for method, body in (("GET", None), ("PATCH", {"threshold": 5}), ("DELETE", None)):
        answers = [await stranger.request(method, path, json=body) for path in (theirs, "/subscriptions/999999")]
        first, second = ({**answer.json(), "instance": ""} for answer in answers)
        assert first == second

    assert (await owner.get(theirs)).json()["threshold"] == 1000


async def test_a_strangers_watches_are_not_listed(owner: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    await owner.post("/subscriptions", json={"productID": str(PRODUCT), "threshold": 1, "notificationType": "EMAIL"})

    assert (await stranger.get("/subscriptions")).json()["subscriptions"] == []
