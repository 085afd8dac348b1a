"""Whatever is recorded, in whatever batches, Redis holds what the plain Python reference says."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pennywren import keyspace
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import Steps
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import rewrite
from pennywren.record.tiering import move_to_tier, warm_up
from pennywren.store.connect import connect
from pennywren.store.state import Tier
from pennywren.store.store import Store
from tests.redis.record.reference import ReferenceProduct

NOW = 1_760_000_000_000
GAP = 3 * 86_400
FAR = 1 << 45
PRODUCT = ProductID("us", "B08N5WRWNW")
TWIN = ProductID("us", "B0CVCV33BG")

TIERS: tuple[Tier, ...] = ("cold", "raw", "charted")

Event = tuple[int, int | None, str]

steps_in_time = st.one_of(
    st.integers(-5, 5), st.sampled_from([0, 1, 1000, 60_000, 3_600_000, 86_400_000, GAP * 1000, GAP * 1000 + 1])
)
prices = st.one_of(st.none(), st.integers(1000, 1005), st.sampled_from([0, -1, 1, 10**10, 10**10 + 1]))
currencies = st.sampled_from(["USD"] * 15 + ["EUR"])


@st.composite
def event_lists(draw: st.DrawFn) -> list[Event]:
    at = draw(st.sampled_from([NOW - 90 * 86_400_000, NOW - 86_400_000]))
    events: list[Event] = []
    for step, price, currency in draw(st.lists(st.tuples(steps_in_time, prices, currencies), max_size=25)):
        at += step
        events.append((at, price, currency if events else "USD"))
    if draw(st.booleans()):
        events.append((NOW + draw(st.sampled_from([59_999, 60_000, 60_001])), 1000, "USD"))
    return events


def _looks(product: ProductID, events: Sequence[Event]) -> list[LookToRecord]:
    return [LookToRecord(Look(product, currency, {Offer.BUYBOX: price}, at)) for at, price, currency in events]


async def _stream(store: Store, product: ProductID) -> list[dict[str, str]]:
    entries: Any = await store.client.xrange(keyspace.changes(keyspace.partition_of(product)))
    found = [fields for _, fields in entries if fields["product"] == str(product) and fields["kind"] != "rewrite"]
    return [{k: v for k, v in fields.items() if k not in ("product", "offer")} for fields in found]


async def _everything(store: Store, product: ProductID) -> object:
    state = await store.product(product)
    same = None if state is None else replace(state, product=PRODUCT, version=0, tier="raw")
    return same, await store.steps(product, Offer.BUYBOX, 0, FAR)


async def _check(redis_url: str, events: list[Event], cuts: list[int], tiers: list[Tier]) -> None:
    """Records the events in batches; after each the product moves to the next of `tiers`."""
    client = connect(redis_url)
    store = Store(client, connect(redis_url, decode=False))
    for of in (PRODUCT, TWIN):
        # One partition after the other: a cluster deletes keys of one slot only.
        n = keyspace.partition_of(of)
        derived = [keyspace.changes(n), keyspace.cold(n), keyspace.warm(n)]
        await client.delete(*derived, *(await client.keys(f"{{{n}}}:*:us:*")))
    if tiers[0] != "cold":
        await warm_up(store, [PRODUCT], 1)
    recorder = Recorder(store, GAP, now=NOW)
    await client.set(keyspace.test_server(keyspace.partition_of(PRODUCT)), 1)
    reference = ReferenceProduct(NOW, GAP * 1000)

    outcomes: list[str] = []
    start = 0
    for cut in [*sorted(c for c in cuts if c < len(events)), len(events)]:
        looks = _looks(PRODUCT, events[start:cut])
        outcomes += [result.outcomes[Offer.BUYBOX].name.lower() for result in await recorder.record(looks)]
        start = cut
        before = await _everything(store, PRODUCT)
        tiers = tiers[1:] or tiers
        await move_to_tier(store, PRODUCT, tiers[0], cooled_since=1)
        assert await _everything(store, PRODUCT) == before
    assert outcomes == [reference.record(*event) for event in events]

    state, steps = await store.product(PRODUCT), await store.steps(PRODUCT, Offer.BUYBOX, 0, FAR)
    assert steps == reference.offer.steps()
    assert await _stream(store, PRODUCT) == reference.stream
    if state is None:
        assert reference.version == 0
    else:
        believed = state.offers[Offer.BUYBOX]
        points = reference.offer.prices
        assert (state.version, state.changes) == (reference.version, reference.changes)
        assert believed.price == (reference.offer.last if reference.offer.offered else None)
        assert (believed.since, believed.last_seen) == (reference.offer.since, reference.offer.last_seen)
        if points:
            low, high = min(price for _, price in points), max(price for _, price in points)
            assert (believed.low, believed.high) == (low, high)
            assert believed.low_at == next(at for at, price in points if price == low)
            assert believed.high_at == next(at for at, price in points if price == high)

    before = await _everything(store, PRODUCT)
    await recorder.record(_looks(PRODUCT, events))
    assert await _everything(store, PRODUCT) == before
    assert await _stream(store, PRODUCT) == reference.stream

    for tier in TIERS:
        await rewrite(store, TWIN, reference.currency, {Offer.BUYBOX: steps}, reason="restore", tier=tier)
        if steps != Steps():
            assert await _everything(store, TWIN) == before
    await store.raw.aclose()
    await client.aclose()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=event_lists(),
    cuts=st.lists(st.integers(0, 25), max_size=4),
    tiers=st.lists(st.sampled_from(TIERS), min_size=1, max_size=5),
)
def test_any_sequence_in_any_batches_and_tiers_reads_back_as_the_reference_says(
    redis_url: str, events: list[Event], cuts: list[int], tiers: list[Tier]
) -> None:
    asyncio.run(_check(redis_url, events, cuts, tiers))


@pytest.mark.parametrize("tier", TIERS)
def test_for_how_many_days_a_price_is_the_lowest_counts_from_when_a_lower_one_ended(redis_url: str, tier: Tier) -> None:
    days = [(10, 1000), (5, 1005), (3, 1003), (1, 1002)]
    events: list[Event] = [(NOW - day * 86_400_000, price, "USD") for day, price in days]
    asyncio.run(_check(redis_url, events, [1], [tier, tier]))


@pytest.mark.parametrize("ahead", [0, 60_000])
async def test_a_crawl_is_never_refused_for_a_reporters_clock(redis_url: str, ahead: int) -> None:
    client = connect(redis_url)
    store = Store(client, connect(redis_url, decode=False))
    await client.flushall()
    await client.set(keyspace.test_server(keyspace.partition_of(PRODUCT)), 1)
    recorder = Recorder(store, GAP, now=NOW)
    reported = LookToRecord(Look(PRODUCT, "USD", {Offer.BUYBOX: 1000}, NOW + ahead))
    crawled = LookToRecord(Look(PRODUCT, "USD", {Offer.BUYBOX: 900}))
    await recorder.record([reported])
    (result,) = await recorder.record([crawled])
    assert result.outcomes[Offer.BUYBOX].name == "CHANGED"
    assert result.at == NOW + ahead + 1
    await store.raw.aclose()
    await client.aclose()
