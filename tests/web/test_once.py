"""Idempotency-Key: what was sent twice is done once."""

import asyncio

import httpx
import pytest

from pennywren import keyspace
from pennywren.model.clock import DAY
from pennywren.web.site.openapi import build_document
from tests.web.site import JSON, PRODUCT, Site

WISH = {"productID": str(PRODUCT), "threshold": 1000, "notificationType": "EMAIL"}
KEY = {"idempotency-key": "0c1f"}


async def watches(of: httpx.AsyncClient) -> int:
    return len((await of.get("/subscriptions")).json()["subscriptions"])


async def test_a_request_that_comes_again_gets_its_first_answer_and_does_nothing(owner: httpx.AsyncClient) -> None:
    first = await owner.post("/subscriptions", json=WISH, headers=KEY)
    again = await owner.post("/subscriptions", json=WISH, headers=KEY)
    fresh = await owner.post("/subscriptions", json=WISH, headers={"idempotency-key": "another"})

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"] != fresh.headers.get("location")
    assert again.headers["cache-control"] == "private, no-store"
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")


async def test_another_body_or_another_address_with_the_same_key_is_a_mistake(owner: httpx.AsyncClient) -> None:
    await owner.post("/subscriptions", json=WISH, headers=KEY)
    body = await owner.post("/subscriptions", json={**WISH, "threshold": 900}, headers=KEY)
    address = await owner.post("/products", json={"product": str(PRODUCT)}, headers=KEY)

    for answer in (body, address):
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/key-reused")
    assert await watches(owner) == 1


async def test_of_many_at_once_one_is_carried_out(owner: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(owner.post("/subscriptions", json=WISH, headers=KEY) for _ in range(6)))
    busy = [answer for answer in answers if answer.status_code != 201]

    assert len(busy) < 6
    assert {answer.json()["type"] for answer in busy} <= {"/problems/in-progress"}
    assert {answer.headers["retry-after"] for answer in busy} <= {"1"}
    assert await watches(owner) == 1


async def test_keys_are_each_callers_own(owner: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    first = await owner.post("/subscriptions", json=WISH, headers=KEY)
    second = await stranger.post("/subscriptions", json=WISH, headers=KEY)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]
    assert (await watches(owner), await watches(stranger)) == (1, 1)


async def test_what_failed_did_nothing_and_is_tried_anew(owner: httpx.AsyncClient) -> None:
    refused = await owner.post("/subscriptions", json={**WISH, "threshold": -1}, headers=KEY)
    mended = await owner.post("/subscriptions", json=WISH, headers=KEY)

    assert (refused.status_code, mended.status_code) == (400, 201)


async def test_a_token_that_is_shown_once_is_shown_again_but_not_kept_readably(
    site: Site, owner: httpx.AsyncClient
) -> None:
    wish = {"name": "A", "scopes": ["watches:read"]}
    first = await owner.post("/tokens", json=wish, headers=KEY)
    again = await owner.post("/tokens", json=wish, headers=KEY)
    raw = site.resources.store.raw
    (name,) = await raw.keys(keyspace.once("*"))
    kept = await raw.get(name)

    assert again.json() == first.json()
    assert str(first.json()["token"]) not in str(kept)
    assert 0 < await raw.pttl(name) <= DAY


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb", "\x7f"])
async def test_a_key_is_short_and_printable(owner: httpx.AsyncClient, key: str) -> None:
    answer = await owner.post("/subscriptions", json=WISH, headers=[("idempotency-key", key)])

    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-input")
    assert await watches(owner) == 0


async def test_a_body_that_is_too_large_stays_so(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post("/products", content=b"x" * 80_000, headers={**KEY, **JSON})

    assert answer.status_code == 413


async def test_without_redis_nothing_is_promised_and_nothing_done(site: Site, owner: httpx.AsyncClient) -> None:
    await site.lose_redis()
    answer = await owner.post("/subscriptions", json=WISH, headers=KEY)

    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")


def test_every_post_takes_a_key_and_says_so() -> None:
    for path, methods in build_document()["paths"].items():
        for method, operation in methods.items():
            named = [each["name"] for each in operation["parameters"] if each["in"] == "header"]
            takes = method == "post" and not path.startswith("/hooks/")
            assert (named == ["Idempotency-Key"]) == takes, path
            assert ("422" in operation["responses"]) == takes, path
