"""Several watches changed at once: those that were ticked in the list."""

from typing import Annotated, Literal

import msgspec
from litestar import post
from msgspec import Meta

from pennywren.accounts import subscriptions
from pennywren.accounts.subscription import NotificationType, State, Subscription
from pennywren.errors import BadInput, Conflict, NotFound
from pennywren.model.money import MAX_PRICE, MIN_PRICE
from pennywren.model.rule import PriceAtOrAbove, PriceAtOrBelow
from pennywren.pipeline.amending import Amendment
from pennywren.postgres.pool import transaction
from pennywren.web.account.watch_list import show_account
from pennywren.web.rendering.pages import redirect
from pennywren.web.resources import Resources, resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.rule_form import typed_percent
from pennywren.web.shapes.views import Question
from pennywren.web.types import Answer, Request

_WHOLE = 10_000


class BulkForm(Question):
    """Which watches, which button, and what the button's fields say."""

    action: Literal["pause", "resume", "delete", "target", "channel"]
    id: list[int] = msgspec.field(default_factory=list[int])
    percent: Annotated[str, Meta(max_length=10)] = ""
    """How far the target moves: -5 is 5 % less."""
    of: Literal["target", "price"] = "target"
    """What the percentage is of: the target as it is, or the price now."""
    notification_type: NotificationType = NotificationType.EMAIL


@post("/account/subscriptions", status_code=303)
@shown_again(show_account.fn)
async def change_watches(request: Request) -> Answer:
    """Do the same to all that were ticked; what cannot be done to one is counted and does not stop the others."""
    person = await require_person(request)
    resources = resources_of(request)
    form = await read_body(request, BulkForm)
    if not form.id:
        raise BadInput("Tick at least one watch first.", field="id")
    percent = typed_percent(form.percent, -99, 1000, "percent") if form.action == "target" else 0.0
    done = left = 0
    for id_ in dict.fromkeys(form.id):
        try:
            if form.action == "delete":
                await resources.subscribing.cancel(person.id, id_)
                done += 1
            elif (amendment := await _amendment(resources, person.id, id_, form, percent)) is None:
                left += 1
            else:
                await resources.subscribing.change(person.id, id_, amendment)
                done += 1
        except (NotFound, Conflict):
            left += 1
    return redirect(f"/account?done={done}&left={left}")


async def _amendment(
    resources: Resources, person_id: int, id_: int, form: BulkForm, percent: float
) -> Amendment | None:
    match form.action:
        case "pause":
            return Amendment(state=State.PAUSED)
        case "resume":
            return Amendment(state=State.ACTIVE, snoozed_until=None)
        case "channel":
            return Amendment(notification_type=form.notification_type)
        case _:
            async with transaction(resources.pool) as connection:
                watch = await subscriptions.get(connection, person_id, id_)
            return await _moved(resources, watch, percent, of_price=form.of == "price")


async def _moved(resources: Resources, watch: Subscription, percent: float, *, of_price: bool) -> Amendment | None:
    """The target moved by a percentage; None for a watch that has no target in money, or while there is no price."""
    if not isinstance(watch.rule, PriceAtOrBelow | PriceAtOrAbove):
        return None
    base: int | None = watch.rule.threshold
    if of_price:
        state = await resources.store.product(watch.product)
        offer = state.offers.get(watch.offer) if state and state.currency == watch.currency else None
        base = offer.price if offer else None
    if base is None:
        return None
    target = min(max(base * (_WHOLE + round(percent * 100)) // _WHOLE, MIN_PRICE), MAX_PRICE)
    return Amendment(rule=type(watch.rule)(target))
