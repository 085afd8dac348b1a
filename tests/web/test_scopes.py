"""Every route, asked with an access token that has all scopes but the one it needs, and with one that has only it."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx

from pennywren.accounts.access_tokens import SCOPES
from pennywren.accounts.links import UNSUBSCRIBE
from pennywren.model.clock import rfc3339
from pennywren.web.operations import OPERATIONS
from tests.web.site import JSON, PRODUCT, Site
from tests.web.test_ownership import ROWS, Row, own_addresses

OPEN_PAGES = {
    "GET /", "GET /about", "GET /privacy", "GET /developers", "GET /static/{name}", "GET /static/build/{name}",
    "GET /mailbox", "GET /mailbox.json", "GET /begin/{token}", "POST /begin/{token}", "GET /feeds/{token}",
    "GET /sign-in", "GET /sign-in/{token}", "GET /push-worker.js", "GET /pair/{token}", "POST /pair/{token}",
}  # fmt: skip
"""Pages that are the same for everybody, or are opened by the secret in their address."""


async def test_a_token_does_what_its_scopes_say_on_every_route(site: Site, owner: httpx.AsyncClient) -> None:
    await site.record(1999)
    seen = await site.resources.store.product(PRODUCT)
    assert seen is not None
    wish = {"productID": str(PRODUCT), "threshold": 1000, "notificationType": "EMAIL"}
    watch = (await owner.post("/subscriptions", json=wish)).json()["id"]
    of_path = {
        "product": PRODUCT, "timestamp": rfc3339(seen.last_seen), "subscription": watch, "slug": "conflict",
        "file": "320.webp", "install": "0123456789abcdef", "name": "none",
        "token": UNSUBSCRIBE.sign(site.resources.unsubscribe_key, watch), "marketplace": "us", "layout": "none",
        "number": 1, **await own_addresses(site, "owner@example.com"),
    }  # fmt: skip
    needs = {f"{each.method.upper()} {each.path}": each for each in OPERATIONS}
    scoped: dict[str, list[Row]] = {scope: [] for scope in SCOPES}
    pages: list[Row] = []
    for row in ROWS:
        operation = needs.get(row.route)
        if operation is not None and operation.scope is not None:
            scoped[operation.scope].append(row)
        elif row.route not in OPEN_PAGES and (operation is None or operation.auth == "person"):
            pages.append(row)

    @asynccontextmanager
    async def program(*scopes: str) -> AsyncGenerator[Callable[[Row], Awaitable[httpx.Response]]]:
        """A program whose token has these scopes."""
        made = (await owner.post("/tokens", json={"name": "A program", "scopes": scopes})).json()

        async def ask(row: Row) -> httpx.Response:
            method, template = row.route.split(" ")
            return await client.request(method, template.format(**of_path), json=row.json, data=row.form, headers=JSON)

        async with site.client(token=made["token"]) as client:
            yield ask
        await owner.delete(f"/tokens/{made['id']}")

    wrong: list[str] = []
    for scope, rows in scoped.items():
        async with program(*[each for each in SCOPES if each != scope]) as ask:
            for row in rows:
                answer = await ask(row)
                challenge = answer.headers.get("www-authenticate")
                if (answer.status_code, challenge) != (403, f'Bearer error="insufficient_scope", scope="{scope}"'):
                    wrong.append(f"{row.route} without {scope}: {answer.status_code} {answer.text}")
        async with program(scope) as ask:
            wrong += [
                f"{row.route} with {scope}: {answer.text}"
                for row in rows
                if (answer := await ask(row)).status_code in (401, 403)
            ]
    async with program(*SCOPES) as ask:
        wrong += [
            f"{row.route} with all scopes: {answer.status_code}"
            for row in pages
            if (answer := await ask(row)).status_code != 403
        ]

    assert min(len(rows) for rows in (*scoped.values(), pages)) > 0
    assert wrong == []


async def test_signing_out_is_for_sessions(site: Site, owner: httpx.AsyncClient) -> None:
    made = await owner.post("/tokens", json={"name": "A program", "scopes": ["watches:read"]})
    async with site.client(token=made.json()["token"]) as program:
        refused = await program.post("/sign-out")
        still = await program.get("/subscriptions")
    ended = await owner.post("/sign-out")

    assert [refused.status_code, still.status_code, ended.status_code] == [403, 200, 204]
    assert refused.json()["type"] == "/problems/forbidden"
