"""What those who run the installation see and do. To everybody else these pages do not exist."""

from typing import Annotated, Any, Final

from litestar import get, post
from litestar.params import FromPath
from msgspec import Meta

from pennywren.accounts import admins
from pennywren.accounts.people import Person, Plan
from pennywren.errors import NotFound
from pennywren.observe.drift import Kind
from pennywren.pipeline import drifting
from pennywren.pipeline.blocking import checked_reason, parse_subject, set_listening
from pennywren.pipeline.crawl_status import crawl_status
from pennywren.pipeline.trust_explaining import explain_reporter
from pennywren.postgres import admin_log
from pennywren.postgres.pool import transaction
from pennywren.web.rendering.pages import html_page, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.paths import number_in_path
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.views import Question
from pennywren.web.types import Answer, Request

ADMIN_PAGES: Final = (
    ("overview", "/admin"),
    ("reporters", "/admin/reporters"),
    ("egresses", "/admin/egresses"),
    ("unreadable", "/admin/unreadable"),
    ("plans", "/admin/plans"),
    ("trail", "/admin/trail"),
)
"""As the navigation lists them: the name in the catalogue, and the address."""
SHOWN: Final = 200_000
"""Characters of a page that could not be read."""
_TRAIL: Final = 200
_LONGEST: Final = 300
_COUNTS: Final = """
select (select count(*) from people) as people,
       (select count(*) from people where plan = 'plus') as plus,
       (select count(*) from people where created_at > now() - interval '7 days') as new_people,
       (select count(*) from subscriptions where state = 'active') as watches,
       (select count(distinct person_id) from subscriptions) as watchers,
       (select count(*) from suppressed_addresses) as suppressed,
       (select count(*) from installs where revoked_at is null) as installs
"""

Reason = Annotated[str, Meta(max_length=_LONGEST)]


class ListeningForm(Question):
    """A reporter or a network, whether it is to be blocked, and why."""

    subject: Annotated[str, Meta(max_length=200)]
    because: Reason
    action: Annotated[str, Meta(pattern="^(block|unblock)$")]


class PlanForm(Question):
    """Another plan, and why."""

    plan: Plan
    because: Reason


async def require_admin(request: Request) -> Person:
    """Who asks, who runs this installation.

    Raises:
        NotSignedIn: nobody that we know.
        NotFound: somebody who does not: to them there is nothing here.
    """
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        if not await admins.is_admin(connection, person.id):
            raise NotFound("There is no such page.")
    return person


def _page(request: Request, template: str, person: Person, **values: Any) -> Answer:
    return html_page(
        request, template, headers={"cache-control": PRIVATE}, person=person, admin_pages=ADMIN_PAGES, **values
    )


@get("/admin")
async def show_overview(request: Request) -> Answer:
    """The installation at a glance."""
    person = await require_admin(request)
    resources = resources_of(request)
    async with transaction(resources.pool) as connection:
        counts = await connection.fetchrow(_COUNTS)
        running = await admins.list_all(connection)
    return _page(
        request,
        "admin-overview.html",
        person,
        counts=dict(counts or {}),
        figures=await resources.status.read(),
        admins=running,
    )


async def _reporters_again(request: Request) -> Answer:
    return await _reporters(request, "")


@get("/admin/reporters")
@shown_again(_reporters_again)
async def show_reporters(request: Request) -> Answer:
    """One reporter, by its ID, and who was blocked lately."""
    return await _reporters(request, request.query_params.get("id", "").strip()[:200])


async def _reporters(request: Request, asked: str) -> Answer:
    person = await require_admin(request)
    resources = resources_of(request)
    found = None
    if asked and not parse_subject(asked).is_network:
        try:
            found = await explain_reporter(resources.store.raw, resources.pool, asked, resources.clock())
        except NotFound:
            found = None
    async with transaction(resources.pool) as connection:
        done = await admin_log.trail(connection, _TRAIL)
    return _page(
        request,
        "admin-reporters.html",
        person,
        asked=asked,
        found=found,
        done=[each for each in done if each.action in ("block", "unblock")],
        said=request.query_params.get("said", ""),
    )


