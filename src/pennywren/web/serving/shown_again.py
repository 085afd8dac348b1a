"""A form that cannot be carried out is shown again: with what was typed, and with what is wrong beside the field."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs

from pennywren.errors import PennywrenError
from pennywren.web.rendering.pages import language_of
from pennywren.web.serving.body import MOST_FIELDS, UnusableBody, is_form
from pennywren.web.serving.counting import note_refusal
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.problems import INTERNAL, detail_of, headers_of, kind_of
from pennywren.web.serving.refilling import Refused, refill
from pennywren.web.types import Answer, Request

Handler: TypeAlias = Callable[..., Awaitable[Any]]
"""A route's function: a request, and what its path has."""

_MULTIPART: Final = "multipart/form-data"


def shown_again(page: Handler) -> Callable[[Handler], Handler]:
    """Let the form that a handler takes be shown again by `page`, which takes the same, if it cannot be carried out.

    Programs get the problem, as ever; so does a browser whose form is not on that page, or that may not see it.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        async def tried(request: Request, **path: Any) -> Answer:
            try:
                return await handler(request=request, **path)
            except PennywrenError as error:
                if not prefers_html(request.headers.get("accept")):
                    raise
                answer = await _again(request, error, lambda: page(request=request, **path))
                if answer is None:
                    raise
                return answer

        return tried

    return decorate


async def _again(request: Request, error: PennywrenError, page: Callable[[], Awaitable[Answer]]) -> Answer | None:
    kind = kind_of(error)
    typed = None if kind is INTERNAL else await _typed(request)
    if typed is None:
        return None
    try:
        answer = await page()
    except PennywrenError:
        return None
    speaking = language_of(request)
    if isinstance(error, UnusableBody):
        message = speaking.say("again.unusable")
    else:
        message = detail_of(error, speaking) or speaking.say(f"problem_meanings.{kind.slug}")
    shown = answer.content.decode() if isinstance(answer.content, bytes) else str(answer.content)
    filled = refill(shown, Refused(request.scope["path"], typed, message, error.field), speaking.say("again.title"))
    if filled is None:
        return None
    note_refusal(request.scope, error)
    answer.content = filled
    answer.status_code = kind.status
    answer.headers.pop("etag", None)
    answer.headers.update(headers_of(error))
    return answer


async def _typed(request: Request) -> Mapping[str, Sequence[str]] | None:
    """The fields as they were sent; None where it was no form."""
    if request.method == "GET":
        return {name: [value] for name, value in request.query_params.items()}
    kind = request.headers.get("content-type", "").lower()
    if kind.startswith(_MULTIPART):
        form: Any = await request.form()
        return {name: [value] for name, value in form.items() if isinstance(value, str)}
    raw = await request.body()
    if not is_form(request, raw):
        return None
    try:
        return parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
