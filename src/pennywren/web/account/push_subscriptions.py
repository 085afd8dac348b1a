"""Browsers that show notifications."""

from importlib.resources import files
from typing import Final

from litestar import Response, delete, get, post
from litestar.params import FromPath

from pennywren.accounts import push_subscriptions
from pennywren.model.titles import plain_title
from pennywren.notify.channels.push.channel import check_endpoint
from pennywren.notify.channels.push.encrypting import read_keys
from pennywren.postgres.pool import transaction
from pennywren.web.rendering.pages import VARY, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.paths import number_in_path
from pennywren.web.shapes.channel_views import NewPushSubscription, PushKeyView, PushSubscriptionList, push_view
from pennywren.web.types import Answer, Request

_WORKER: Final = (files("pennywren.web") / "static" / "push-worker.js").read_bytes()
_OWN = {"cache-control": PRIVATE, "vary": VARY}


@get("/push/key")
async def show_push_key(request: Request) -> Answer:
    """The public key that a browser subscribes with."""
    key = resources_of(request).channels.vapid.public_key
    return Response(PushKeyView(key), headers={"cache-control": "public, max-age=3600"})


@get("/push-worker.js", uncounted=True)
async def show_push_worker(request: Request) -> Answer:
    """The script with which a browser shows what comes; from the root, so that it may serve all of our pages."""
    return Response(_WORKER, media_type="text/javascript", headers={"cache-control": "public, max-age=3600"})


@get("/account/push-subscriptions")
async def list_push_subscriptions(request: Request) -> Answer:
    """The browsers of whoever asks."""
    person = await require_person(request)
    if prefers_html(request.headers.get("accept")):
        return redirect("/account/channels#browsers")
    async with transaction(resources_of(request).pool) as connection:
        found = await push_subscriptions.list_of(connection, person.id)
    return Response(PushSubscriptionList([push_view(each) for each in found]), headers=_OWN)


@post("/account/push-subscriptions")
async def add_push_subscription(request: Request) -> Answer:
    """Let a browser show notifications; again with new keys."""
    person = await require_person(request)
    resources = resources_of(request)
    wish = await read_body(request, NewPushSubscription)
    check_endpoint(wish.endpoint, resources.settings.push_hosts)
    read_keys(wish.keys.p256dh, wish.keys.auth)
    name = plain_title(wish.name) or None
    async with transaction(resources.pool) as connection:
        made = await push_subscriptions.add(
            connection, person.id, wish.endpoint, wish.keys.p256dh, wish.keys.auth, name, wish.replaces
        )
    return Response(push_view(made), status_code=201, headers=_OWN)


@delete("/account/push-subscriptions/{browser:str}", status_code=200)
async def delete_push_subscription(request: Request, browser: FromPath[str]) -> Answer:
    """Send nothing to a browser any more."""
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        await push_subscriptions.delete(connection, person.id, number_in_path(browser))
    return Response(None, status_code=204, headers=_OWN)
