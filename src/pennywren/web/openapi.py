"""The API in OpenAPI 3.1, from the table of operations; the shapes come from `views`, so they are what is read.

A table, because several operations take a form or JSON, and answer a page or JSON, which a description generated
from the handlers cannot say.
"""

from typing import Any, Final

import msgspec

from pennywren import __version__
from pennywren.history.answer import History
from pennywren.web import channel_views, views, watch_views
from pennywren.web.operation import FORM, HTML, JSON, Operation
from pennywren.web.operations import OPERATIONS, PARAMETERS
from pennywren.web.problems import MEDIA_TYPE, Problem
from pennywren.web.proofs import ProofView
from pennywren.web.quiet_watch import Tap

_REASONS: Final = {
    200: "Here it is",
    201: "Made",
    202: "Accepted",
    204: "Done",
    304: "You have it already",
    400: "Input that cannot be used",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    409: "It exists",
    413: "Too large",
    429: "Too many requests",
    500: "A fault of ours",
    503: "A part is not reachable",
}


def build_document() -> dict[str, Any]:
    """The whole description."""
    structs = [
        views.ProductView,
        views.TrackedView,
        views.NewProduct,
        views.NewSubscription,
        views.SubscriptionChange,
        views.SubscriptionView,
        views.SubscriptionList,
        views.SignInRequest,
        views.SignInSent,
        views.SessionView,
        views.StatusView,
        views.HealthView,
        *channel_views.SHAPES,
        *watch_views.SHAPES,
        Tap,
        History,
        ProofView,
        Problem,
    ]
    _, components = msgspec.json.schema_components(structs, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pennywren",
            "version": __version__,
            "description": "Prices are integers in minor units of their currency. Errors are RFC 9457 problems.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-pennywren"},
            },
        },
    }


def _described(operation: Operation) -> dict[str, Any]:
    statuses = {*operation.problems, *((401,) if operation.auth == "person" else ()), 500, 503}
    if operation.method != "get":
        statuses.add(403)
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {
            **{str(status): _problem(status) for status in sorted(statuses)},
            **{str(status): _answer(operation, status, what) for status, what in operation.answers.items()},
        },
        "security": [{"bearer": []}, {"session": []}] if operation.auth == "person" else [],
    }
    if operation.body:
        kinds = (JSON, FORM) if operation.form else (JSON,)
        schema = _reference(operation.body)
        described["requestBody"] = {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    in_path = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    text = {"type": "string"}
    return [
        *({"name": n, "in": "path", "required": True, "description": PARAMETERS[n], "schema": text} for n in in_path),
        *({"name": n, "in": "query", "description": d, "schema": text} for n, d in operation.query.items()),
    ]


def _problem(status: int) -> dict[str, Any]:
    content: dict[str, Any] = {MEDIA_TYPE: {"schema": _reference(Problem)}, HTML: {}}
    return {"description": _REASONS[status], "content": content}


def _answer(operation: Operation, status: int, what: Any) -> dict[str, Any]:
    described: dict[str, Any] = {"description": _REASONS[status]}
    if what is None:
        return described
    if isinstance(what, str):
        described["content"] = {what: {"schema": {"type": "string"}}}
    else:
        described["content"] = {JSON: {"schema": {} if what is True else _reference(what)}}
    if operation.html:
        described["content"][HTML] = {"schema": {"type": "string"}}
    return described


def _reference(struct: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{struct.__name__}"}


DOCUMENT: Final = msgspec.json.encode(build_document())