@post("/admin/reporters", status_code=303)
@shown_again(_reporters_again)
async def change_listening(request: Request) -> Answer:
    """Block a reporter or a network and forget what it said, or listen to it again."""
    person = await require_admin(request)
    resources = resources_of(request)
    form = await read_body(request, ListeningForm)
    subject, because = parse_subject(form.subject), checked_reason(form.because)
    changed, _ = await set_listening(
        resources.store.raw,
        resources.pool,
        subject,
        because,
        resources.clock(),
        blocked=form.action == "block",
        who=_who(person),
    )
    return redirect(f"/admin/reporters?said={form.action if changed else 'same'}")


@get("/admin/egresses")
async def show_egresses(request: Request) -> Answer:
    """How crawling stands."""
    person = await require_admin(request)
    resources = resources_of(request)
    status = await crawl_status(resources.client, resources.settings, resources.clock())
    return _page(request, "admin-egresses.html", person, crawl=status)


@get("/admin/unreadable")
async def show_unreadable(request: Request) -> Answer:
    """What could not be read lately, and the pages that were kept of it."""
    person = await require_admin(request)
    resources = resources_of(request)
    now = resources.clock()
    tallies = await drifting.tallies(resources.client, now)
    kept = [(each, await drifting.samples(resources.client, each.kind)) for each in tallies]
    return _page(request, "admin-unreadable.html", person, kept=kept, percent=resources.settings.drift_percent)


@get("/admin/unreadable/{marketplace:str}/{layout:str}/{number:str}")
async def show_unreadable_page(
    request: Request, marketplace: FromPath[str], layout: FromPath[str], number: FromPath[str]
) -> Answer:
    """One page that could not be read, as text: it is never rendered."""
    person = await require_admin(request)
    kept = await drifting.samples(resources_of(request).client, Kind(marketplace, layout))
    at = number_in_path(number)
    if not 1 <= at <= len(kept):
        raise NotFound("This page is not kept any more: only the latest few are, for a week.")
    text = kept[at - 1].html().decode("utf-8", "replace")
    shown = _plain(text[:SHOWN])
    return _page(request, "admin-sample.html", person, page=kept[at - 1], text=shown, length=len(text), shown=SHOWN)


def _address_asked_for(request: Request) -> str:
    return request.query_params.get("email", "").strip()[:320]


async def _plans_unasked(request: Request) -> Answer:
    return await _plans(request, "")


@get("/admin/plans")
@shown_again(_plans_unasked)
async def show_plans(request: Request) -> Answer:
    """One person, by exactly their address, and their plan."""
    return await _plans(request, _address_asked_for(request))


async def _plans(request: Request, asked: str) -> Answer:
    person = await require_admin(request)
    found = None
    if asked:
        async with transaction(resources_of(request).pool) as connection:
            found = await admins.find_person(connection, asked)
    limits = resources_of(request).settings
    return _page(
        request,
        "admin-plans.html",
        person,
        asked=asked,
        found=found,
        limits={"free": limits.free_subscriptions, "plus": limits.plus_subscriptions},
        said=request.query_params.get("said", ""),
    )


async def _plans_again(request: Request, person_id: FromPath[str]) -> Answer:
    return await _plans(request, _address_asked_for(request))


@post("/admin/plans/{person_id:str}", status_code=303)
@shown_again(_plans_again)
async def change_plan(request: Request, person_id: FromPath[str]) -> Answer:
    """Put a person on another plan."""
    person = await require_admin(request)
    form = await read_body(request, PlanForm)
    because = checked_reason(form.because)
    async with transaction(resources_of(request).pool) as connection:
        changed = await admins.change_plan(
            connection, number_in_path(person_id), form.plan, who=_who(person), because=because
        )
    return redirect(f"/admin/plans?said={'plan' if changed else 'same'}")


@get("/admin/trail")
async def show_trail(request: Request) -> Answer:
    """What was changed by hand, by whom and why."""
    person = await require_admin(request)
    async with transaction(resources_of(request).pool) as connection:
        done = await admin_log.trail(connection, _TRAIL)
    return _page(request, "admin-trail.html", person, done=done)


def _who(person: Person) -> str:
    return f"person {person.id}"


def _plain(text: str) -> str:
    """`text` without what no page can hold: controls other than white space."""
    return "".join(each if each >= " " or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text)
