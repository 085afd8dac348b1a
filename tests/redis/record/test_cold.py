"""Products that nobody looks at: packed many to a blob, and as if they were not."""

import asyncio
import random
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pennywren import keyspace
from pennywren.model.observation import Look, Source
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import rewrite
from pennywren.record.tiering import cool, move_to_tier, warm_up
from pennywren.store.connect import Client, connect
from pennywren.store.state import Tier
from pennywren.store.store import Store

NOW = 1_760_000_000_000
GAP = 7 * 86_400
EVER = 1 << 45
HOME = 47


def at_home(count: int) -> list[ProductID]:
    """Products of one partition, books among them."""
    found: list[ProductID] = []
    number = 0
    while len(found) < count:
        number += 1
        digits = f"{number:09d}"
        check = -sum((10 - i) * int(digit) for i, digit in enumerate(digits)) % 11
        for asin in (f"B{number:09X}", digits + ("X" if check == 10 else str(check))):
            product = ProductID("de" if number % 5 == 0 else "us", asin)
            if keyspace.partition_of(product) == HOME:
                found.append(product)
    return found[:count]


POOL = at_home(150)


def looked_at(product: ProductID, price: int | None, at: int, rate: str | None = None) -> LookToRecord:
    return LookToRecord(
        Look(product, "USD", {Offer.BUYBOX: price}, at, Source.REPORT), rate_if_same=rate, rate_if_changed=rate
    )


async def test_products_of_a_partition_share_buckets_and_none_is_lost(store: Store, redis_client: Client) -> None:
    recorder = Recorder(store, GAP, now=NOW)
    dice = random.Random(7)
    known: dict[ProductID, list[tuple[int, int]]] = {product: [] for product in POOL}
    for step in range(4):
        looks: list[LookToRecord] = []
        for product in dice.sample(POOL, 120):
            at, price = NOW - 10**9 + step * 10**7, 1000 + dice.randrange(5)
            looks.append(looked_at(product, price, at))
            if not known[product] or known[product][-1][1] != price:
                known[product].append((at, price))
        await recorder.record(looks)
    for product, points in known.items():
        assert (await store.steps(product, Offer.BUYBOX, 0, EVER)).prices == points
    fields = await redis_client.hkeys(keyspace.cold(HOME))
    assert 4 < len(fields) < 20
    assert await redis_client.keys(f"{{{HOME}}}:product:*") == []

    # Warmed and cooled in any order they come back as they were, and the buckets with them.
    dice.shuffle(POOL)
    assert await warm_up(store, POOL, NOW) == len([each for each in known.values() if each])
    assert await redis_client.exists(keyspace.cold(HOME)) == 0
    for product in POOL:
        await cool(store, product, NOW)
    assert sorted(await redis_client.hkeys(keyspace.cold(HOME))) == sorted(fields)
    for product, points in known.items():
        assert (await store.steps(product, Offer.BUYBOX, 0, EVER)).prices == points


async def test_what_is_watched_before_its_first_look_never_becomes_cold(store: Store) -> None:
    await warm_up(store, [POOL[0]], NOW)
    await Recorder(store, GAP, now=NOW).record([looked_at(POOL[0], 999, NOW), looked_at(POOL[1], 999, NOW)])
    states = await store.products(POOL[:2])
    assert [state and state.tier for state in states] == ["raw", "cold"]
    assert not await cool(store, POOL[0], NOW - 1)
    assert await cool(store, POOL[0], NOW)


async def test_a_product_whose_id_cannot_be_packed_keeps_its_series(store: Store) -> None:
    odd = ProductID("us", "C000000001")
    await Recorder(store, GAP, now=NOW).record([looked_at(odd, 999, NOW)])
    state = await store.product(odd)
    assert state is not None
    assert state.tier == "raw"
    assert not await cool(store, odd, NOW)


async def test_a_move_to_another_tier_is_silent_and_loses_against_a_look(store: Store, redis_client: Client) -> None:
    product, recorder = POOL[0], Recorder(store, GAP, now=NOW)
    await recorder.record([looked_at(product, 999, NOW - 5)])
    before = await store.product(product)
    entries = await redis_client.xlen(keyspace.changes(HOME))
    await store.cache(product, "question", 1, b"answer")
    assert await move_to_tier(store, product, "charted")
    assert (await store.cached(product, "question"))[1] == b"answer"
    assert await store.buckets(product, Offer.BUYBOX, "day", 0, EVER) == []
    assert await move_to_tier(store, product, "cold")
    assert (await store.cached(product, "question"))[1] == b"answer"
    assert await store.product(product) == before
    assert await redis_client.xlen(keyspace.changes(HOME)) == entries


