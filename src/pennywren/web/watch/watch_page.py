"""The page of a watch, with a form for each thing that can be different about it, and why alerts came or did not."""

from typing import Annotated, Final, Literal

from litestar import post
from litestar.params import FromPath
from msgspec import UNSET, Meta

from pennywren.accounts import preferences, subscriptions
from pennywren.accounts.people import Person
from pennywren.accounts.subscription import NotificationType, State, Subscription
from pennywren.errors import BadInput
from pennywren.model.clock import DAY
from pennywren.model.rule import Base
from pennywren.pipeline.amending import Amendment
from pennywren.postgres.pool import transaction
from pennywren.web.rendering.pages import html_page, language_of, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.local_days import day_text, end_of_day
from pennywren.web.serving.paths import number_in_path
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.rule_form import RuleForm, form_of_rule, rule_of_form
from pennywren.web.shapes.views import Question
from pennywren.web.types import Answer, Request
from pennywren.web.watch.watch_rows import row_of

BASES: Final = tuple(base.value for base in Base)
REARMS: Final = (0, 3_600, 21_600, 86_400, 604_800, 2_592_000)
"""Periods between two alerts that the form offers, in seconds."""
_SNOOZES: Final = {"day": DAY, "week": 7 * DAY, "month": 30 * DAY}

Day = Annotated[str, Meta(max_length=10)]


class TermsForm(Question):
    """How a watch behaves; a box that is not ticked is not sent."""

    notification_type: NotificationType
    rearm_after: Annotated[str, Meta(max_length=10)] = ""
    """Seconds; empty for as the installation says."""
    once: Literal["yes", ""] = ""
    expires: Day = ""
    """The last day; empty for no end."""


class QuietForm(Question):
    """Which button was pressed."""

    action: Literal["pause", "resume", "day", "week", "month", "until"]
    until: Day = ""


async def show_watch_page(request: Request, person: Person, watch: Subscription) -> Answer:
    """The page of one of a person's watches."""
    resources = resources_of(request)
    async with transaction(resources.pool) as connection:
        said = await preferences.get(connection, person.id)
    row = await row_of(resources.pool, resources.store, watch)
    trace = await resources.explainer.explain(watch)
    return html_page(
        request,
        "watch.html",
        headers={"cache-control": PRIVATE},
        person=person,
        row=row,
        watch=watch,
        form=form_of_rule(watch.rule, watch.currency, language_of(request)),
        currency=watch.currency,
        bases=BASES,
        channels=[each.value for each in NotificationType],
        rearms=REARMS if watch.rearm_after in (None, *REARMS) else (*REARMS, watch.rearm_after),
        expires="" if watch.expires_at is None else day_text(watch.expires_at, said.time_zone),
        changes=trace.changes,
        done=request.query_params.get("done", ""),
    )


async def _again(request: Request, subscription: FromPath[str]) -> Answer:
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        watch = await subscriptions.get(connection, person.id, number_in_path(subscription))
    return await show_watch_page(request, person, watch)


@post("/account/subscriptions/{subscription:str}/rule", status_code=303)
@shown_again(_again)
async def change_rule(request: Request, subscription: FromPath[str]) -> Answer:
    """What it waits for: arms the watch anew."""
    person = await require_person(request)
    resources, id_ = resources_of(request), number_in_path(subscription)
    form = await read_body(request, RuleForm)
    async with transaction(resources.pool) as connection:
        watch = await subscriptions.get(connection, person.id, id_)
    rule = rule_of_form(form, watch.currency)
    if rule != watch.rule:
        await resources.subscribing.change(person.id, id_, Amendment(rule=rule))
    return redirect(f"/subscriptions/{id_}?done=saved")


@post("/account/subscriptions/{subscription:str}/terms", status_code=303)
@shown_again(_again)
async def change_terms(request: Request, subscription: FromPath[str]) -> Answer:
    """Over which channel, how often, and until when; a period or an end that the page did not change stays as it is."""
    person = await require_person(request)
    resources, id_ = resources_of(request), number_in_path(subscription)
    form = await read_body(request, TermsForm)
    async with transaction(resources.pool) as connection:
        watch = await subscriptions.get(connection, person.id, id_)
        zone = (await preferences.get(connection, person.id)).time_zone
    shown = "" if watch.expires_at is None else day_text(watch.expires_at, zone)
    amendment = Amendment(
        notification_type=form.notification_type,
        rearm_after=_seconds(form.rearm_after),
        once=form.once == "yes",
        expires_at=UNSET if form.expires == shown else _last_day(form.expires, zone),
    )
    await resources.subscribing.change(person.id, id_, amendment)
    return redirect(f"/subscriptions/{id_}?done=saved")


@post("/account/subscriptions/{subscription:str}/quiet", status_code=303)
@shown_again(_again)
async def change_quiet(request: Request, subscription: FromPath[str]) -> Answer:
    """Pause, snooze, go on."""
    person = await require_person(request)
    resources, id_ = resources_of(request), number_in_path(subscription)
    form = await read_body(request, QuietForm)
    if form.action == "pause":
        amendment = Amendment(state=State.PAUSED)
    elif form.action == "resume":
        amendment = Amendment(state=State.ACTIVE, snoozed_until=None)
    elif form.action == "until":
        async with transaction(resources.pool) as connection:
            zone = (await preferences.get(connection, person.id)).time_zone
        amendment = Amendment(snoozed_until=end_of_day(form.until, zone, "until"))
    else:
        amendment = Amendment(snoozed_until=resources.clock() + _SNOOZES[form.action])
    await resources.subscribing.change(person.id, id_, amendment)
    return redirect(f"/subscriptions/{id_}?done=saved")


def _last_day(text: str, zone: str) -> int | None:
    return end_of_day(text, zone, "expires") if text else None


def _seconds(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise BadInput("The time between two alerts must be a whole number of seconds.", field="rearmAfter")
    return int(text)
