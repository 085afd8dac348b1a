"""After a purchase: whoever bought something hears of it if it gets cheaper while it can be returned."""

from contextlib import suppress
from typing import Annotated, Final

from litestar import get, post
from msgspec import Meta

from pennywren.accounts import preferences
from pennywren.accounts.people import Person
from pennywren.accounts.subscription import NotificationType, State, Subscription
from pennywren.errors import BadInput, BadProduct
from pennywren.model.clock import DAY
from pennywren.model.money import MIN_PRICE
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import PriceAtOrBelow
from pennywren.pipeline.amending import Amendment, Terms
from pennywren.postgres import catalogue
from pennywren.postgres.pool import transaction
from pennywren.web.product.price_seen import judge_price_seen, read_price_seen, told_page
from pennywren.web.rendering.pages import html_page, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.limits import spend_for_unknown
from pennywren.web.serving.local_days import day_text, end_of_day
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.rule_form import typed_amount
from pennywren.web.shapes.views import Question
from pennywren.web.types import Answer, Request
from pennywren.web.watch.watch_page import Day
from pennywren.web.watch.watch_rows import held_by

RETURN_DAYS: Final = 30
"""What the form begins with; shops mostly allow as long."""


class BoughtForm(Question):
    """What was bought, for how much, and until when it can be returned."""

    product: Annotated[str, Meta(max_length=4096)]
    paid: Annotated[str, Meta(max_length=30)]
    bought: Day
    until: Day
    shown: bool = False
    """Whether it is what the shop shows everybody now."""


@get("/account/bought")
async def ask_bought(request: Request) -> Answer:
    """The form; with a `product`, for that one."""
    return await _ask(request, request.query_params.get("product", ""))


async def _ask(request: Request, typed: str) -> Answer:
    person = await require_person(request)
    resources = resources_of(request)
    typed = typed[:4096]
    async with transaction(resources.pool) as connection:
        zone = (await preferences.get(connection, person.id)).time_zone
    product = title = paid = None
    # What is no product stays in the field.
    with suppress(BadProduct):
        product = ProductID.parse(typed, resources.settings.default_marketplace) if typed else None
    if product is not None:
        title = (await catalogue.titles(resources.pool, [product])).get(product) or str(product)
        state = await resources.store.product(product)
        offer = state.offers.get(Offer.BUYBOX) if state else None
        paid = offer.last_price if offer else None
    now = resources.clock()
    return html_page(
        request,
        "bought.html",
        headers={"cache-control": PRIVATE},
        person=person,
        typed=typed,
        product=product,
        title=title,
        paid=paid,
        today=day_text(now, zone),
        until=day_text(now + RETURN_DAYS * DAY, zone),
    )


async def _again(request: Request) -> Answer:
    return await _ask(request, (await read_body(request, BoughtForm)).product)


@post("/account/bought", status_code=303)
@shown_again(_again)
async def watch_bought(request: Request) -> Answer:
    """Watch for less than was paid until the last day; a watch of that price becomes this one."""
    person = await require_person(request)
    resources = resources_of(request)
    form = await read_body(request, BoughtForm)
    product = ProductID.parse(form.product, resources.settings.default_marketplace)
    state = await resources.store.product(product)
    paid = typed_amount(form.paid, state.currency if state else product.market.currency, "paid")
    async with transaction(resources.pool) as connection:
        zone = (await preferences.get(connection, person.id)).time_zone
    bought, until = end_of_day(form.bought, zone, "bought"), end_of_day(form.until, zone, "until")
    if bought - DAY > resources.clock():
        raise BadInput("The day on which you bought it must not lie in the future.", field="bought")
    if until < bought:
        raise BadInput("The last day for a return must not lie before the day on which you bought it.", field="until")
    if until <= resources.clock():
        raise BadInput("The last day for a return is over: there is nothing to watch for any more.", field="until")
    if paid <= MIN_PRICE:
        raise BadInput("Nothing can be cheaper than that.", field="paid")
    seen = await read_price_seen(request, product, form.paid, "paid") if form.shown else None
    made = await _watch(request, person, product, PriceAtOrBelow(paid - 1), until)
    if seen is None:
        return redirect(f"/subscriptions/{made}?done=saved")
    return told_page(request, product, await judge_price_seen(request, seen, person), made)


async def _watch(request: Request, person: Person, product: ProductID, rule: PriceAtOrBelow, until: int) -> int:
    """Make the watch, or amend the one that there is; its id."""
    resources = resources_of(request)
    held = _of_this_price(await held_by(resources.pool, person.id), product)
    if held is not None:
        amendment = Amendment(rule=rule, expires_at=until, state=State.ACTIVE, snoozed_until=None)
        await resources.subscribing.change(person.id, held.id, amendment)
        return held.id
    await spend_for_unknown(request, product, person)
    made = await resources.subscribing.subscribe(
        person.id, product, Offer.BUYBOX, rule, NotificationType.EMAIL, Terms(expires_at=until)
    )
    return made.subscription.id


def _of_this_price(held: list[Subscription], product: ProductID) -> Subscription | None:
    """The watch that a target of this product's price by mail is already."""
    return next(
        (
            each
            for each in held
            if each.product == product
            and each.offer is Offer.BUYBOX
            and each.notification_type is NotificationType.EMAIL
            and isinstance(each.rule, PriceAtOrBelow)
        ),
        None,
    )
