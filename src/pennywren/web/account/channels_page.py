"""The page of the ways to reach whoever asks (phones, browsers, webhooks), and the forms that only it has."""

from collections.abc import Awaitable, Callable

from litestar import get, post
from litestar.params import FromPath

from pennywren.accounts import phones, push_subscriptions, webhooks
from pennywren.notify import suppressed
from pennywren.postgres.pool import Connection, transaction
from pennywren.web.rendering.pages import html_page, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.paths import number_in_path
from pennywren.web.types import Answer, Request

PATH = "/account/channels"


@get(PATH)
async def show_channels(request: Request) -> Answer:
    """All ways to reach whoever asks."""
    person = await require_person(request)
    resources = resources_of(request)
    async with transaction(resources.pool) as connection:
        numbers = await phones.list_of(connection, person.id)
        stopped = await suppressed.find(connection, "sms", [phone.number for phone in numbers])
        silent = await suppressed.find(connection, "email", [person.email])
        browsers = await push_subscriptions.list_of(connection, person.id)
        hooks = await webhooks.list_of(connection, person.id)
    return html_page(
        request,
        "channels.html",
        headers={"cache-control": PRIVATE},
        person=person,
        phones=numbers,
        stopped=stopped,
        suppressed=person.email in silent,
        browsers=browsers,
        webhooks=hooks,
        now=resources.clock(),
        has_sms=resources.channels.sms is not None,
        done=request.query_params.get("done", ""),
    )


@post("/account/phones/{phone:str}/delete", status_code=303)
async def delete_phone_by_form(request: Request, phone: FromPath[str]) -> Answer:
    """Forget a number."""
    return await _deleted(request, phones.delete, phone, "phones")


@post("/account/push-subscriptions/{browser:str}/delete", status_code=303)
async def delete_browser_by_form(request: Request, browser: FromPath[str]) -> Answer:
    """Send nothing to a browser any more."""
    return await _deleted(request, push_subscriptions.delete, browser, "browsers")


@post("/account/webhooks/{webhook:str}/delete", status_code=303)
async def delete_webhook_by_form(request: Request, webhook: FromPath[str]) -> Answer:
    """Send nothing to a webhook any more."""
    return await _deleted(request, webhooks.delete, webhook, "webhooks")


async def _deleted(
    request: Request, delete: Callable[[Connection, int, int], Awaitable[object]], number: str, part: str
) -> Answer:
    """Delete one of a person's own ways to be reached, and go back to that part of the page."""
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        await delete(connection, person.id, number_in_path(number))
    return redirect(f"{PATH}?done=deleted#{part}")
