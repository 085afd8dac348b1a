"""The watch form of a product page: at once for who is signed in, by a link in a mail for everybody else."""

from typing import Annotated

from litestar import get, post
from litestar.params import FromPath
from msgspec import Meta

from pennywren.accounts.pending_watches import PendingWatch, find
from pennywren.errors import NotSignedIn
from pennywren.model.money import MAX_PRICE, MIN_PRICE
from pennywren.postgres import catalogue
from pennywren.postgres.pool import transaction
from pennywren.web.product.price_seen import judge_price_seen, read_price_seen, told_page
from pennywren.web.product.products import show_product
from pennywren.web.rendering.pages import html_page, language_of, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import person_or_none
from pennywren.web.serving.limits import spend_for_unknown
from pennywren.web.serving.network import network_of
from pennywren.web.serving.paths import product_in_path
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.rule_form import typed_amount
from pennywren.web.shapes.views import PriceSeen, Question
from pennywren.web.types import Answer, Request

_OWN = {"cache-control": PRIVATE}


class WatchForm(Question):
    """An amount as typed, or a target of a button in minor units; an address of who is not signed in."""

    amount: Annotated[str, Meta(max_length=30)] = ""
    suggested: Annotated[int, Meta(ge=MIN_PRICE, le=MAX_PRICE)] | None = None
    email: Annotated[str, Meta(max_length=320)] = ""
    price_seen: PriceSeen = ""


@post("/products/{product:str}/watch", status_code=303)
@shown_again(show_product.fn)
async def watch_product(request: Request, product: FromPath[str]) -> Answer:
    """Tell me by mail at this price."""
    person = await person_or_none(request)
    resources = resources_of(request)
    id_ = product_in_path(product, resources.settings.default_marketplace)
    form = await read_body(request, WatchForm)
    state = await resources.store.product(id_)
    currency = state.currency if state else id_.market.currency
    threshold = typed_amount(form.amount, currency, "amount") if form.suggested is None else form.suggested
    if person is None and not form.email.strip():
        raise NotSignedIn("Say where to write to: an e-mail address is all that we need.", field="email")
    seen = await read_price_seen(request, id_, form.price_seen, "priceSeen") if form.price_seen else None
    await spend_for_unknown(request, id_, person)
    if person is not None:
        made = await resources.watching_by_mail.set_target(person.id, id_, threshold)
        if seen is None:
            return redirect(f"/account#watch-{made}")
        return told_page(request, id_, await judge_price_seen(request, seen, person), made)
    speaking = language_of(request)
    titles = await catalogue.titles(resources.pool, [id_])
    await resources.watching_by_mail.ask(
        PendingWatch(form.email, id_, threshold),
        titles.get(id_, str(id_)),
        speaking.money(threshold, currency),
        network_of(request),
        speaking,
    )
    told = None if seen is None else await judge_price_seen(request, seen, None)
    return html_page(
        request, "watch-sent.html", status=202, headers=_OWN, email=form.email.strip(), product=id_, told=told
    )


@get("/begin/{token:str}")
async def show_watch_link(request: Request, token: FromPath[str]) -> Answer:
    """The page with the button; it changes nothing."""
    resources = resources_of(request)
    async with transaction(resources.pool) as connection:
        wish = await find(connection, token, resources.clock())
    state = await resources.store.product(wish.product)
    titles = await catalogue.titles(resources.pool, [wish.product])
    price = language_of(request).money(wish.threshold, state.currency if state else wish.product.market.currency)
    title = titles.get(wish.product, str(wish.product))
    return html_page(
        request, "watch-confirm.html", headers=_OWN, token=token, title=title, price=price, product=wish.product,
        done=False,
    )  # fmt: skip


@post("/begin/{token:str}", status_code=200)
async def confirm_watch(request: Request, token: FromPath[str]) -> Answer:
    """Make the watch."""
    resources = resources_of(request)
    product = await resources.watching_by_mail.confirm(token, language_of(request).code)
    return html_page(
        request, "watch-confirm.html", headers=_OWN, token=token, title="", price="", product=product, done=True
    )
