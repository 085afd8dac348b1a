# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
"""Whatever the description allows, and much that it does not, is answered as it says: schemathesis over all of it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from pennywren.accounts.links import UNSUBSCRIBE
from pennywren.model.clock import rfc3339
from pennywren.settings import Settings
from pennywren.web.app import create_app
from pennywren.web.operations import OPERATIONS
from pennywren.web.operations.examples import EXAMPLES_OF
from pennywren.web.operations.operation import JSON, Operation
from pennywren.web.serving.paths import PlainPaths
from pennywren.web.site.openapi import build_document
from tests.web.site import PRODUCT, HandClock, Site
from tests.web.test_ownership import own_addresses

EXAMPLES = 5
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NEEDS_A_GATEWAY = {"addPhone", "requestSignIn", "beginPairing"}
"""503 where no mail or SMS goes out, as they say."""

NEEDS_A_SECRET = {"takeSms", "takeMailEvents", "confirmPhone", "pairInstall", "reportObservations", "quietWatch"}
"""Their examples cannot work: signed, or with a token or a code that only we can give."""


@dataclass
class Tried:
    """The application in a loop of its own, and somebody who is signed in and has one of everything."""

    loop: asyncio.Runner
    site: Site
    token: str
    own: dict[str, str] = field(default_factory=dict[str, str])

    def send(self, operation: Operation, case: Any, number: int) -> httpx.Response:
        """Send a case; every second one to things that there are, so that not all of them end with 404."""
        if number % 2 == 0 and case.path_parameters:
            case.path_parameters = {name: self.own.get(name, value) for name, value in case.path_parameters.items()}
        arguments: dict[str, Any] = case.as_transport_kwargs(base_url="http://testserver")
        arguments.pop("cookies", None)
        headers = {**dict(arguments.pop("headers") or {})}
        if operation.auth != "open":
            headers["authorization"] = f"Bearer {self.token}"
        if isinstance(arguments.get("data"), str | bytes):
            arguments["content"] = arguments.pop("data")

        async def ask() -> httpx.Response:
            async with self.site.client() as client:
                return await client.request(**arguments, headers=headers)

        return self.loop.run(ask())


@pytest.fixture
def tried(settings: Settings, tmp_path: Path) -> Iterator[Tried]:
    """An application without limits, so that none stands between a case and what it tries."""
    unlimited = msgspec.structs.replace(
        settings,
        requests_per_network=0,
        requests_per_person=0,
        mailbox_dir=tmp_path,
        smtp_url="smtp://127.0.0.1:1",
        public_url="http://testserver",
        mail_events_secret="whsec_c2VjcmV0",
    )
    clock = HandClock()
    app = create_app(unlimited, clock)
    with asyncio.Runner() as loop:
        over = asyncio.Event()
        life = loop.run(_begin(app, over))
        yield loop.run(_settled(loop, Site(app, app.litestar.state.resources, clock, tmp_path)))
        loop.run(_end(life, over))


async def _begin(app: PlainPaths, over: asyncio.Event) -> asyncio.Task[None]:
    """Let the application live in one task until it is over, as a server does."""
    ready = asyncio.Event()

    async def live() -> None:
        async with app.litestar.lifespan():
            ready.set()
            await over.wait()

    life = asyncio.create_task(live())
    await asyncio.wait([life, asyncio.create_task(ready.wait())], return_when=asyncio.FIRST_COMPLETED)
    return life


async def _end(life: asyncio.Task[None], over: asyncio.Event) -> None:
    over.set()
    await life


async def _settled(loop: asyncio.Runner, site: Site) -> Tried:
    await site.record(1999)
    token = await site.token("owner@example.com")
    wish = {"productID": "us:B000000001", "threshold": 1000, "notificationType": "EMAIL"}
    async with site.client(token=token) as owner:
        watch = (await owner.post("/subscriptions", json=wish)).json()["id"]
    seen = await site.resources.store.product(PRODUCT)
    assert seen is not None
    own = {name: str(value) for name, value in (await own_addresses(site, "owner@example.com")).items()}
    own |= {"subscription": str(watch), "token": UNSUBSCRIBE.sign(site.resources.unsubscribe_key, watch)}
    own |= {"product": str(PRODUCT), "timestamp": rfc3339(seen.last_seen), "slug": "conflict"}
    return Tried(loop, site, token, own)


def failures_of(tried: Tried, operation: Operation, described: Any) -> str:
    """What schemathesis finds wrong with an operation, in its own words; nothing if all is well."""
    numbers = count()
    if operation.body and operation.id not in NEEDS_A_GATEWAY | NEEDS_A_SECRET:
        example = described.Case(
            body=EXAMPLES_OF[operation.body.__name__], path_parameters=dict(tried.own), media_type=JSON
        )
        answer = tried.send(operation, example, 0)
        if answer.status_code >= 400:
            return f"the example of the description is answered {answer.status_code}: {answer.text}"

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(case=st.one_of([described.as_strategy(generation_mode=mode) for mode in GenerationMode]))
    def try_one(case: Any) -> None:
        answer = tried.send(operation, case, next(numbers))
        if answer.status_code != 503 or operation.id not in NEEDS_A_GATEWAY:
            case.validate_response(answer, checks=CHECKS)

    try:
        try_one()
    except (FailureGroup, Failure) as error:
        return str(error)
    assert next(numbers) > 0
    return ""


def test_nothing_breaks_and_nothing_is_answered_that_is_not_described(tried: Tried) -> None:
    schema = schemathesis.openapi.from_dict(build_document())
    found = {
        operation.id: failures_of(tried, operation, schema[operation.path][operation.method.upper()])
        for operation in OPERATIONS
    }

    assert "\n\n".join(f"{name}: {text}" for name, text in found.items() if text) == ""
