"""What reporters said is kept whole, however many speak at once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from pennywren import keyspace
from pennywren.model.clock import DAY, HOUR
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.store.connect import Client, connect
from pennywren.store.swaps import NOTHING, read_all, read_kept, swap_all
from pennywren.trust.hearsay import AGREEMENT_KEPT, HEARD_FOR, Hearsay, Refuted, Voice
from pennywren.trust.memory import (
    cohorts_swap,
    read_cohorts,
    read_reputation,
    read_said,
    reputation_swap,
    said_swap,
)
from pennywren.trust.reputation import FIRST_COHORTS, Cohort, Reputation, Tenure

PRODUCT = ProductID("us", "B08N5WRWNW")
NOW = 1_764_067_200_000


@pytest.fixture
async def raw_client(redis_url: str) -> AsyncIterator[Client]:
    """A client that answers with bytes."""
    client = connect(redis_url, decode=False)
    yield client
    await client.aclose()


def voice(who: str, at: int = NOW) -> Voice:
    return Voice(1999, at, who, f"net of {who}", 0.8, "a family", 64496, Tenure.YOUNG)


async def test_what_was_said_comes_back_as_it_was(raw_client: Client) -> None:
    said = {Offer.BUYBOX: Hearsay().visited(NOW).with_claim(voice("anna")).with_agreement(voice("ben")).asked(NOW)}
    refuted = {Offer.USED: Hearsay(refuted=(Refuted(None, 2, NOW),))}
    (lost,) = await swap_all(raw_client, [said_swap(PRODUCT, NOTHING, {**said, **refuted}, NOW)], NOW)

    (found,) = await read_all(raw_client, [keyspace.hearsay(PRODUCT)])
    assert lost is None
    assert read_said(found) == {**said, **refuted}


async def test_nobodys_words_are_lost_where_many_speak_at_once(raw_client: Client) -> None:
    async def speak(who: str) -> None:
        (kept,) = await read_all(raw_client, [keyspace.hearsay(PRODUCT)])
        while True:
            said = read_said(kept)
            said[Offer.BUYBOX] = said.get(Offer.BUYBOX, Hearsay()).with_claim(voice(who))
            (other,) = await swap_all(raw_client, [said_swap(PRODUCT, kept, said, NOW)], NOW)
            if other is None:
                return
            kept = other

    await asyncio.gather(*(speak(f"reporter {n}") for n in range(30)))

    (kept,) = await read_all(raw_client, [keyspace.hearsay(PRODUCT)])
    said = read_said(kept)
    assert {each.reporter for each in said[Offer.BUYBOX].claims} == {f"reporter {n}" for n in range(30)}


async def test_a_value_that_expired_and_came_again_is_another_one(raw_client: Client) -> None:
    said = {Offer.BUYBOX: Hearsay().with_claim(voice("anna"))}
    await swap_all(raw_client, [said_swap(PRODUCT, NOTHING, said, NOW)], NOW)
    (first,) = await read_all(raw_client, [keyspace.hearsay(PRODUCT)])
    await raw_client.delete(keyspace.hearsay(PRODUCT))
    await swap_all(raw_client, [said_swap(PRODUCT, NOTHING, said, NOW + 1)], NOW + 1)

    (other,) = await swap_all(raw_client, [said_swap(PRODUCT, first, {}, NOW + 2)], NOW + 2)
    assert other is not None
    assert read_said(other) == said


async def test_words_are_kept_as_long_as_they_are_heard(raw_client: Client) -> None:
    key = keyspace.hearsay(PRODUCT)
    hearsay = Hearsay().with_claim(voice("old", NOW - HEARD_FOR)).with_agreement(voice("late", NOW - AGREEMENT_KEPT))
    kept = {Offer.BUYBOX: hearsay.with_claim(voice("new", NOW - HOUR))}
    await swap_all(raw_client, [said_swap(PRODUCT, NOTHING, kept, NOW)], NOW)

    (found,) = await read_all(raw_client, [key])
    (left,) = read_said(found).values()
    assert [each.reporter for each in (*left.claims, *left.agreements)] == ["new"]
    assert 0 < await raw_client.pttl(key) <= HEARD_FOR
    await swap_all(raw_client, [said_swap(PRODUCT, found, {Offer.BUYBOX: Hearsay()}, NOW)], NOW)
    assert HEARD_FOR < await raw_client.pttl(key) <= 7 * DAY


async def test_reputations_and_cohorts_come_back_as_they_were(raw_client: Client) -> None:
    reputation = Reputation(1.5, 0.25, 12.0, 3.0, 4, NOW, blocked=True)
    cohorts = {**FIRST_COHORTS, Tenure.NEW: Cohort(1.0, 9.0)}
    swaps = [reputation_swap("anna", NOTHING, reputation), cohorts_swap(NOTHING, cohorts)]
    assert await swap_all(raw_client, swaps, NOW) == [None, None]

    kept, together = await read_all(raw_client, [keyspace.reporter("anna"), keyspace.cohorts()])
    assert read_reputation(kept) == reputation
    assert read_cohorts(together) == cohorts


def test_what_cannot_be_read_was_never_said() -> None:
    broken = read_kept(b"\x00" * 8 + b"\xc1 nonsense")
    assert read_said(broken) == {}
    assert read_reputation(broken) == Reputation()
    assert read_cohorts(broken) == FIRST_COHORTS