async def test_our_own_look_at_a_cold_product_is_stamped_with_the_second(store: Store) -> None:
    recorder = Recorder(store, GAP, now=NOW + 789)
    (result,) = await recorder.record([LookToRecord(Look(POOL[0], "USD", {Offer.BUYBOX: 5}))])
    assert result.at == NOW
    (again,) = await recorder.record([LookToRecord(Look(POOL[0], "USD", {Offer.BUYBOX: 6}))])
    assert again.at == NOW + 1


async def test_histories_of_any_length_are_packed(store: Store) -> None:
    recorder = Recorder(store, GAP, now=NOW)
    looks = [looked_at(POOL[0], 1000 + i * 7 % 300, NOW - 10**9 + i * 1000) for i in range(1000)]
    await recorder.record(looks)
    steps = await store.steps(POOL[0], Offer.BUYBOX, 0, EVER)
    assert steps.prices == [(each.look.at, each.look.prices[Offer.BUYBOX]) for each in looks]
    state = await store.product(POOL[0])
    assert await rewrite(store, POOL[1], "USD", {Offer.BUYBOX: steps}, reason="import", tier="cold") == 1
    assert await store.steps(POOL[1], Offer.BUYBOX, 0, EVER) == steps
    twin = await store.product(POOL[1])
    assert state is not None
    assert twin == replace(state, product=POOL[1], version=1)


digits = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_", min_size=1, max_size=6)
rates = st.one_of(
    st.none(),
    st.text(min_size=1, max_size=60),
    st.tuples(digits, digits, digits, digits).map(".".join),
    st.tuples(digits, digits, digits, digits, st.sampled_from(["00" * 18, "0A" * 9 + "zz" * 9, "zzA0" * 9])).map(
        ".".join
    ),
)
MOVES = ("stay", "stay", "cold", "cold", "raw", "charted", "made anew", "withdraw")
"""What becomes of the one that moves after a look: a tier, its own tier made anew, or a price taken back of both."""
prices = st.one_of(st.none(), st.integers(1, 10**10))
looks_at = st.dictionaries(st.sampled_from(list(Offer)), prices, min_size=1)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=st.lists(
        st.tuples(st.integers(0, 40 * 86_400_000), looks_at, rates, st.sampled_from(list(Source))), max_size=12
    ),
    moves=st.lists(st.sampled_from(MOVES), min_size=12, max_size=12),
    before=st.sampled_from([0, 0, 0, 0, 0, 63, 65, 130]),
)
def test_a_product_that_moves_between_tiers_is_the_same_as_one_that_never_was_cold(
    redis_url: str,
    history: list[tuple[int, dict[Offer, int | None], str | None, Source]],
    moves: list[str],
    before: int,
) -> None:
    asyncio.run(_compare(redis_url, history, moves, before))


async def _compare(
    redis_url: str,
    history: list[tuple[int, dict[Offer, int | None], str | None, Source]],
    moves: list[str],
    before: int,
) -> None:
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(aclosing(connect(redis_url, decode=decode)))
            for decode in (True, False, True, False)
        ]
        store, other = Store(*opened[:2]), Store(*opened[2:])
        await _the_same(store, other, history, moves, before)


