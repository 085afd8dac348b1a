"""The description of the API as a page, made from the same table as `/openapi.json`."""

from dataclasses import dataclass
from typing import Final

from litestar import Response, get

from pennywren.web.operations import OPERATIONS
from pennywren.web.operations.operation import Operation
from pennywren.web.operations.parameters import PARAMETERS
from pennywren.web.rendering.pages import html_page
from pennywren.web.site.openapi import DOCUMENT, answer_of, example_of, fields_of
from pennywren.web.types import Answer, Request

_KEPT: Final = {"cache-control": "public, max-age=300"}


@dataclass(frozen=True, slots=True)
class Described:
    """One operation as the page shows it."""

    operation: Operation
    parameters: list[tuple[str, str]]
    fields: list[tuple[str, str, bool]]
    """Of the body: name, what it is, and whether it must be given."""
    example: str | None
    answer: str | None
    """What it answers when all is well, as JSON that is laid out; None for no JSON."""


def describe(operation: Operation) -> Described:
    """An operation with its parameters, the fields of its body, and an example of a call."""
    in_path = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    return Described(
        operation,
        [*((name, PARAMETERS[name]) for name in in_path), *operation.query.items()],
        fields_of(operation.body) if operation.body else [],
        example_of(operation),
        answer_of(operation),
    )


_DESCRIBED: Final = [describe(operation) for operation in OPERATIONS]


@get("/developers")
async def show_developers(request: Request) -> Answer:
    """Every operation, with what it takes and what it answers."""
    return html_page(request, "developers.html", headers=_KEPT, described=_DESCRIBED)


@get("/openapi.json")
async def show_openapi(request: Request) -> Answer:
    """The API, described in OpenAPI 3.1."""
    return Response(DOCUMENT, media_type="application/json", headers=_KEPT)
