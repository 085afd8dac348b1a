"""Quiet for a while, by the link of a mail: GET shows buttons, POST acts; the token is the proof."""

from typing import Annotated, Final, Literal

from litestar import get, post
from litestar.params import FromPath
from msgspec import Meta

from pennywren.accounts import subscriptions
from pennywren.accounts.links import QUIET_WATCH
from pennywren.accounts.subscription import State, Subscription
from pennywren.errors import NotFound
from pennywren.language.speaking import Language
from pennywren.model.clock import DAY
from pennywren.pipeline.amending import Amendment
from pennywren.postgres import catalogue
from pennywren.postgres.pool import transaction
from pennywren.web.rendering.pages import VARY, html_page, language_of, plain_sentence
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.shapes.views import Question
from pennywren.web.types import Answer, Request

_OWN: Final = {"cache-control": PRIVATE, "vary": VARY}
_SNOOZES: Final = {"day": DAY, "week": 7 * DAY, "month": 30 * DAY}


class Tap(Question):
    """Which button was tapped."""

    action: Annotated[
        Literal["day", "week", "month", "pause", "resume"],
        Meta(description="Snooze for a `day`, a `week`, a `month`; `pause` until you `resume`."),
    ]


@get("/watch/{token:str}")
async def confirm_quiet(request: Request, token: FromPath[str]) -> Answer:
    """The page with the buttons; it changes nothing."""
    resources = resources_of(request)
    subscription_id = QUIET_WATCH.read(resources.unsubscribe_key, token)
    async with transaction(resources.pool) as connection:
        watch = await subscriptions.get_by_link(connection, subscription_id)
    return await _page(request, token, watch, done=False)


@post("/watch/{token:str}", status_code=200, from_anywhere=True)
async def quiet(request: Request, token: FromPath[str]) -> Answer:
    """Snooze, pause or resume the watch that the link names; the same tap twice is fine."""
    resources = resources_of(request)
    subscription_id = QUIET_WATCH.read(resources.unsubscribe_key, token)
    action = (await read_body(request, Tap)).action
    if action in _SNOOZES:
        amendment = Amendment(snoozed_until=resources.clock() + _SNOOZES[action])
    elif action == "pause":
        amendment = Amendment(state=State.PAUSED)
    else:
        amendment = Amendment(state=State.ACTIVE, snoozed_until=None)
    changed = await resources.subscribing.change_by_link(subscription_id, amendment)
    if prefers_html(request.headers.get("accept")):
        return await _page(request, token, changed.subscription if changed else None, done=True)
    if changed is None:
        raise NotFound("This watch is gone.")
    speaking = language_of(request)
    return plain_sentence(_now(changed.subscription, speaking), speaking, _OWN)


async def _page(request: Request, token: str, watch: Subscription | None, *, done: bool) -> Answer:
    name = watch and await catalogue.name_of(resources_of(request).pool, watch.product)
    return html_page(request, "quiet-watch.html", headers=_OWN, token=token, watch=watch, done=done, name=name)


def _now(watch: Subscription, speaking: Language) -> str:
    if watch.state is State.ACTIVE and watch.snoozed_until is not None:
        return speaking.say("quiet.sleeps", time=speaking.minute(watch.snoozed_until))
    return speaking.say(f"trace.{watch.state}")
