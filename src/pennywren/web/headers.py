"""Headers that every answer carries, errors included."""

from typing import Final

from litestar.types import Message, Scope

from pennywren.web.counting import rate_headers

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
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

_DEFAULTS: Final = [(n.encode(), v.encode()) for n, v in {**_ALWAYS, "cache-control": "no-store"}.items()]

PUBLIC: Final = "public, max-age=60, stale-while-revalidate=600"
PRIVATE: Final = "private, no-store"


def with_defaults(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """`headers` and what is missing of those of every answer; what says nothing about caching is not to be kept."""
    names = {name.lower() for name, _ in headers}
    return headers + [(name, value) for name, value in _DEFAULTS if name not in names]


async def add_headers(message: Message, scope: Scope) -> None:
    """Add the headers of every answer, as a hook of the framework."""
    if message["type"] == "http.response.start":
        message["headers"] = with_defaults([*message["headers"], *rate_headers(scope["state"])])
