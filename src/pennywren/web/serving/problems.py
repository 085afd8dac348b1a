"""What went wrong, as RFC 9457 problems: the one map from our errors to statuses, JSON or a page by Accept."""

import logging
import math
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import msgspec
from litestar import Response
from litestar.exceptions import HTTPException
from redis.exceptions import RedisError

from pennywren import errors
from pennywren.language.speaking import Language
from pennywren.web.rendering.pages import VARY, html_page, language_of
from pennywren.web.serving.counting import note_refusal
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.paths import own_path
from pennywren.web.types import Answer, Request

_log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem; its `type` is the address of a page of ours that explains it."""

    slug: str
    status: int
    title: str
    meaning: str

    @property
    def type(self) -> str:
        """The stable URI that programs compare."""
        return f"/problems/{self.slug}"


class Problem(msgspec.Struct, frozen=True):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str


class ProblemKind(msgspec.Struct, frozen=True):
    """What a problem's `type` means."""

    type: str
    title: str
    status: int
    meaning: str


class CrossSite(errors.Forbidden):
    """This request came from another site, so it was not carried out."""


BAD_INPUT: Final = Kind(
    "bad-input",
    400,
    "Input that cannot be used",
    "A field, the body or a parameter is not as it must be; the detail says which.",
)
INTERNAL: Final = Kind(
    "internal", 500, "Something broke on our side", "A fault of ours. It was logged; trying again later may help."
)
NOT_FOUND: Final = Kind(
    "not-found", 404, "Not found", "There is no such thing here, or it belongs to somebody else: both look the same."
)

_OURS: Final[dict[type[errors.PennywrenError], Kind]] = {
    errors.PennywrenError: INTERNAL,
    errors.BadInput: BAD_INPUT,
    errors.BadProduct: Kind(
        "bad-product", 400, "Not a product", "Write an ASIN, a product link of a marketplace, or MARKETPLACE:ASIN."
    ),
    errors.BadQuery: Kind(
        "bad-query",
        400,
        "A question that cannot be answered",
        "A parameter is not known here, cannot be read, or contradicts another one; the detail says which.",
    ),
    errors.NotFound: NOT_FOUND,
    errors.NotSignedIn: Kind(
        "not-signed-in",
        401,
        "Sign in first",
        "A session cookie or a bearer token is needed, or the one that came is over.",
    ),
    errors.Forbidden: Kind("forbidden", 403, "Not allowed", "You are known, but this is not allowed."),
    errors.PlanLimit: Kind(
        "plan-limit",
        403,
        "Your plan's limit is reached",
        "A plan allows a number of subscriptions; the detail says how many.",
    ),
    errors.MissingScope: Kind(
        "missing-scope",
        403,
        "The access token may not do this",
        "An access token does what its scopes say; the detail names the one that is needed. Make a token that has it.",
    ),
    CrossSite: Kind(
        "cross-site", 403, "Sent from another site", "A write with a session cookie must come from a page of ours."
    ),
    errors.RateLimited: Kind(
        "too-many-requests", 429, "Too many requests", "Wait as many seconds as the Retry-After header says."
    ),
    errors.Conflict: Kind(
        "conflict", 409, "Conflict", "It is there already, or something else changed it at the same time."
    ),
    errors.InProgress: Kind(
        "in-progress",
        409,
        "Being worked on",
        "The same request with the same Idempotency-Key has not been answered yet; send it again in a moment.",
    ),
    errors.KeyReused: Kind(
        "key-reused",
        422,
        "The Idempotency-Key belongs to another request",
        "A key stands for one request for a day: another body, another address or another Accept needs another key.",
    ),
    errors.Unavailable: Kind(
        "unavailable",
        503,
        "A part is not reachable right now",
        "Try again after as many seconds as the Retry-After header says.",
    ),
    errors.DeliveryError: Kind(
        "not-delivered", 503, "The mail could not be sent", "The mail server did not take it; try again in a moment."
    ),
}

_FAULTS: Final = (
    RedisError,
    asyncpg.InterfaceError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
)
"""What a part of ours raises that is down, going down or full."""

_FRAMEWORKS: Final[dict[int, Kind]] = {
    404: NOT_FOUND,
    405: Kind("method-not-allowed", 405, "Method not allowed", "This address exists, but not for this method."),
    413: Kind("too-large", 413, "Too large", "The body is larger than 64 kB."),
}

