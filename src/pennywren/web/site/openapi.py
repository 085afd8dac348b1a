"""The API in OpenAPI 3.1, from the table of operations; the shapes come from `views`, so they are what is read.

A table, because several operations take a form or JSON, and answer a page or JSON, which a description generated
from the handlers cannot say.
"""

from typing import Any, Final, cast

import msgspec

from pennywren import __version__
from pennywren.web.operations import OPERATIONS
from pennywren.web.operations.examples import EXAMPLES_OF, TEXTS
from pennywren.web.operations.operation import FORM, HTML, JSON, Operation
from pennywren.web.operations.parameters import EXAMPLES, PARAMETERS, REQUIRED, SCHEMAS
from pennywren.web.serving import paging
from pennywren.web.serving.problems import KINDS, MEDIA_TYPE, Kind, Problem

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
    409: "A conflict",
    413: "Too large",
    422: "The Idempotency-Key belongs to another request",
    429: "Too many requests",
    500: "A fault of ours",
    503: "A part is not reachable",
}


_SECURITY: Final[dict[str, list[dict[str, list[str]]]]] = {
    "open": [],
    "person": [{"bearer": []}, {"session": []}],
    "install": [{"install": []}],
    "pairing": [{"pairing": []}],
}


_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same request again with the same key gets the answer of the first time; for a day.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
    "example": "0c1f3a52-6d0e-4c58-9b5e-2f1d8c1b7a10",
}
_UNCOUNTED: Final = ("getHealth", "getMetrics", "takeSms", "takeMailEvents")
"""What no limit refuses."""


def build_document() -> dict[str, Any]:
    """The whole description."""
    structs = [Problem, *dict.fromkeys(struct for operation in OPERATIONS for struct in operation.shapes)]
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
                "install": {"type": "http", "scheme": "bearer", "description": "The token of an install."},
                "pairing": {"type": "http", "scheme": "bearer", "description": "The token of a pairing."},
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A session's token, or an access token.",
                },
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-pennywren"},
            },
        },
    }


def _is_once(operation: Operation) -> bool:
    """Whether an Idempotency-Key is looked at; what gateways and providers send is known again by itself."""
    return operation.method == "post" and not operation.path.startswith("/hooks/")


def _described(operation: Operation) -> dict[str, Any]:
    statuses = {*operation.problems, *((401,) if operation.auth != "open" else ()), 500, 503}
    if not operation.any_query:
        statuses.add(400)
    if operation.method != "get" or operation.auth == "person":
        statuses.add(403)
    if _is_once(operation):
        statuses |= {400, 409, 422}
    if operation.id not in _UNCOUNTED:
        statuses.add(429)
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {
            **{str(status): _problem(status) for status in sorted(statuses)},
            **{str(status): _answer(operation, status, what) for status, what in operation.answers.items()},
        },
        "security": _SECURITY[operation.auth],
        **({"x-scope": operation.scope} if operation.scope else {}),
    }
    if operation.body:
        kinds = (JSON, FORM) if operation.form else (JSON,)
        described["requestBody"] = {"required": True, "content": dict.fromkeys(kinds, _content(operation.body))}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    in_path = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    text = {"type": "string"}
    return [
        *(
            {"name": n, "in": "path", "required": True, "description": PARAMETERS[n], "schema": text, **_example(n)}
            for n in in_path
        ),
        *((_KEY,) if _is_once(operation) else ()),
        *(_in_query(operation, name, text) for name, text in operation.query.items()),
    ]


def _in_query(operation: Operation, name: str, text: str) -> dict[str, Any]:
    described = {"name": name, "in": "query", "description": text, "schema": SCHEMAS.get(name, {"type": "string"})}
    example = {"example": _next_of(operation)} if name == paging.PARAMETER else _example(name)
    return {**described, **({"required": True} if name in REQUIRED else {}), **example}


def _next_of(operation: Operation) -> str:
    """A cursor of a list: what the example of its answer has for the page after it."""
    shape = cast("type[msgspec.Struct]", operation.answers[200])
    return str(EXAMPLES_OF[shape.__name__]["next"])


def _example(name: str) -> dict[str, str]:
    return {"example": EXAMPLES[name]} if name in EXAMPLES else {}


