"""An account's data: all of it as a file, its watches as a table, and the way out."""

from typing import Final

import msgspec
from litestar import Response, get, post

from pennywren.accounts import access_tokens
from pennywren.pipeline.leaving import forget_person
from pennywren.postgres import catalogue
from pennywren.postgres.pool import transaction
from pennywren.web.account.feeds import alternate, feed_address
from pennywren.web.rendering.pages import html_page, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import ended_cookie, require_person
from pennywren.web.shapes.subscription_views import subscription_view
from pennywren.web.shapes.token_views import token_view
from pennywren.web.types import Answer, Request
from pennywren.web.watch.watch_rows import held_by
from pennywren.web.watch.watch_table import write_table

_REST: Final = {
    "sessions": "select kind, created_at, expires_at from sessions where person_id = $1 order by created_at",
    "preferences": "select * from preferences where person_id = $1",
    "phones": "select id, number, created_at, verified_at from phones where person_id = $1 order by id",
    "browsers": "select id, endpoint, created_at from push_subscriptions where person_id = $1 order by id",
    "webhooks": "select id, url, created_at from webhooks where person_id = $1 order by id",
    "installs": "select id, created_at from installs where person_id = $1 order by created_at",
    "feeds": "select created_at from feeds where person_id = $1",
    "deliveries": """
        select alert_id, channel, attempted_at, outcome, reason from deliveries
        where (alert_id, person_id) in (
            select a.id, a.person_id
            from alerts a join subscriptions s on s.id = a.subscription_id and s.person_id = a.person_id
            where s.person_id = $1
        ) order by id""",
    "decisions": """
        select subscription_id, change_id, reason, decided_at from decisions
        where (subscription_id, person_id) in (select id, person_id from subscriptions where person_id = $1)
        order by decided_at""",
    "admins": "select granted_at from admins where person_id = $1",
}
"""What is somebody's, table by table, but for keys and hashes; nothing of it is anybody else's."""


@get("/account/data.json")
async def show_data(request: Request) -> Answer:
    """All that is kept about whoever asks."""
    person = await require_person(request)
    resources = resources_of(request)
    held = await held_by(resources.pool, person.id)
    async with transaction(resources.pool) as connection:
        row = await connection.fetchrow("select plan, language, created_at from people where id = $1", person.id)
        alerts = await connection.fetch(
            """
            select alerts.id, product_id, offer, old_price, new_price, currency, seen_at, decided_at, state
            from alerts where subscription_id = any($1::bigint[]) order by id
            """,
            [each.id for each in held],
        )
        tokens = await access_tokens.list_of(connection, person.id)
        rest = {name: await connection.fetch(question, person.id) for name, question in _REST.items()}
    data = {
        "email": person.email,
        "person": dict(row) if row else None,
        "subscriptions": [subscription_view(each) for each in held],
        "alerts": [dict(alert) for alert in alerts],
        "tokens": [token_view(each) for each in tokens],
        **{name: [dict(row) for row in rows] for name, rows in rest.items()},
    }
    return _file(msgspec.json.format(msgspec.json.encode(data)), "application/json", "pennywren.json")


@get("/account/watches.csv")
async def show_watches_csv(request: Request) -> Answer:
    """The watches of whoever asks, as a table that the import reads back; amounts are decimals."""
    person = await require_person(request)
    resources = resources_of(request)
    held = await held_by(resources.pool, person.id)
    titles = await catalogue.titles(resources.pool, [each.product for each in held])
    return _file(write_table(held, titles).encode(), "text/csv; charset=utf-8", "watches.csv")


@get("/account/data")
async def show_data_page(request: Request) -> Answer:
    """The page that has all of this."""
    person = await require_person(request)
    feed = await feed_address(resources_of(request), person)
    return html_page(
        request, "account-data.html", headers={"cache-control": PRIVATE, **alternate(feed)}, person=person, feed=feed
    )


@get("/account/delete")
async def confirm_delete_account(request: Request) -> Answer:
    """The page with the button; it changes nothing."""
    person = await require_person(request)
    held = len(await held_by(resources_of(request).pool, person.id))
    return html_page(request, "account-delete.html", headers={"cache-control": PRIVATE}, person=person, held=held)


@post("/account/delete", status_code=303)
async def delete_account(request: Request) -> Answer:
    """Delete the account of whoever asks, with everything that belongs to it."""
    person = await require_person(request)
    resources = resources_of(request)
    await forget_person(resources.pool, resources.store, person.id, person.email)
    return redirect("/", [ended_cookie(resources.settings)])


def _file(body: bytes, media_type: str, name: str) -> Answer:
    headers = {"cache-control": PRIVATE, "content-disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=headers)
