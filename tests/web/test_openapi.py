"""The description of the API against the application."""

import html
import re
from pathlib import Path
from typing import Any

import httpx
import msgspec

from pennywren.web.app import HANDLERS
from pennywren.web.operations import OPERATIONS
from pennywren.web.operations.examples import EXAMPLES_OF
from pennywren.web.serving.problems import KINDS
from pennywren.web.site.openapi import build_document

PAGES = {
    "GET /",
    "GET /about",
    "GET /privacy",
    "GET /developers",
    "GET /static/{name}",
    "POST /products/list",
    "GET /products/{product}/live",
    "GET /begin/{token}",
    "POST /begin/{token}",
    "GET /account/data.json",
    "GET /account/watches.csv",
    "POST /account/delete",
    "GET /static/build/{name}",
    "GET /push-worker.js",
    "GET /sign-in",
    "GET /sign-in/{token}",
    "GET /account",
    "GET /pair/{token}",
    "POST /pair/{token}",
    "GET /account/connections",
    "POST /account/connections",
    "POST /account/connections/{access_token}/end",
    "POST /products/{product}/watch",
    "POST /account/subscriptions/{subscription}",
    "POST /account/subscriptions/{subscription}/delete",
    "POST /account/subscriptions",
    "GET /admin",
    "GET /admin/reporters",
    "POST /admin/reporters",
    "GET /admin/egresses",
    "GET /admin/unreadable",
    "GET /admin/unreadable/{marketplace}/{layout}/{number}",
    "GET /admin/plans",
    "POST /admin/plans/{person_id}",
    "GET /admin/trail",
    "GET /account/data",
    "GET /account/watch",
    "POST /account/watch",
    "GET /account/import",
    "POST /account/import",
    "POST /account/import/watch",
    "GET /account/bought",
    "POST /account/bought",
    "GET /feeds/{token}",
    "POST /account/feed",
    "POST /account/feed/end",
    "GET /account/delete",
    "GET /account/channels",
    "POST /account/phones/{phone}/delete",
    "POST /account/push-subscriptions/{browser}/delete",
    "POST /account/webhooks/{webhook}/delete",
    "POST /account/connections/tokens",
    "POST /installs/{install}/delete",
    "POST /account/preferences",
    "POST /account/sessions/{session}/end",
    "POST /account/sessions/end-others",
    "POST /account/subscriptions/{subscription}/rule",
    "POST /account/subscriptions/{subscription}/terms",
    "POST /account/subscriptions/{subscription}/quiet",
}
"""What is for people only."""


def test_every_route_is_described_or_a_page_and_nothing_else_is_described() -> None:
    routes = {f"{method} {path.replace(':str', '')}" for h in HANDLERS for path in h.paths for method in h.http_methods}
    described = {f"{operation.method.upper()} {operation.path}" for operation in OPERATIONS}

    assert described | PAGES == routes
    assert not described & PAGES


async def test_it_is_served_as_openapi_3_1_with_an_id_on_every_operation(anonymous: httpx.AsyncClient) -> None:
    document = (await anonymous.get("/openapi.json")).json()
    ids = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]

    assert document["openapi"].startswith("3.1")
    assert len(ids) == len(set(ids)) == len(OPERATIONS)


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    document = build_document()
    text = msgspec.json.encode(document).decode()
    schemas: dict[str, Any] = document["components"]["schemas"]
    for name in schemas:
        assert f'"#/components/schemas/{name}"' in text, name

    assert text.count("#/components/schemas/") == sum(text.count(f'#/components/schemas/{n}"') for n in schemas)


def test_what_is_read_refuses_unknown_fields_and_says_so() -> None:
    schemas: dict[str, Any] = build_document()["components"]["schemas"]

    for operation in OPERATIONS:
        if operation.body:
            assert schemas[operation.body.__name__]["additionalProperties"] is False


def test_every_operation_names_its_problems() -> None:
    for path in build_document()["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400 and operation["operationId"] not in ("getHealth", "getReadiness"):
                    assert "application/problem+json" in answer["content"]


def test_the_documentation_names_every_kind_of_problem_and_no_other() -> None:
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")

    assert set(re.findall(r"`/problems/([a-z-]+)`", text)) == set(KINDS)


def shapes() -> dict[str, type[msgspec.Struct]]:
    """What operations take and answer with, by name."""
    return {shape.__name__: shape for operation in OPERATIONS for shape in operation.shapes}


def test_every_body_and_every_answer_has_an_example_that_is_one() -> None:
    assert set(EXAMPLES_OF) == set(shapes())
    for name, shape in shapes().items():
        read = msgspec.json.decode(msgspec.json.encode(EXAMPLES_OF[name]), type=shape)
        written = msgspec.to_builtins(read)
        for field, value in EXAMPLES_OF[name].items():
            assert field in written, f"{name}.{field} is no field"
            assert isinstance(value, str | list) or written[field] == value, f"{name}.{field}"


def test_every_answer_has_an_example_but_pictures_and_this_description() -> None:
    missing = {
        (operation["operationId"], kind)
        for path in build_document()["paths"].values()
        for operation in path.values()
        for answer in operation["responses"].values()
        for kind, content in answer.get("content", {}).items()
        if not {"example", "examples"} & set(content) and not kind.startswith(("image/webp", "image/png"))
    }

    assert missing == {("getOpenAPI", "application/json")}


def test_every_parameter_has_an_example_unless_only_we_can_give_one() -> None:
    for path in build_document()["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                needed = parameter["name"] not in ("token", "v")
                assert ("example" in parameter) == needed, (operation["operationId"], parameter["name"])


def test_every_status_of_a_problem_shows_each_kind_that_has_it() -> None:
    shown: set[str] = set()
    for path in build_document()["paths"].values():
        for operation in path.values():
            for answer in operation["responses"].values():
                shown |= set(answer.get("content", {}).get("application/problem+json", {}).get("examples", {}))

    assert set(KINDS) - shown == {"method-not-allowed"}


async def test_every_kind_of_problem_has_a_page_in_both_languages(anonymous: httpx.AsyncClient) -> None:
    for kind in KINDS.values():
        english, german = [
            (await anonymous.get(kind.type, headers={"accept": "text/html", "accept-language": language})).text
            for language in ("en", "de")
        ]
        told = (await anonymous.get(kind.type)).json()
        assert kind.meaning in html.unescape(english), kind.slug
        assert kind.meaning not in html.unescape(german), kind.slug
        assert told == {"type": kind.type, "title": kind.title, "status": kind.status, "meaning": kind.meaning}


async def test_the_page_shows_code_as_code(browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/developers")).text

    assert "<code>raw</code>" in page
    assert "`" not in page
