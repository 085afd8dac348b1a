"""Webhooks: added with a secret that is shown once, rotated, tried out, deleted."""

import secrets
from typing import Final

from litestar import Response, delete, get, post
from litestar.params import FromPath

from pennywren.accounts import webhooks
from pennywren.accounts.webhooks import Webhook
from pennywren.notify.channels.webhook.channel import WebhookAddress, ping_body
from pennywren.notify.channels.webhook.signing import derive_secret
from pennywren.notify.outgoing import checked_url, parse_networks
from pennywren.postgres.pool import transaction
from pennywren.store.limits import spend
from pennywren.web.account.channels_page import show_channels
from pennywren.web.rendering.pages import VARY, html_page, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.paths import number_in_path
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.channel_views import NewWebhook, WebhookList, WebhookTest, webhook_view
from pennywren.web.types import Answer, Request

TESTS_PER_HOUR: Final = 20
_PAGE: Final = "/account/channels#webhooks"

_OWN = {"cache-control": PRIVATE, "vary": VARY}


@get("/account/webhooks")
async def list_webhooks(request: Request) -> Answer:
    """The webhooks of whoever asks, without their secrets."""
    person = await require_person(request)
    if prefers_html(request.headers.get("accept")):
        return redirect(_PAGE)
    async with transaction(resources_of(request).pool) as connection:
        found = await webhooks.list_of(connection, person.id)
    return Response(WebhookList([webhook_view(each) for each in found]), headers=_OWN)


@post("/account/webhooks")
@shown_again(show_channels.fn)
async def add_webhook(request: Request) -> Answer:
    """Add a webhook: its secret is in this answer, and nowhere else."""
    person = await require_person(request)
    resources = resources_of(request)
    wish = await read_body(request, NewWebhook)
    checked_url(wish.url, parse_networks(",".join(resources.settings.webhook_networks)))
    async with transaction(resources.pool) as connection:
        made = await webhooks.add(connection, person.id, wish.url)
    return _with_secret(request, made, 201)


@post("/account/webhooks/{webhook:str}/rotate", status_code=200)
async def rotate_webhook(request: Request, webhook: FromPath[str]) -> Answer:
    """Sign with a new secret; the one before signs beside it for a day."""
    person = await require_person(request)
    resources = resources_of(request)
    async with transaction(resources.pool) as connection:
        found = await webhooks.rotate(connection, person.id, number_in_path(webhook), resources.clock())
    return _with_secret(request, found, 200)


@post("/account/webhooks/{webhook:str}/test", status_code=200)
async def test_webhook(request: Request, webhook: FromPath[str]) -> Answer:
    """Send a ping, and say what became of it."""
    person = await require_person(request)
    resources = resources_of(request)
    await spend(resources.client, "webhook-test", str(person.id), rate_per_hour=TESTS_PER_HOUR, burst=TESTS_PER_HOUR)
    async with transaction(resources.pool) as connection:
        found = await webhooks.get(connection, person.id, number_in_path(webhook))
    numbers = found.key_numbers(resources.clock())
    address = WebhookAddress(
        found.url, tuple(derive_secret(resources.webhook_key, found.id, number) for number in numbers)
    )
    error = await resources.channels.webhook.send(address, f"ping-{secrets.token_hex(8)}", ping_body())
    if prefers_html(request.headers.get("accept")):
        problem = None if error is None else error.message
        return html_page(request, "webhook-tested.html", headers=_OWN, person=person, webhook=found, problem=problem)
    return Response(WebhookTest(error is None, error.message if error else None), headers=_OWN)


@delete("/account/webhooks/{webhook:str}", status_code=200)
async def delete_webhook(request: Request, webhook: FromPath[str]) -> Answer:
    """Send nothing there any more."""
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        await webhooks.delete(connection, person.id, number_in_path(webhook))
    return Response(None, status_code=204, headers=_OWN)


def _with_secret(request: Request, of: Webhook, status: int) -> Answer:
    """A webhook with its secret, which is shown where it was just made and never again."""
    secret = derive_secret(resources_of(request).webhook_key, of.id, of.key_number)
    if prefers_html(request.headers.get("accept")):
        return html_page(request, "secret.html", headers=_OWN, kind="webhook", name=of.url, secret=secret, back=_PAGE)
    return Response(webhook_view(of, secret), status_code=status, headers=_OWN)
