"""Headers that every answer carries, errors included."""

from collections.abc import Awaitable, Callable
from typing import Final

from litestar.types import Message, Scope

from pennywren.settings import Settings
from pennywren.web.serving.counting import rate_headers

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)

_ALWAYS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not no-referrer: with it browsers send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=(), "
    "browsing-topics=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

_SECURE: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
"""Only where we are reached over https: browsers ignore it elsewhere, and a machine at home has no certificate."""

_DEFAULTS: Final = [(n.encode(), v.encode()) for n, v in {**_ALWAYS, "cache-control": "no-store"}.items()]

PUBLIC: Final = "public, max-age=60, stale-while-revalidate=600"
PRIVATE: Final = "private, no-store"


def is_secure(settings: Settings) -> bool:
    """Whether people reach us over https."""
    return settings.base_url.startswith("https://")


def with_defaults(headers: list[tuple[bytes, bytes]], *, secure: bool) -> list[tuple[bytes, bytes]]:
    """`headers` and what is missing of those of every answer; what says nothing about caching is not to be kept."""
    names = {name.lower() for name, _ in headers}
    found = headers + [(name, value) for name, value in _DEFAULTS if name not in names]
    return [*found, _SECURE] if secure else found


def adding_headers(settings: Settings) -> Callable[[Message, Scope], Awaitable[None]]:
    """A hook of the framework that adds the headers of every answer."""
    secure = is_secure(settings)

    async def add_headers(message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = with_defaults([*message["headers"], *rate_headers(scope["state"])], secure=secure)

    return add_headers
