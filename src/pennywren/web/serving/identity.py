"""Who asks: a session cookie, a session's bearer token or an access token, looked up once for each request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from pennywren.accounts import access_tokens
from pennywren.accounts.access_tokens import AccessToken, Scope
from pennywren.accounts.people import Person
from pennywren.accounts.sessions import LIFETIME, signed_in
from pennywren.errors import Forbidden, MissingScope, NotSignedIn, Unavailable
from pennywren.settings import Settings
from pennywren.web.rendering.pages import SPOKEN
from pennywren.web.resources import resources_of

Connected = ASGIConnection[Any, Any, Any, Any]
_PREFIX: Final = "Bearer "
_CALLER: Final = "caller"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody that we know, and the access token that said so; None for a session."""

    person: Person
    token: AccessToken | None = None


def cookie_name(settings: Settings) -> str:
    """`__Host-` binds the cookie to this host over https; plain http on a loopback address cannot have it."""
    return "__Host-pennywren" if _is_https(settings) else "pennywren"


def session_cookie(settings: Settings, token: str) -> Cookie:
    """The cookie of a session."""
    return Cookie(
        key=cookie_name(settings),
        value=token,
        max_age=LIFETIME["cookie"] // 1000,
        path="/",
        secure=_is_https(settings),
        httponly=True,
        samesite="lax",
    )


def ended_cookie(settings: Settings) -> Cookie:
    """The cookie that makes a browser forget its session."""
    return Cookie(
        key=cookie_name(settings), value="", max_age=0, path="/", secure=_is_https(settings), httponly=True,
        samesite="lax",
    )  # fmt: skip


def bearer_token(request: Connected) -> str | None:
    """The token of the Authorization header."""
    header = request.headers.get("authorization", "")
    return header[len(_PREFIX) :].strip() if header[: len(_PREFIX)].lower() == _PREFIX.lower() else None


def session_token(request: Connected) -> str | None:
    """The token that this request shows, from either place; a bearer token goes before a cookie."""
    resources = resources_of(request)
    return bearer_token(request) or request.cookies.get(cookie_name(resources.settings))


async def caller_of(request: Connected) -> Caller | None:
    """Who asks, looked up once for each request; None for nobody that we know.

    Raises:
        Unavailable: the database is not reachable.
    """
    state = request.scope["state"]
    if _CALLER not in state:
        state[_CALLER] = caller = await _look_up(request)
        state[SPOKEN] = caller.person.chosen_language if caller else None
    return state[_CALLER]


async def person_or_none(request: Connected) -> Person | None:
    """Who asks, or None.

    Raises:
        MissingScope: an access token that may not do this.
        Forbidden: no access token may.
        Unavailable: the database is not reachable.
    """
    caller = await caller_of(request)
    if caller is None:
        return None
    if caller.token is not None:
        _require_scope(request, caller.token)
    return caller.person


async def require_person(request: Connected) -> Person:
    """Who asks.

    Raises:
        NotSignedIn: nobody that we know.
        MissingScope: an access token that may not do this.
        Forbidden: no access token may.
        Unavailable: the database is not reachable.
    """
    person = await person_or_none(request)
    if person is None:
        raise NotSignedIn("Sign in first: this belongs to an account.")
    return person


async def _look_up(request: Connected) -> Caller | None:
    resources = resources_of(request)
    bearer, now = bearer_token(request), resources.clock()
    if bearer is not None and bearer.startswith(access_tokens.PREFIX):
        held = await access_tokens.holder_of(resources.pool, bearer, now)
        return None if held is None else Caller(*held)
    shown = bearer or request.cookies.get(cookie_name(resources.settings))
    if shown is None:
        return None
    person = await signed_in(resources.pool, shown, "cookie" if bearer is None else "bearer", now)
    return None if person is None else Caller(person)


def operation_of(connection: Connected) -> tuple[str, str]:
    """Method and path under which an operation has its row."""
    method = connection.scope["method"] if connection.scope["type"] == "http" else ""
    return method.lower(), connection.scope["path_template"]


async def require_scope(connection: Connected) -> None:
    """A token does what its scopes say, also where anybody may ask without one.

    Raises:
        MissingScope: an access token that may not do this.
    """
    if _needed(connection) is None:
        return
    try:
        caller = await caller_of(connection)
    except Unavailable:
        return
    if caller is not None and caller.token is not None:
        _require_scope(connection, caller.token)


def _needed(connection: Connected) -> Scope | None:
    """The scope that stands in an operation's row."""
    scopes: Mapping[tuple[str, str], Scope | None] = connection.app.state.scopes
    return scopes.get(operation_of(connection))


def _require_scope(request: Connected, token: AccessToken) -> None:
    """What has no row is for people with a session."""
    needed = _needed(request)
    if needed is None:
        raise Forbidden("No access token may do this: sign in.")
    if needed not in token.scopes:
        raise MissingScope(
            f"This access token may not do this: it lacks the scope {needed}. Make one that has it.", scope=needed
        )


def _is_https(settings: Settings) -> bool:
    return settings.base_url.startswith("https://")
