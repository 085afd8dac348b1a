"""An account's data: all of it as a file, its watches as a table, and the way out."""

import csv
import io

import msgspec
from litestar import Response, get, post

from pennywren.accounts import access_tokens, subscriptions
from pennywren.accounts.people import Person
from pennywren.accounts.subscriptions import Subscription
from pennywren.model.clock import rfc3339
from pennywren.pipeline.leaving import forget_person
from pennywren.postgres import catalogue
from pennywren.postgres.pool import transaction
from pennywren.web.headers import PRIVATE
from pennywren.web.identity import ended_cookie, require_person
from pennywren.web.pages import redirect
from pennywren.web.resources import Resources, resources_of
from pennywren.web.subscription_views import subscription_view
from pennywren.web.token_views import token_view
from pennywren.web.types import Answer, Request

_PAGE = 1_000
_COLUMNS = ("product", "title", "offer", "waitsFor", "target", "currency", "state", "createdTime")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@get("/account/data.json")
async def show_data(request: Request) -> Answer:
    """All that is kept about whoever asks."""
    person = await require_person(request)
    resources = resources_of(request)
    held = await _held(resources, person)
    async with transaction(resources.pool) as connection:
        row = await connection.fetchrow("select plan, language, created_at from people where id = $1", person.id)
        alerts = await connection.fetch(
            """
            select alerts.id, product_id, offer, old_price, new_price, currency, seen_at, decided_at, state
            from alerts where subscription_id = any($1::bigint[]) order by id
            """,
            [each.id for each in held],
        )
        sessions = await connection.fetch(
            "select kind, created_at, expires_at from sessions where person_id = $1 order by created_at", person.id
        )
        tokens = await access_tokens.list_of(connection, person.id)
    data = {
        "email": person.email,
        "person": dict(row) if row else None,
        "subscriptions": [subscription_view(each) for each in held],
        "alerts": [dict(alert) for alert in alerts],
        "sessions": [dict(session) for session in sessions],
        "tokens": [token_view(each) for each in tokens],
    }
    return _file(msgspec.json.format(msgspec.json.encode(data)), "application/json", "pennywren.json")


@get("/account/watches.csv")
async def show_watches_csv(request: Request) -> Answer:
    """The watches of whoever asks, as a table; amounts are minor units."""
    person = await require_person(request)
    resources = resources_of(request)
    held = await _held(resources, person)
    titles = await catalogue.titles(resources.pool, [each.product for each in held])
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(_COLUMNS)
    for each in held:
        title = titles.get(each.product, "")
        # A spreadsheet would run a title that begins like a formula.
        safe = f"'{title}" if title.startswith(_FORMULA) else title
        table.writerow(
            (each.product, safe, each.offer, each.waits_for, each.threshold, each.currency, each.state,
             rfc3339(each.created_at))
        )  # fmt: skip
    return _file(text.getvalue().encode(), "text/csv; charset=utf-8", "watches.csv")


@post("/account/delete", status_code=303)
async def delete_account(request: Request) -> Answer:
    """Delete the account of whoever asks, with everything that belongs to it."""
    person = await require_person(request)
    resources = resources_of(request)
    await forget_person(resources.pool, resources.store, person.id, person.email)
    return redirect("/", [ended_cookie(resources.settings)])


async def _held(resources: Resources, person: Person) -> list[Subscription]:
    held: list[Subscription] = []
    async with transaction(resources.pool) as connection:
        while page := await subscriptions.list_of(connection, person.id, after=held[-1].id if held else 0, limit=_PAGE):
            held += page
    return held


def _file(body: bytes, media_type: str, name: str) -> Answer:
    headers = {"cache-control": PRIVATE, "content-disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=headers)
