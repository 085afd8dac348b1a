"""What was sent to whoever asks, what became of it, and whether mails go to their address at all."""

from typing import Final

from litestar import Response, get

from pennywren.accounts import phones
from pennywren.notify import suppressed
from pennywren.notify.sent import last_to
from pennywren.postgres import catalogue
from pennywren.postgres.pool import transaction
from pennywren.web.rendering.pages import VARY, html_page
from pennywren.web.resources import resources_of
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.paging import Paging
from pennywren.web.shapes.delivery_views import DeliveryList, delivery_view
from pennywren.web.types import Answer, Request

_PAGING: Final = Paging("deliveries", 50)
_OWN: Final = {"cache-control": PRIVATE, "vary": VARY}


@get("/account/deliveries")
async def list_deliveries(request: Request) -> Answer:
    """The last messages, 50 a page."""
    person = await require_person(request)
    resources = resources_of(request)
    before = _PAGING.last_shown(request)
    async with transaction(resources.pool) as connection:
        found = await last_to(connection, person.id, _PAGING.size + 1, before=int(before) if before else None)
        numbers = [phone.number for phone in await phones.list_of(connection, person.id)]
        mail = (await suppressed.find(connection, "email", [person.email])).get(person.email)
        stopped = await suppressed.find(connection, "sms", numbers)
    shown, older = _PAGING.cut(found, lambda sent: sent.id)
    if not prefers_html(request.headers.get("accept")):
        return Response(DeliveryList([delivery_view(each) for each in shown], older), headers=_OWN)
    titles = await catalogue.titles(resources.pool, {each.product for each in shown})
    return html_page(
        request, "deliveries.html", headers=_OWN, person=person, sent=shown, titles=titles, older=older, mail=mail,
        stopped=stopped,
    )  # fmt: skip
