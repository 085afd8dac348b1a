"""A watch of any kind, of any of a product's prices: what the form of its page leaves out."""

from typing import Annotated, Final

from litestar import get, post
from msgspec import Meta

from pennywren.accounts.subscription import NotificationType
from pennywren.model.money import MIN_PRICE
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import PriceAtOrBelow
from pennywren.postgres import catalogue
from pennywren.web.rendering.pages import html_page, language_of, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.limits import spend_for_unknown
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.rule_form import RuleForm, form_of_rule, rule_of_form
from pennywren.web.types import Answer, Request
from pennywren.web.watch.watch_page import BASES

_LESS: Final = 90
"""The target that the form begins with is so many percent of the price now."""


class NewWatchForm(RuleForm, kw_only=True):
    """Which price of which product, and over which channel, beside the rule."""

    product: Annotated[str, Meta(max_length=4096)]
    offer: Offer = Offer.BUYBOX
    notification_type: NotificationType = NotificationType.EMAIL


@get("/account/watch")
async def ask_watch(request: Request) -> Answer:
    """The form for a `product`."""
    return await _ask(request, request.query_params.get("product", ""))


async def _ask(request: Request, typed: str) -> Answer:
    person = await require_person(request)
    resources = resources_of(request)
    product = ProductID.parse(typed[:4096], resources.settings.default_marketplace)
    state = await resources.store.product(product)
    titles = await catalogue.titles(resources.pool, [product])
    offers = state.offers if state else {}
    currency = state.currency if state else product.market.currency
    main = offers.get(Offer.BUYBOX)
    form = form_of_rule(PriceAtOrBelow(MIN_PRICE), currency, language_of(request))
    form["below"] = ""
    if main is not None and main.last_price is not None:
        form["below"] = language_of(request).figure(max(main.last_price * _LESS // 100, MIN_PRICE), currency)
    return html_page(
        request,
        "watch-new.html",
        headers={"cache-control": PRIVATE},
        person=person,
        product=product,
        title=titles.get(product) or str(product),
        offers=[each.value for each in Offer],
        prices={each.value: known.price for each, known in offers.items()},
        currency=currency,
        form=form,
        bases=BASES,
        channels=[each.value for each in NotificationType],
    )


async def _again(request: Request) -> Answer:
    return await _ask(request, (await read_body(request, NewWatchForm)).product)


@post("/account/watch", status_code=303)
@shown_again(_again)
async def make_watch(request: Request) -> Answer:
    """Watch it."""
    person = await require_person(request)
    resources = resources_of(request)
    form = await read_body(request, NewWatchForm)
    product = ProductID.parse(form.product, resources.settings.default_marketplace)
    state = await resources.store.product(product)
    rule = rule_of_form(form, state.currency if state else product.market.currency)
    await spend_for_unknown(request, product, person)
    made = await resources.subscribing.subscribe(person.id, product, form.offer, rule, form.notification_type)
    return redirect(f"/subscriptions/{made.subscription.id}?done=saved")
