"""How whoever asks wants to be told, and whether mails reach them."""

from typing import Any

import msgspec
from litestar import Response, get, patch, post

from pennywren.accounts import preferences
from pennywren.accounts.preferences import parse_minute
from pennywren.notify import suppressed
from pennywren.postgres.pool import transaction
from pennywren.web.account.preferences_form import preferences_page
from pennywren.web.rendering.pages import VARY, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.shapes.channel_views import PreferencesChange, QuietHours, email_view, preferences_view
from pennywren.web.types import Answer, Request

_OWN = {"cache-control": PRIVATE, "vary": VARY}


@get("/account/preferences")
async def show_preferences(request: Request) -> Answer:
    """How whoever asks is told."""
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        found = await preferences.get(connection, person.id)
    if prefers_html(request.headers.get("accept")):
        return preferences_page(request, person, found)
    return Response(preferences_view(found), headers=_OWN)


@patch("/account/preferences")
async def change_preferences(request: Request) -> Answer:
    """Other wishes; what is left out stays."""
    person = await require_person(request)
    change = await read_body(request, PreferencesChange)
    async with transaction(resources_of(request).pool) as connection:
        found = await preferences.change(connection, person.id, _changes(change))
    return Response(preferences_view(found), headers=_OWN)


@get("/account/email")
async def show_email(request: Request) -> Answer:
    """The address of whoever asks, and whether mails go there."""
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        found = await suppressed.find(connection, "email", [person.email])
    if prefers_html(request.headers.get("accept")):
        return redirect("/account/deliveries")
    return Response(email_view(person.email, found.get(person.email)), headers=_OWN)


@post("/account/email/resume", status_code=200)
async def resume_email(request: Request) -> Answer:
    """Send mails again, whatever came back before."""
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        await suppressed.lift(connection, "email", person.email)
    if prefers_html(request.headers.get("accept")):
        return redirect("/account/deliveries")
    return Response(email_view(person.email, None), headers=_OWN)


def _changes(change: PreferencesChange) -> dict[str, Any]:
    found = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not msgspec.UNSET}
    if "channels" in found:
        found["channels"] = tuple(found["channels"])
    if "quiet_hours" in found:
        quiet: QuietHours | None = found.pop("quiet_hours")
        found["quiet"] = None if quiet is None else (parse_minute(quiet.start), parse_minute(quiet.end))
    return found
