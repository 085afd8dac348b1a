"""The account page and its forms, which work without JavaScript; amounts are typed as people write them."""

from typing import Annotated

from litestar import get, post
from litestar.params import FromPath
from msgspec import Meta

from pennywren.accounts import subscriptions
from pennywren.model.rule import PriceAtOrBelow
from pennywren.pipeline.amending import Amendment
from pennywren.postgres import catalogue
from pennywren.postgres.pool import transaction
from pennywren.web.body import read_body
from pennywren.web.headers import PRIVATE
from pennywren.web.identity import require_person
from pennywren.web.pages import html_page, redirect
from pennywren.web.resources import resources_of
from pennywren.web.subscriptions import subscription_id
from pennywren.web.types import Answer, Request
from pennywren.web.views import Question
from pennywren.web.watching import amount_in

_PAGE = 100
_OWN = {"cache-control": PRIVATE}


class Amount(Question):
    """A target as typed: `12.99`."""

    amount: Annotated[str, Meta(max_length=30)]


@get("/account")
async def show_account(request: Request) -> Answer:
    """The watches of whoever asks, with what each price is now."""
    person = await require_person(request)
    resources = resources_of(request)
    after = subscription_id(request.query_params.get("after", "0"))
    async with transaction(resources.pool) as connection:
        watches = await subscriptions.list_of(connection, person.id, after=after, limit=_PAGE)
    products = [watch.product for watch in watches]
    titles = await catalogue.titles(resources.pool, products)
    states = await resources.store.products(products)
    prices = [state.offers.get(watch.offer) if state else None for watch, state in zip(watches, states, strict=True)]
    return html_page(
        request,
        "account.html",
        headers=_OWN,
        person=person,
        watches=list(zip(watches, prices, strict=True)),
        titles=titles,
        next=watches[-1].id if len(watches) == _PAGE else None,
    )


@post("/account/subscriptions/{subscription:str}", status_code=303)
async def change_watch(request: Request, subscription: FromPath[str]) -> Answer:
    """The form of a watch: another target."""
    person = await require_person(request)
    resources = resources_of(request)
    id_ = subscription_id(subscription)
    form = await read_body(request, Amount)
    async with transaction(resources.pool) as connection:
        watch = await subscriptions.get(connection, person.id, id_)
    rule = PriceAtOrBelow(amount_in(form.amount, watch.currency))
    await resources.subscribing.change(person.id, id_, Amendment(rule=rule))
    return redirect(f"/account#watch-{id_}")


@post("/account/subscriptions/{subscription:str}/delete", status_code=303)
async def delete_watch(request: Request, subscription: FromPath[str]) -> Answer:
    """The form of a watch: stop watching."""
    person = await require_person(request)
    await resources_of(request).subscribing.cancel(person.id, subscription_id(subscription))
    return redirect("/account")
