"""The preferences of whoever asks, as a page."""

from typing import Annotated, Any, Final, Literal
from zoneinfo import available_timezones

import msgspec
from litestar import post
from msgspec import Meta

from pennywren.accounts import preferences
from pennywren.accounts.people import Person
from pennywren.accounts.preferences import CHANNELS, DIGESTS, Preferences, minute_text, parse_minute
from pennywren.errors import BadInput
from pennywren.language.catalogue import LANGUAGES
from pennywren.language.speaking import language
from pennywren.postgres.pool import transaction
from pennywren.web.rendering.pages import VARY, html_page, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.views import Question
from pennywren.web.types import Answer, Request

PATH: Final = "/account/preferences"
LOCALES: Final = (
    "en", "en-US", "en-GB", "en-CA", "en-AU", "en-IN", "de", "de-AT", "de-CH", "fr", "fr-CA", "es", "es-MX", "it", "nl",
    "sv", "pl", "pt-BR", "tr", "ja", "ar-AE", "ar-EG",
)  # fmt: skip
ZONES: Final = tuple(sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


class PreferencesForm(Question):
    """The whole page; what is empty is none."""

    language: Annotated[str, Meta(max_length=10)] = ""
    locale: Annotated[str, Meta(max_length=35)] = "en"
    time_zone: Annotated[str, Meta(max_length=64)] = "UTC"
    channels: list[str] = msgspec.field(default_factory=list[str])
    quiet_from: Annotated[str, Meta(max_length=5)] = ""
    quiet_to: Annotated[str, Meta(max_length=5)] = ""
    digest: Literal["off", "daily", "weekly"] = "off"
    digest_hour: Annotated[int, Meta(ge=0, le=23)] = 8
    digest_weekday: Annotated[int, Meta(ge=1, le=7)] = 1
    weekly_budget: Annotated[str, Meta(max_length=6)] = ""


def preferences_page(request: Request, person: Person, found: Preferences) -> Answer:
    """The page with what is wanted now."""
    return html_page(
        request,
        "preferences.html",
        headers={"cache-control": PRIVATE, "vary": VARY},
        person=person,
        said=found,
        # Whoever looks for theirs may not read this one.
        languages={code: language(code).name_of(code) for code in LANGUAGES},
        locales=LOCALES if found.locale in LOCALES else (found.locale, *LOCALES),
        zones=ZONES,
        channels=CHANNELS,
        digests=DIGESTS,
        quiet=("", "") if found.quiet is None else tuple(minute_text(each) for each in found.quiet),
        done=request.query_params.get("done", ""),
    )


async def _again(request: Request) -> Answer:
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        return preferences_page(request, person, await preferences.get(connection, person.id))


@post(PATH, status_code=303)
@shown_again(_again)
async def change_preferences_by_form(request: Request) -> Answer:
    """The form of that page."""
    person = await require_person(request)
    form = await read_body(request, PreferencesForm)
    async with transaction(resources_of(request).pool) as connection:
        await preferences.change(connection, person.id, _changes(form))
    return redirect(f"{PATH}?done=saved")


def _changes(form: PreferencesForm) -> dict[str, Any]:
    if bool(form.quiet_from) != bool(form.quiet_to):
        raise BadInput(
            "Quiet hours have a beginning and an end: fill in both, or neither.",
            field="quietTo" if form.quiet_from else "quietFrom",
        )
    budget = form.weekly_budget.strip()
    if budget and not (budget.isascii() and budget.isdigit()):
        raise BadInput(
            "The number of messages a week must be a whole number, or empty for any number.", field="weeklyBudget"
        )
    return {
        "language": form.language or None,
        "locale": form.locale,
        "time_zone": form.time_zone.strip(),
        "channels": tuple(each for each in form.channels if each),
        "quiet": (parse_minute(form.quiet_from), parse_minute(form.quiet_to)) if form.quiet_from else None,
        "digest": form.digest,
        "digest_hour": form.digest_hour,
        "digest_weekday": form.digest_weekday,
        "weekly_budget": int(budget) if budget else None,
    }
