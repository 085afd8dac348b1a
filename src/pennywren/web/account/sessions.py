"""The sessions of whoever asks: listed, and ended from elsewhere. It takes a session: no access token sees others."""

from litestar import Response, delete, get, post
from litestar.params import FromPath

from pennywren.accounts import sessions
from pennywren.model.clock import rfc3339
from pennywren.postgres.pool import transaction
from pennywren.web.rendering.pages import VARY, redirect
from pennywren.web.resources import resources_of
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person, session_token
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.paging import Paging
from pennywren.web.serving.paths import number_in_path
from pennywren.web.shapes.session_views import SessionLine, SessionList
from pennywren.web.types import Answer, Request

_OWN = {"cache-control": PRIVATE, "vary": VARY}
_PAGING = Paging("sessions", 100)
_HERE = "/account/connections#sessions"


@get("/account/sessions")
async def list_sessions(request: Request) -> Answer:
    """Where whoever asks is signed in."""
    person = await require_person(request)
    if prefers_html(request.headers.get("accept")):
        return redirect(_HERE)
    resources = resources_of(request)
    last = _PAGING.last_shown(request)
    async with transaction(resources.pool) as connection:
        found = await sessions.list_of(
            connection,
            person.id,
            resources.clock(),
            session_token(request),
            before=None if last is None else int(last),
            limit=_PAGING.size + 1,
        )
    shown, following = _PAGING.cut(found, lambda session: session.id)
    lines = [
        SessionLine(each.kind, rfc3339(each.created_at), rfc3339(each.expires_at), each.current, each.id)
        for each in shown
    ]
    return Response(SessionList(lines, following), headers=_OWN)


@delete("/account/sessions/{session:str}", status_code=200)
async def delete_session(request: Request, session: FromPath[str]) -> Answer:
    """End a session."""
    await _end(request, session)
    return Response(None, status_code=204, headers=_OWN)


@post("/account/sessions/{session:str}/end", status_code=303)
async def end_session(request: Request, session: FromPath[str]) -> Answer:
    """The form of a session: end it."""
    await _end(request, session)
    return redirect(_HERE)


@post("/account/sessions/end-others", status_code=303)
async def end_other_sessions(request: Request) -> Answer:
    """End all sessions but this one."""
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        await sessions.end_others(connection, person.id, session_token(request) or "")
    return redirect(_HERE)


async def _end(request: Request, session: str) -> None:
    person = await require_person(request)
    async with transaction(resources_of(request).pool) as connection:
        await sessions.end(connection, person.id, number_in_path(session))