async def _the_same(
    store: Store,
    other: Store,
    history: list[tuple[int, dict[Offer, int | None], str | None, Source]],
    moves: list[str],
    before: int,
) -> None:
    """`before` looks in a row come first: from 64 changes on the older ones are kept beside the bucket."""
    client = store.client
    mover, never, *beside = POOL[:5]
    for product in (mover, never):
        scanned: Any = client
        async for key in scanned.scan_iter(f"*:{product}*"):
            await client.delete(key)
    await client.delete(keyspace.cold(HOME), keyspace.warm(HOME), keyspace.changes(HOME))
    await warm_up(store, [never], 1)
    recorder = Recorder(store, GAP, now=NOW)
    at = at_first = NOW - 500 * 86_400_000
    await recorder.record([looked_at(each, 100 + i, at) for i, each in enumerate(beside)])
    long = _looks_in_a_row(before, at - 86_400_000)
    for of in (mover, never):
        await recorder.record([LookToRecord(Look(of, "USD", shown, when)) for when, shown in long])
    for (step, shown, rate, source), moved in zip(history, moves, strict=False):
        at += step
        told = [
            await recorder.record(
                [LookToRecord(Look(of, "USD", shown, at, source), rate_if_same=rate, availability="in_stock")]
            )
            for of in (mover, never)
        ]
        assert told[0] == told[1]
        await _move(store, other, moved, (mover, never), at)
        first, second = await store.products([mover, never])
        if first is not None and second is not None:
            assert replace(first, product=never, tier=second.tier) == second
        for offer in Offer:
            for start in (0, at - 30 * 86_400_000):
                assert await store.steps(mover, offer, start, at + 1) == await store.steps(never, offer, start, at + 1)
                assert await store.states(mover, offer, start, at) == await store.states(never, offer, start, at)
    kept: Any = await client.xrange(keyspace.changes(HOME))
    entries: list[dict[str, str]] = [fields for _, fields in kept]
    of_both = [[{**each, "product": ""} for each in entries if each["product"] == str(of)] for of in (mover, never)]
    assert of_both[0] == of_both[1]
    for i, each in enumerate(beside):
        assert (await store.steps(each, Offer.BUYBOX, 0, EVER)).prices == [(at_first, 100 + i)]
    for of in (mover, never):
        await move_to_tier(store, of, "charted")
    for offer in Offer:
        for unit in ("day", "week"):
            kept_all_along, made_now = [await store.buckets(of, offer, unit, 0, EVER) for of in (mover, never)]
            assert kept_all_along == made_now


async def test_an_offer_that_first_comes_to_a_charted_product_has_compactions(store: Store) -> None:
    recorder, product = Recorder(store, GAP, now=NOW), POOL[0]
    await recorder.record([looked_at(product, 1000, NOW - 9 * 86_400_000)])
    await move_to_tier(store, product, "charted")
    for days, price in ((8, 700), (2, 600)):
        seen: dict[Offer, int | None] = {Offer.BUYBOX: 1000, Offer.USED: price}
        await recorder.record([LookToRecord(Look(product, "USD", seen, NOW - days * 86_400_000))])
    kept = await store.buckets(product, Offer.USED, "day", 0, EVER)
    assert kept is not None
    assert [each.min for each in kept][:1] == [700]
    assert not await store.lacks_rules(product)


async def _move(store: Store, other: Store, move: str, of: tuple[ProductID, ProductID], at: int) -> None:
    """Do it; who reads meanwhile sees no change of tier."""
    mover = of[0]
    states = await store.products(of)
    if move == "withdraw":
        for product, state in zip(of, states, strict=True):
            if state is not None:
                past = {offer: await store.steps(product, offer, 0, EVER) for offer in state.offers}
                without = {offer: replace(steps, prices=_without_one(steps.prices)) for offer, steps in past.items()}
                await rewrite(store, product, state.currency, without, reason="withdrawal", tier=state.tier)
        return
    if move == "stay" or states[0] is None:
        return
    tier, again = (states[0].tier, True) if move == "made anew" else (cast("Tier", move), False)
    before, over = await _seen(other, mover, at), asyncio.Event()

    async def read() -> None:
        while not over.is_set():
            assert await _seen(other, mover, at) == before

    reading = asyncio.create_task(read())
    await move_to_tier(store, mover, tier, again=again)
    over.set()
    await reading
    assert await _seen(other, mover, at) == before


def _without_one(prices: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without the last but one, if what is around it differs."""
    rest = prices[:-2] + prices[-1:]
    return prices if any(a == b for (_, a), (_, b) in pairwise(rest)) else rest


async def _seen(store: Store, product: ProductID, at: int) -> tuple[Any, ...]:
    """All that is known of a product, but for its tier."""
    state, *steps = await asyncio.gather(
        store.product(product), *(store.steps(product, offer, 0, at + 1) for offer in Offer)
    )
    return (state and replace(state, tier="raw"), *steps)


def _looks_in_a_row(count: int, end: int) -> list[tuple[int, dict[Offer, int | None]]]:
    dice = random.Random(count)
    times = sorted(dice.sample(range(end - 400 * 86_400_000, end), count))
    return [(at, {dice.choice(list(Offer)): dice.choice([None, dice.randrange(1, 10**6), 1999, 2499])}) for at in times]


@pytest.mark.parametrize("asin", ["B000000000", "BZZZZZZZZZ", "4101010013", "080442957X"])
async def test_ids_are_packed_whatever_they_are(store: Store, asin: str) -> None:
    product = ProductID("jp", asin)
    await Recorder(store, GAP, now=NOW).record([looked_at(product, 999, NOW)])
    state = await store.product(product)
    assert state is not None
    assert state.tier == "cold"
