"""Phone numbers: added, confirmed by the code that comes by SMS, forgotten."""

from litestar import Response, delete, get, post
from litestar.params import FromPath

from pennywren.accounts import phones
from pennywren.errors import BadInput
from pennywren.notify import suppressed
from pennywren.postgres.pool import transaction
from pennywren.web.account.channels_page import show_channels
from pennywren.web.rendering.pages import VARY, language_of, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.paths import number_in_path
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.channel_views import NewPhone, PhoneCode, PhoneList, phone_view
from pennywren.web.types import Answer, Request

_OWN = {"cache-control": PRIVATE, "vary": VARY}


async def _channels_again(request: Request, phone: FromPath[str]) -> Answer:
    return await show_channels.fn(request)


@get("/account/phones")
async def list_phones(request: Request) -> Answer:
    """The numbers of whoever asks."""
    person = await require_person(request)
    if prefers_html(request.headers.get("accept")):
        return redirect("/account/channels#phones")
    async with transaction(resources_of(request).pool) as connection:
        found = await phones.list_of(connection, person.id)
        stopped = await suppressed.find(connection, "sms", [phone.number for phone in found])
    return Response(PhoneList([phone_view(each, stopped=each.number in stopped) for each in found]), headers=_OWN)


@post("/account/phones")
@shown_again(show_channels.fn)
async def add_phone(request: Request) -> Answer:
    """Add a number: a code is on its way to it."""
    person = await require_person(request)
    wish = await read_body(request, NewPhone)
    made = await resources_of(request).phone_codes.send(person.id, wish.number, language_of(request))
    if prefers_html(request.headers.get("accept")):
        return redirect("/account/channels?done=code#phones")
    return Response(phone_view(made), status_code=202, headers=_OWN)


@post("/account/phones/{phone:str}/confirm", status_code=200)
@shown_again(_channels_again)
async def confirm_phone(request: Request, phone: FromPath[str]) -> Answer:
    """The code that came: from now on the number is used."""
    person = await require_person(request)
    resources = resources_of(request)
    body = await read_body(request, PhoneCode)
    async with transaction(resources.pool) as connection:
        confirmed = await phones.confirm(connection, person.id, number_in_path(phone), body.code, resources.clock())
    # Outside, so that a wrong try stays counted.
    if confirmed is None:
        raise BadInput("This is not the code that was sent.")
    if prefers_html(request.headers.get("accept")):
        return redirect("/account/channels?done=confirmed#phones")
    return Response(phone_view(confirmed), headers=_OWN)


@delete("/account/phones/{phone:str}", status_code=200)
async def delete_phone(request: Request, phone: FromPath[str]) -> Answer:
    """Forget a number."""
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        await phones.delete(connection, person.id, number_in_path(phone))
    return Response(None, status_code=204, headers=_OWN)
