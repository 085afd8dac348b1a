"""The page of what may act for whoever asks (access tokens, installs, sessions), and the forms that only it has."""

from typing import Annotated, Final

import msgspec
from litestar import post
from litestar.params import FromPath
from msgspec import Meta

from pennywren.accounts import access_tokens, sessions
from pennywren.accounts.access_tokens import MAX_DAYS, MAX_NAME, SCOPES, Scope
from pennywren.accounts.installs import installs_of, revoke_install
from pennywren.accounts.people import Person
from pennywren.errors import BadInput
from pennywren.postgres.pool import transaction
from pennywren.web.rendering.pages import VARY, html_page, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person, session_token
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.views import Question
from pennywren.web.types import Answer, Request

PATH: Final = "/account/connections"
_OWN: Final = {"cache-control": PRIVATE, "vary": VARY}
_DAYS: Final = (30, 90, 365)


class TokenForm(Question):
    """What the page asks of a new token."""

    name: Annotated[str, Meta(max_length=MAX_NAME)] = ""
    scopes: list[Scope] = msgspec.field(default_factory=list[Scope])
    days: Annotated[str, Meta(max_length=6)] = ""
    """Empty: it does not end by itself."""


async def show_connections_page(request: Request, person: Person) -> Answer:
    """All that may act for a person."""
    resources = resources_of(request)
    now = resources.clock()
    async with transaction(resources.pool) as connection:
        tokens = await access_tokens.list_of(connection, person.id)
        signed_in = await sessions.list_of(connection, person.id, now, session_token(request))
        installs = await installs_of(connection, person.id)
    return html_page(
        request,
        "connections.html",
        headers=_OWN,
        tokens=tokens,
        sessions=signed_in,
        installs=installs,
        scopes=SCOPES,
        days=_DAYS,
        now=now,
    )


async def _again(request: Request) -> Answer:
    return await show_connections_page(request, await require_person(request))


@post("/account/connections/tokens", status_code=200)
@shown_again(_again)
async def create_token_by_form(request: Request) -> Answer:
    """A new access token, shown this once."""
    person = await require_person(request)
    resources = resources_of(request)
    form = await read_body(request, TokenForm)
    days = form.days.strip()
    if days and not (days.isascii() and days.isdigit() and 1 <= int(days) <= MAX_DAYS):
        raise BadInput(f"A token lasts 1 to {MAX_DAYS} days, or for ever.", field="days")
    async with transaction(resources.pool) as connection:
        made, token = await access_tokens.make(
            connection, person.id, form.name, form.scopes, resources.clock(), int(days) if days else None
        )
    return html_page(
        request, "secret.html", headers=_OWN, person=person, kind="token", name=made.name, secret=token, back=PATH
    )


@post("/installs/{install:str}/delete", status_code=303)
async def delete_install_by_form(request: Request, install: FromPath[str]) -> Answer:
    """End an install that whoever asks has paired."""
    person = await require_person(request)
    resources = resources_of(request)
    await revoke_install(resources.store.raw, resources.pool, install, resources.clock(), person_id=person.id)
    return redirect(f"{PATH}#installs")
