"""Subscriptions over JSON: everything here belongs to whoever asks, and nothing else is seen."""

import asyncio

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath

from pennywren.accounts import subscriptions
from pennywren.model.product import ProductID
from pennywren.postgres.pool import transaction
from pennywren.web.product.price_seen import judge_price_seen, read_price_seen
from pennywren.web.rendering.pages import VARY, language_of
from pennywren.web.rendering.verdicts import verdict_view
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.limits import count_visit, spend_unless_known
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.paging import Paging
from pennywren.web.serving.shedding import refuse_late
from pennywren.web.shapes.subscription_views import amendment_of, subscribed_view, subscription_view, wish_of
from pennywren.web.shapes.views import NewSubscription, SubscriptionChange, SubscriptionList
from pennywren.web.shapes.watch_views import trace_view
from pennywren.web.types import Answer, Request
from pennywren.web.watch.watch_page import show_watch_page

_PAGING = Paging("subscriptions", 100)
_OWN = {"cache-control": PRIVATE}


@post("/subscriptions")
async def create_subscription(request: Request) -> Answer:
    """Watch a price, or whether there is one."""
    person = await require_person(request)
    resources = resources_of(request)
    wish = await read_body(request, NewSubscription)
    rule, terms = wish_of(wish)
    product = ProductID.parse(wish.product_id, resources.settings.default_marketplace)
    seen = await read_price_seen(request, product, wish.price_seen, "priceSeen") if wish.price_seen else None
    # What does not wait for another goes together: under load each step waits for those of everybody else.
    subscribing = resources.subscribing
    is_known, look = await asyncio.gather(spend_unless_known(request, product, person), subscribing.look(product))
    refuse_late(request)
    making = subscribing.subscribe(person.id, product, wish.offer, rule, wish.notification_type, terms, look)
    made, _ = await asyncio.gather(making, count_visit(request, product, person)) if is_known else (await making, None)
    view = subscribed_view(made)
    if seen is not None:
        view.verdict = verdict_view(await judge_price_seen(request, seen, person), language_of(request))
    return Response(view, status_code=201, headers={**_OWN, "location": f"/subscriptions/{made.subscription.id}"})


@get("/subscriptions")
async def list_subscriptions(request: Request) -> Answer:
    """The watches of whoever asks, by id, 100 a page."""
    person = await require_person(request)
    after = int(_PAGING.last_shown(request) or 0)
    resources = resources_of(request)
    asked = request.query_params.get("productID")
    product = None if asked is None else ProductID.parse(asked, resources.settings.default_marketplace)
    async with transaction(resources.pool) as connection:
        found = await subscriptions.list_of(connection, person.id, product=product, after=after, limit=_PAGING.size + 1)
    shown, following = _PAGING.cut(found, lambda watch: watch.id)
    return Response(SubscriptionList([subscription_view(one) for one in shown], following), headers=_OWN)


@get("/subscriptions/{subscription:str}")
async def show_subscription(request: Request, subscription: FromPath[str]) -> Answer:
    """One watch; a page with its forms for people."""
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        found = await subscriptions.get(connection, person.id, subscription_id(subscription))
    if prefers_html(request.headers.get("accept")):
        return await show_watch_page(request, person, found)
    return Response(subscription_view(found), headers={**_OWN, "vary": VARY})


@get("/subscriptions/{subscription:str}/trace")
async def trace_subscription(request: Request, subscription: FromPath[str]) -> Answer:
    """Why alerts of a watch came, or did not."""
    person = await require_person(request)
    resources = resources_of(request)
    async with transaction(resources.pool) as connection:
        found = await subscriptions.get(connection, person.id, subscription_id(subscription))
    speaking = language_of(request)
    trace = await resources.explainer.explain(found, speaking=speaking)
    return Response(trace_view(trace, speaking), headers={**_OWN, "content-language": speaking.code, "vary": VARY})


@patch("/subscriptions/{subscription:str}")
async def change_subscription(request: Request, subscription: FromPath[str]) -> Answer:
    """Another rule, which arms the watch anew; a pause, a snooze, an end, another period between two alerts."""
    person = await require_person(request)
    amendment = amendment_of(await read_body(request, SubscriptionChange))
    changed = await resources_of(request).subscribing.change(person.id, subscription_id(subscription), amendment)
    return Response(subscribed_view(changed), headers=_OWN)


@delete("/subscriptions/{subscription:str}", status_code=200)
async def delete_subscription(request: Request, subscription: FromPath[str]) -> Answer:
    """Stop watching."""
    person = await require_person(request)
    await resources_of(request).subscribing.cancel(person.id, subscription_id(subscription))
    return Response(None, status_code=204, headers=_OWN)


def subscription_id(text: str) -> int:
    """The id in a path; 0, which nobody has, for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