def _problem(status: int) -> dict[str, Any]:
    examples = {
        kind.slug: {"summary": kind.title, "value": _problem_of(kind)}
        for kind in KINDS.values()
        if kind.status == status
    }
    content: dict[str, Any] = {
        MEDIA_TYPE: {"schema": _reference(Problem), "examples": examples},
        HTML: _text_content(HTML),
    }
    return {"description": _REASONS[status], "content": content}


def _problem_of(kind: Kind) -> dict[str, Any]:
    told = Problem(kind.type, kind.title, kind.status, kind.meaning, "/the/address/that/was/asked")
    return msgspec.to_builtins(told)


def _answer(operation: Operation, status: int, what: Any) -> dict[str, Any]:
    described: dict[str, Any] = {"description": _REASONS[status]}
    if what is None:
        return described
    if isinstance(what, tuple) and isinstance(what[0], type):
        described["content"] = {JSON: _one_of(cast("tuple[type[msgspec.Struct], ...]", what))}
    elif isinstance(what, str | tuple):
        kinds = cast("tuple[str, ...]", (what,) if isinstance(what, str) else what)
        described["content"] = {kind: _text_content(kind) for kind in kinds}
    else:
        described["content"] = {JSON: {"schema": {}} if what is True else _content(what)}
    if operation.html:
        described["content"][HTML] = _text_content(HTML)
    return described


def _text_content(kind: str) -> dict[str, Any]:
    """What is no JSON; pictures are bytes, of which no example can be written."""
    example = TEXTS.get(kind)
    return {"schema": {"type": "string"}, **({} if example is None else {"example": example})}


def _content(struct: type[msgspec.Struct]) -> dict[str, Any]:
    example = EXAMPLES_OF.get(struct.__name__)
    return {"schema": _reference(struct), **({} if example is None else {"example": example})}


def _one_of(structs: tuple[type[msgspec.Struct], ...]) -> dict[str, Any]:
    """Several shapes, of which an answer has one."""
    examples = {each.__name__: {"value": EXAMPLES_OF[each.__name__]} for each in structs}
    return {"schema": {"anyOf": [_reference(each) for each in structs]}, "examples": examples}


def _reference(struct: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{struct.__name__}"}


def fields_of(struct: type[msgspec.Struct]) -> list[tuple[str, str, bool]]:
    """The fields of a body: name, what it is, and whether it must be given."""
    schema: dict[str, Any] = msgspec.json.schema_components([struct])[1][struct.__name__]
    needed = schema.get("required", [])
    return [(name, _in_words(each), name in needed) for name, each in schema["properties"].items()]


def _in_words(schema: dict[str, Any]) -> str:
    kinds = [schema, *schema.get("anyOf", [])]
    description = next((kind["description"] for kind in kinds if "description" in kind), "")
    named = [str(kind["type"]) for kind in kinds if "type" in kind and kind["type"] != "null"]
    choices = next((kind["$ref"].rpartition("/")[2] for kind in kinds if "$ref" in kind), "")
    return " ".join(filter(None, [" or ".join(named) or choices, description]))


def example_of(operation: Operation) -> str | None:
    """How to call an operation with curl; None for what only a link in a mail leads to."""
    path = operation.path
    for name, value in EXAMPLES.items():
        path = path.replace(f"{{{name}}}", value)
    if "{" in path:
        return None
    parts = ["curl"]
    if operation.method not in ("get", "post") or (operation.method == "post" and operation.body is None):
        parts.append(f"-X {operation.method.upper()}")
    if operation.auth == "person":
        parts.append("-H 'Authorization: Bearer …'")
    query = "&".join(f"{name}={EXAMPLES[name]}" for name in operation.query if name in REQUIRED)
    address = f"https://pennywren.example{path}"
    parts.append(f"'{address}?{query}'" if query else address)
    if operation.body:
        example = EXAMPLES_OF.get(operation.body.__name__)
        if example is None:
            return None
        parts.append(f"--json '{msgspec.json.encode(example).decode()}'")
    return " ".join(parts)


def answer_of(operation: Operation) -> str | None:
    """What an operation answers when all is well, as JSON that is laid out; None where it answers none."""
    for struct in operation.shapes:
        if struct is not operation.body and struct.__name__ in EXAMPLES_OF:
            return msgspec.json.format(msgspec.json.encode(EXAMPLES_OF[struct.__name__]), indent=2).decode()
    return None


DOCUMENT: Final = msgspec.json.encode(build_document())
