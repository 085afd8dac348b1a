"""Access tokens: shown once, they do what their scopes say, and end when they are revoked."""

import httpx
import pytest

from pennywren.accounts.access_tokens import MAX_TOKENS, PREFIX, SCOPES
from pennywren.model.clock import DAY, MINUTE
from pennywren.postgres.pool import transaction
from pennywren.web.operations import OPERATIONS
from tests.web.site import HTML, PRODUCT, Site

WISH = {"productID": str(PRODUCT), "threshold": 1000, "notificationType": "EMAIL"}


async def made(owner: httpx.AsyncClient, *scopes: str, **more: object) -> dict[str, object]:
    answer = await owner.post("/tokens", json={"name": "A program", "scopes": list(scopes), **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_token_is_shown_once_and_only_its_hash_is_kept(site: Site, owner: httpx.AsyncClient) -> None:
    told = await made(owner, "watches:read")
    listed = (await owner.get("/tokens")).json()["tokens"]

    assert str(told["token"]).startswith(PREFIX)
    assert listed == [{name: value for name, value in told.items() if name != "token"}]
    async with transaction(site.resources.pool) as connection:
        kept = await connection.fetchval("select access_tokens::text from access_tokens")
    assert str(told["token"]).removeprefix(PREFIX) not in kept


async def test_a_token_does_what_its_scope_says_and_the_problem_names_the_one_that_is_missing(
    site: Site, owner: httpx.AsyncClient
) -> None:
    told = await made(owner, "watches:read")
    async with site.client(token=str(told["token"])) as program:
        reading = await program.get("/subscriptions")
        writing = await program.post("/subscriptions", json=WISH)

    assert reading.status_code == 200
    assert (writing.status_code, writing.json()["type"]) == (403, "/problems/missing-scope")
    assert "watches:write" in writing.json()["detail"]
    assert writing.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="watches:write"'
    assert (await owner.get("/subscriptions")).json()["subscriptions"] == []


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/tokens"), ("POST", "/tokens"), ("GET", "/account"), ("POST", "/account/delete")]
)
async def test_no_token_makes_another_nor_sees_the_pages_nor_deletes_the_account(
    site: Site, owner: httpx.AsyncClient, method: str, path: str
) -> None:
    told = await made(owner, *SCOPES)
    async with site.client(token=str(told["token"])) as program:
        answer = await program.request(method, path, json={"name": "Another", "scopes": ["watches:read"]})

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    assert len((await owner.get("/tokens")).json()["tokens"]) == 1


async def test_a_token_for_other_things_is_not_told_whose_address_a_paired_browser_has(
    site: Site, owner: httpx.AsyncClient
) -> None:
    told = await made(owner, "products:write", "watches:read")
    async with site.client(token=str(told["token"])) as program:
        answer = await program.get("/pairings/own")

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    assert "@" not in answer.text


async def test_a_revoked_token_is_nobodys(site: Site, owner: httpx.AsyncClient) -> None:
    told = await made(owner, "watches:read")
    ended = await owner.delete(f"/tokens/{told['id']}")
    async with site.client(token=str(told["token"])) as program:
        answer = await program.get("/subscriptions")

    assert (ended.status_code, answer.status_code) == (204, 401)


async def test_a_token_ends_when_it_was_said_to(site: Site, owner: httpx.AsyncClient) -> None:
    short = await made(owner, "watches:read", expiresInDays=1)
    endless = await made(owner, "watches:read", expiresInDays=None)
    site.clock.now += DAY
    statuses: list[int] = []
    for told in (short, endless):
        async with site.client(token=str(told["token"])) as program:
            statuses.append((await program.get("/subscriptions")).status_code)

    assert statuses == [401, 200]
    assert (short["expiresTime"] is None, endless["expiresTime"]) == (False, None)


async def test_when_it_was_last_used_is_noted_to_the_minute(site: Site, owner: httpx.AsyncClient) -> None:
    told = await made(owner, "watches:read")
    times: list[str] = []
    async with site.client(token=str(told["token"])) as program:
        for step in (0, MINUTE - 1, MINUTE):
            site.clock.now += step
            await program.get("/subscriptions")
            times.append((await owner.get("/tokens")).json()["tokens"][0]["lastUsedTime"])

    assert times[0] == times[1] < times[2]
    assert told["lastUsedTime"] is None


async def test_tokens_go_with_the_account_and_stand_in_its_data(site: Site, owner: httpx.AsyncClient) -> None:
    told = await made(owner, "watches:read")
    data = (await owner.get("/account/data.json")).json()
    await owner.post("/account/delete", headers=HTML)
    async with site.client(token=str(told["token"])) as program:
        answer = await program.get("/subscriptions")

    assert [token["name"] for token in data["tokens"]] == ["A program"]
    assert str(told["token"]) not in str(data)
    assert answer.status_code == 401


async def test_a_person_has_so_many_tokens_and_no_more(owner: httpx.AsyncClient) -> None:
    for _ in range(MAX_TOKENS):
        await made(owner, "watches:read")
    answer = await owner.post("/tokens", json={"name": "One more", "scopes": ["watches:read"]})

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")


@pytest.mark.parametrize(
    "wish",
    [
        {"name": "", "scopes": ["watches:read"]},
        {"name": " \t", "scopes": ["watches:read"]},
        {"name": "a\0b", "scopes": ["watches:read"]},
        {"name": "All", "scopes": []},
        {"name": "All", "scopes": ["everything"]},
        {"name": "All", "scopes": ["watches:read"], "expiresInDays": 0},
        {"name": "All", "scopes": ["watches:read"], "expiresInDays": 99_999_999},
    ],
)
async def test_a_token_has_a_name_known_scopes_and_a_sensible_end(
    owner: httpx.AsyncClient, wish: dict[str, object]
) -> None:
    answer = await owner.post("/tokens", json=wish)

    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-input")


def test_whatever_belongs_to_a_person_needs_a_scope_or_a_session() -> None:
    """Writing needs a scope of its own, and each scope is there for something."""
    needed = {operation.scope for operation in OPERATIONS}
    session_only = {operation.id for operation in OPERATIONS if operation.auth == "person" and not operation.scope}

    assert needed - {None} == set(SCOPES)
    assert session_only == {"createToken", "listTokens", "deleteToken", "listSessions", "deleteSession"}
    for operation in OPERATIONS:
        if operation.scope:
            assert operation.scope.endswith(":read") == (operation.method == "get"), operation.id
