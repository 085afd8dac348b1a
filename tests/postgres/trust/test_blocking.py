"""Whoever is blocked is not listened to, and what they said is forgotten."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from pennywren import keyspace
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.store.connect import Client, connect
from pennywren.store.swaps import NOTHING, read_all, swap_all
from pennywren.trust.blocking import TakenOut, set_blocked, set_network_blocked, take_out
from pennywren.trust.hearsay import Hearsay, Voice
from pennywren.trust.memory import read_reputation, read_said, reputation_swap, said_swap
from pennywren.trust.reputation import Reputation

NOW = 1_764_067_200_000
PRODUCTS = [ProductID("us", f"B{i:09d}") for i in range(700)]


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    opened = connect(redis_url, decode=False)
    yield opened
    await opened.aclose()


def _voice(reporter: str, network: str = "192.0.2.0/24") -> Voice:
    return Voice(999, NOW, reporter, network, 0.5)


async def test_what_somebody_said_of_any_product_is_forgotten_and_nothing_else(client: Client) -> None:
    said = {Offer.BUYBOX: Hearsay(claims=(_voice("liar"), _voice("anna")), agreements=(_voice("liar"),))}
    clean = {Offer.BUYBOX: Hearsay(claims=(_voice("anna", "198.51.100.0/24"),))}
    await swap_all(
        client, [said_swap(p, NOTHING, said if i < 600 else clean, NOW) for i, p in enumerate(PRODUCTS)], NOW
    )
    looked: list[int] = []
    taken = await take_out(client, lambda voice: voice.reporter == "liar", NOW, looked.append)
    assert taken == TakenOut(600, 1200)
    assert sum(looked) == 700
    for kept in await read_all(client, [keyspace.hearsay(product) for product in PRODUCTS]):
        left = read_said(kept)[Offer.BUYBOX]
        assert [voice.reporter for voice in left.claims] == ["anna"]
        assert left.agreements == ()
    assert await take_out(client, lambda voice: voice.network == "198.51.100.0/24", NOW) == TakenOut(100, 100)
    assert await take_out(client, lambda _: False, NOW) == TakenOut(0, 0)


async def test_a_block_keeps_the_reputation_and_outlives_silence(client: Client) -> None:
    await swap_all(client, [reputation_swap("liar", NOTHING, Reputation(wrong=8.0, outcomes=4, at=NOW))], NOW)
    assert await set_blocked(client, "liar", True, NOW)
    assert not await set_blocked(client, "liar", True, NOW)
    (kept,) = await read_all(client, [keyspace.reporter("liar")])
    assert read_reputation(kept) == Reputation(wrong=8.0, outcomes=4, at=NOW, blocked=True)
    assert await client.ttl(keyspace.reporter("liar")) > 3000 * 86_400
    assert await set_blocked(client, "liar", False, NOW)
    (kept,) = await read_all(client, [keyspace.reporter("liar")])
    assert not read_reputation(kept).blocked


async def test_a_reporter_who_speaks_all_the_time_is_blocked_too(client: Client) -> None:
    async def speak() -> None:
        for _ in range(30):
            (kept,) = await read_all(client, [keyspace.reporter("loud")])
            reputation = read_reputation(kept).spoke(False, NOW)
            await swap_all(client, [reputation_swap("loud", kept, reputation)], NOW)

    _, blocked = await asyncio.gather(speak(), set_blocked(client, "loud", True, NOW))
    assert blocked
    (kept,) = await read_all(client, [keyspace.reporter("loud")])
    assert read_reputation(kept).blocked


async def test_a_network_is_blocked_and_unblocked_once(client: Client) -> None:
    assert await set_network_blocked(client, "192.0.2.0/24", "a farm")
    assert not await set_network_blocked(client, "192.0.2.0/24", "a farm")
    assert await client.get(keyspace.blocked("192.0.2.0/24")) == b"a farm"
    assert await set_network_blocked(client, "192.0.2.0/24", None)
    assert not await set_network_blocked(client, "192.0.2.0/24", None)
