"""The list of one's watches, and the forms of a line of it; amounts are typed as people write them."""

from typing import Annotated

from litestar import get, post
from litestar.params import FromPath
from msgspec import Meta

from pennywren.accounts import admins, subscriptions
from pennywren.accounts.subscription import NotificationType
from pennywren.model.rule import PriceAtOrBelow
from pennywren.notify import suppressed
from pennywren.pipeline.amending import Amendment
from pennywren.postgres.pool import transaction
from pennywren.web.account.feeds import alternate, feed_address
from pennywren.web.rendering.pages import html_page, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.paths import number_in_path
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.rule_form import typed_amount
from pennywren.web.shapes.views import Question
from pennywren.web.types import Answer, Request
from pennywren.web.watch.subscriptions import subscription_id
from pennywren.web.watch.watch_rows import SHOWS, SORTS, watch_page

_OWN = {"cache-control": PRIVATE}


class Amount(Question):
    """A target as typed: `12.99`."""

    amount: Annotated[str, Meta(max_length=30)]


@get("/account")
async def show_account(request: Request) -> Answer:
    """The watches of whoever asks: how each stands, what was decided about it last, and forms for several at once."""
    person = await require_person(request)
    resources = resources_of(request)
    query = request.query_params
    sort, show = SORTS.get(query.get("sort", ""), "added"), SHOWS.get(query.get("show", ""), "all")
    page = await watch_page(
        resources.pool, resources.store, person.id, sort=sort, show=show,
        number=number_in_path(query.get("page", "1")), now=resources.clock(),
    )  # fmt: skip
    async with transaction(resources.pool) as connection:
        stopped = await suppressed.find(connection, "email", [person.email])
        runs_it = await admins.is_admin(connection, person.id)
    feed = await feed_address(resources, person)
    return html_page(
        request,
        "account.html",
        headers={**_OWN, **alternate(feed)},
        person=person,
        feed=feed,
        runs_it=runs_it,
        page=page,
        sort=sort,
        sorts=SORTS,
        show=show,
        shows=SHOWS,
        channels=[each.value for each in NotificationType],
        suppressed=person.email in stopped,
        done=number_in_path(query["done"]) if "done" in query else None,
        left=number_in_path(query.get("left", "0")),
    )


async def _list_again(request: Request, subscription: FromPath[str]) -> Answer:
    return await show_account.fn(request)


@post("/account/subscriptions/{subscription:str}", status_code=303)
@shown_again(_list_again)
async def change_watch(request: Request, subscription: FromPath[str]) -> Answer:
    """The form of a watch: another target."""
    person = await require_person(request)
    resources = resources_of(request)
    id_ = subscription_id(subscription)
    form = await read_body(request, Amount)
    async with transaction(resources.pool) as connection:
        watch = await subscriptions.get(connection, person.id, id_)
    rule = PriceAtOrBelow(typed_amount(form.amount, watch.currency))
    await resources.subscribing.change(person.id, id_, Amendment(rule=rule))
    return redirect(f"/account#watch-{id_}")


@post("/account/subscriptions/{subscription:str}/delete", status_code=303)
async def delete_watch(request: Request, subscription: FromPath[str]) -> Answer:
    """The form of a watch: stop watching."""
    person = await require_person(request)
    await resources_of(request).subscribing.cancel(person.id, subscription_id(subscription))
    return redirect("/account")
