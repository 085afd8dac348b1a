"""Limits over HTTP: who is counted how, what the headers say, and what is refused."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest
from litestar.types import Message, Scope

from pennywren import keyspace
from pennywren.settings import Settings
from pennywren.store.streams import count_stream
from pennywren.web.app import create_app
from tests.web.site import PRODUCT, Site


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """So little that a test can use it up: two requests at once from a network, four by a person, three by a token."""
    return msgspec.structs.replace(
        settings, requests_per_network=20, requests_per_person=40, requests_per_token=30, streams_per_network=2
    )


async def test_each_answer_says_what_is_left_until_a_network_is_refused(anonymous: httpx.AsyncClient) -> None:
    answers = [await anonymous.get("/status") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"network";q=2;w=360'}
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=1", "r=0", "r=0"]
    assert 170 < int(answers[2].headers["retry-after"]) <= 180
    assert answers[2].json()["type"] == "/problems/too-many-requests"


async def test_a_person_is_counted_by_account_and_not_by_network(site: Site, owner: httpx.AsyncClient) -> None:
    statuses = [(await owner.get("/subscriptions")).status_code for _ in range(5)]
    async with site.client(network="198.51.100.7") as elsewhere:
        elsewhere.headers["authorization"] = owner.headers["authorization"]
        moved = await elsewhere.get("/subscriptions")

    assert statuses == [200, 200, 200, 200, 429]
    assert moved.status_code == 429, "the same person from another network"


async def test_a_token_spends_its_own_and_the_accounts(site: Site, owner: httpx.AsyncClient) -> None:
    token = (await owner.post("/tokens", json={"name": "A", "scopes": ["watches:read"]})).json()["token"]
    async with site.client(token=token) as program:
        answers = [await program.get("/subscriptions") for _ in range(4)]
    left = await owner.get("/tokens")

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"token";q=3;w=360, "account";q=4;w=360'
    assert left.status_code == 429, "one for the token that was made, three that it spent"


async def test_whoever_shows_an_unknown_token_is_counted_by_network(site: Site) -> None:
    statuses: list[int] = []
    for number in range(3):
        async with site.client(token=f"pennywren_{number}") as guessing:
            statuses.append((await guessing.get("/subscriptions")).status_code)

    assert statuses == [401, 401, 429]


async def test_the_network_is_the_last_hop_that_is_not_ours(site: Site) -> None:
    """Nobody gets around the limit by writing another address into the header."""
    async with site.client() as client:
        answers = [await client.get("/about", headers={"x-forwarded-for": f"192.0.{n}.1"}) for n in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]


async def test_the_limit_holds_over_two_processes(site: Site, settings: Settings, anonymous: httpx.AsyncClient) -> None:
    other = create_app(settings)
    async with _running(other) as second:
        answers = await asyncio.gather(*(client.get("/about") for client in (anonymous, second) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [200, 200, 429, 429, 429, 429, 429, 429]


async def test_files_and_health_cost_nothing(anonymous: httpx.AsyncClient) -> None:
    for _ in range(4):
        for path in ("/static/style.css", "/healthz"):
            answer = await anonymous.get(path)
            assert (answer.status_code, "ratelimit" in answer.headers) == (200, False)


async def test_reading_goes_on_while_redis_is_away(site: Site, anonymous: httpx.AsyncClient) -> None:
    await site.lose_redis()

    assert [(await anonymous.get("/about")).status_code for _ in range(4)] == [200] * 4


async def test_a_network_holds_so_many_streams_open_and_a_closed_one_makes_room(site: Site) -> None:
    client, network = site.resources.client, "203.0.113.0/24"
    for name in ("a", "b"):
        assert await count_stream(client, network, name, 2)
    async with site.client() as late:
        refused = await late.get(f"/products/{PRODUCT}/live")
    assert await count_stream(client, network, "a", 2), "one that is open stays so"
    await client.zrem(keyspace.streams(network), "b")
    events = await _first_event(site)

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert b"listening" in events
    assert await client.zcard(keyspace.streams(network)) == 1, "it ended with its reader"


async def _first_event(site: Site) -> bytes:
    """Read a stream to its first event, then go away."""
    got, over = bytearray(), asyncio.Event()
    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": f"/products/{PRODUCT}/live",
        "raw_path": b"",
        "query_string": b"",
        "headers": [],
        "client": ("203.0.113.9", 1),
        "server": ("testserver", 80),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "extensions": {},
    }  # pyright: ignore[reportAssignmentType]

    async def receive() -> Message:
        await over.wait()
        return {"type": "http.disconnect"}  # pyright: ignore[reportReturnType]

    async def send(message: Message) -> None:
        got.extend(message.get("body", b"") if message["type"] == "http.response.body" else b"")  # pyright: ignore[reportArgumentType]
        if got:
            over.set()

    await site.app(scope, receive, send)  # pyright: ignore[reportArgumentType]
    for _ in range(100):
        if await site.resources.client.zcard(keyspace.streams("203.0.113.0/24")) < 2:
            break
    return bytes(got)


@asynccontextmanager
async def _running(app: object) -> AsyncGenerator[httpx.AsyncClient]:
    async with app.litestar.lifespan():  # pyright: ignore
        transport = httpx.ASGITransport(app=app, client=("203.0.113.77", 40_000))  # pyright: ignore
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield client