KINDS: Final[dict[str, Kind]] = {kind.slug: kind for kind in (*_OURS.values(), *_FRAMEWORKS.values())}


def kind_of(error: Exception) -> Kind:
    """The kind of problem that an error is; unexpected errors are INTERNAL."""
    if isinstance(error, errors.PennywrenError):
        return next(_OURS[cls] for cls in type(error).__mro__ if cls in _OURS)
    if isinstance(error, HTTPException):
        if error.status_code < 500:
            return _FRAMEWORKS.get(error.status_code, BAD_INPUT)
        return INTERNAL
    return INTERNAL


def answer_error(request: Request, error: Exception) -> Answer:
    """The exception handler of the whole application."""
    if isinstance(error, _FAULTS):
        _log.warning("a part does not answer: %s", error)
        error = errors.Unavailable()
    note_refusal(request.scope, error)
    kind = kind_of(error)
    if kind is INTERNAL:
        _log.error("unexpected error in %s %s", request.method, _route(request), exc_info=error)
    headers = headers_of(error)
    problem = problem_of(error, request.scope["path"])
    if prefers_html(request.headers.get("accept")):
        known, speaking = f"problems.{kind.slug}", language_of(request)
        title = speaking.say(known) if speaking.has(known) else kind.title
        detail = detail_of(error, speaking)
        return html_page(
            request, "problem.html", status=kind.status, headers=headers, problem=problem, kind=kind, title=title,
            detail=detail, back=_back(request),
            pasted=problem.instance.removeprefix("/products/") if problem.instance.startswith("/products/") else "",
        )  # fmt: skip
    return Response(msgspec.json.encode(problem), status_code=kind.status, media_type=MEDIA_TYPE, headers=headers)


def _back(request: Request) -> str:
    """Where whoever signs in first goes on: to the page that was asked for, or that has the form which was sent."""
    if request.method != "GET":
        return _page_of_form(request)
    query: bytes = request.scope["query_string"]
    return own_path(quote(request.scope["path"]) + (f"?{query.decode('latin-1')}" if query else ""))


def _page_of_form(request: Request) -> str:
    """The page of ours that browsers name, as our Referrer-Policy lets them; empty for any other."""
    try:
        page = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    if page.netloc != request.headers.get("host"):
        return ""
    return own_path(urlunsplit(("", "", page.path, page.query, "")))


def problem_of(error: Exception, instance: str) -> Problem:
    """An error as the JSON that tells it; `instance` is the address that it is about."""
    kind = kind_of(error)
    return Problem(kind.type, kind.title, kind.status, plain(_detail(kind, error)), plain(instance))


def detail_of(error: Exception, speaking: Language) -> str | None:
    """What an error says for a person, in their language; None where that has no words but those of its kind."""
    kind = kind_of(error)
    if isinstance(error, errors.PennywrenError) and kind is not INTERNAL:
        told = speaking.detail(error.message)
        return None if told is None else plain(_sentence(told))
    return speaking.say("problem.no_page" if kind is NOT_FOUND else f"problem_meanings.{kind.slug}")


def _detail(kind: Kind, error: Exception) -> str:
    if isinstance(error, errors.PennywrenError) and kind is not INTERNAL:
        return _sentence(error.message)
    return kind.meaning


def _sentence(text: str) -> str:
    """`text` with a capital letter and a full stop: messages are written to follow a colon, too."""
    first, space, rest = text.partition(" ")
    capital = first.capitalize() if first.isalpha() and first.islower() else first
    return f"{capital}{space}{rest}" + ("" if text.endswith((".", "!", "?")) else ".")


def plain(text: str) -> str:
    """`text` as it can be written in UTF-8: what comes back of a request's own words may be anything."""
    return text.encode("utf-8", "replace").decode()


def headers_of(error: Exception) -> dict[str, str]:
    """What goes with an error: not kept, and when to come back or what to show where that is known."""
    headers = {"cache-control": "no-store", "vary": VARY}
    if isinstance(error, errors.RateLimited | errors.Unavailable | errors.InProgress):
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after)))
    if isinstance(error, errors.NotSignedIn):
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, errors.MissingScope):
        headers["www-authenticate"] = f'Bearer error="insufficient_scope", scope="{error.scope}"'
    if isinstance(error, HTTPException) and error.headers and "allow" in error.headers:
        headers["allow"] = error.headers["allow"]
    return headers


def _route(request: Request) -> Any:
    """The route's template: the path itself may carry a token."""
    return request.scope.get("path_template", "an unknown path")
