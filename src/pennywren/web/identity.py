"""Who asks: a session cookie or a bearer token, looked up when a handler wants to know."""

from typing import Final

from litestar.datastructures import Cookie

from pennywren.accounts.people import Person
from pennywren.accounts.sessions import LIFETIME, signed_in
from pennywren.errors import NotSignedIn
from pennywren.settings import Settings
from pennywren.web.resources import resources_of
from pennywren.web.types import Request

_PREFIX: Final = "Bearer "


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


def bearer_token(request: Request) -> str | None:
    """The token of the Authorization header."""
    header = request.headers.get("authorization", "")
    return header[len(_PREFIX) :].strip() if header[: len(_PREFIX)].lower() == _PREFIX.lower() else None


def session_token(request: Request) -> str | None:
    """The token that this request shows, from either place; a bearer token goes before a cookie."""
    resources = resources_of(request)
    return bearer_token(request) or request.cookies.get(cookie_name(resources.settings))


async def person_or_none(request: Request) -> Person | None:
    """Who asks, or None."""
    resources = resources_of(request)
    bearer = bearer_token(request)
    if bearer is not None:
        return await signed_in(resources.pool, bearer, "bearer", resources.clock())
    cookie = request.cookies.get(cookie_name(resources.settings))
    return None if cookie is None else await signed_in(resources.pool, cookie, "cookie", resources.clock())


async def require_person(request: Request) -> Person:
    """Who asks.

    Raises:
        NotSignedIn: nobody that we know.
    """
    person = await person_or_none(request)
    if person is None:
        raise NotSignedIn("Sign in first: this belongs to an account.")
    return person


def _is_https(settings: Settings) -> bool:
    return settings.base_url.startswith("https://")
