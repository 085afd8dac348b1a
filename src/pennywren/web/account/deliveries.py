"""What was sent to whoever asks, what became of it, and whether mails go to their address at all."""

from typing import Final

from litestar import Response, get

from pennywren.accounts import phones
from pennywren.errors import BadInput
from pennywren.notify import suppressed
from pennywren.notify.sent import last_to
from pennywren.postgres import catalogue
from pennywren.postgres.pool import transaction
from pennywren.web.rendering.pages import VARY, html_page
from pennywren.web.resources import resources_of
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.paths import number_in_path
from pennywren.web.shapes.delivery_views import DeliveryList, delivery_view
from pennywren.web.types import Answer, Request

PAGE: Final = 50
_OWN: Final = {"cache-control": PRIVATE, "vary": VARY}


@get("/account/deliveries")
async def list_deliveries(request: Request) -> Answer:
    """The last messages, 50 a page."""
    person = await require_person(request)
    resources = resources_of(request)
    before = number_in_path(request.query_params.get("before", "0"))
    if "before" in request.query_params and not before:
        raise BadInput("before must be the number that `next` of the page before was.")
    async with transaction(resources.pool) as connection:
        found = await last_to(connection, person.id, PAGE, before=before or None)
        numbers = [phone.number for phone in await phones.list_of(connection, person.id)]
        mail = (await suppressed.find(connection, "email", [person.email])).get(person.email)
        stopped = await suppressed.find(connection, "sms", numbers)
    older = found[-1].id if len(found) == PAGE else None
    if not prefers_html(request.headers.get("accept")):
        return Response(DeliveryList([delivery_view(each) for each in found], older), headers=_OWN)
    titles = await catalogue.titles(resources.pool, {each.product for each in found})
    return html_page(
        request, "deliveries.html", headers=_OWN, person=person, sent=found, titles=titles, older=older, mail=mail,
        stopped=stopped,
    )  # fmt: skip
