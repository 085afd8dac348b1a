"""The past changes only as a whole, only if nobody recorded in the meantime, and says so in the stream."""

from typing import Any

import pytest

from pennywren import keyspace
from pennywren.errors import BadInput, VersionMoved
from pennywren.model.clock import DAY
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import State, Steps
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import rewrite
from pennywren.record.tiering import move_to_tier
from pennywren.store.store import Store

NOW = 1_760_000_000_000
KETTLE = ProductID("us", "B08N5WRWNW")
FAR = 1 << 45


async def _record(store: Store, *prices: int | None) -> None:
    recorder = Recorder(store, 7 * 86_400, now=NOW)
    looks = [Look(KETTLE, "USD", {Offer.BUYBOX: price}, NOW - (50 - i) * DAY) for i, price in enumerate(prices)]
    await recorder.record([LookToRecord(look) for look in looks])


async def test_a_rewrite_loses_against_a_record_in_between(store: Store) -> None:
    await _record(store, 1599, 1299)
    before = await store.steps(KETTLE, Offer.BUYBOX, 0, FAR)
    with pytest.raises(VersionMoved):
        await rewrite(store, KETTLE, "USD", {}, reason="withdrawal", expected_version=1)
    assert await store.steps(KETTLE, Offer.BUYBOX, 0, FAR) == before


async def test_a_rewrite_says_so_in_the_stream_and_forgets_cached_answers(store: Store) -> None:
    await _record(store, 1599, 1299)
    await store.cache(KETTLE, "q", 2, b"{}")
    version = await rewrite(
        store, KETTLE, "USD", {Offer.BUYBOX: Steps([(NOW - DAY, 1599)], [], NOW)}, reason="withdrawal"
    )
    state, answer = await store.cached(KETTLE, "q")
    assert state is not None
    assert (state.version, answer) == (version, None)
    entries: Any = await store.client.xrevrange(keyspace.changes(keyspace.partition_of(KETTLE)), count=1)
    assert entries[0][1]["kind"] == "rewrite"
    assert entries[0][1]["source"] == "withdrawal"


async def test_a_tier_can_be_left_and_entered_again_without_a_trace(store: Store) -> None:
    await _record(store, 1599, 1299, None, 1399, 1399, 999)
    state, steps = await store.product(KETTLE), await store.steps(KETTLE, Offer.BUYBOX, 0, FAR)
    assert state is not None
    assert await store.buckets(KETTLE, Offer.BUYBOX, "day", 0, FAR) is None
    assert await move_to_tier(store, KETTLE, "charted")
    assert not await move_to_tier(store, KETTLE, "charted")
    kept = await store.buckets(KETTLE, Offer.BUYBOX, "day", 0, FAR)
    assert kept is not None
    assert [bucket.min for bucket in kept] != []
    assert await move_to_tier(store, KETTLE, "raw")
    assert await store.buckets(KETTLE, Offer.BUYBOX, "day", 0, FAR) is None
    assert await store.steps(KETTLE, Offer.BUYBOX, 0, FAR) == steps
    after = await store.product(KETTLE)
    assert after is not None
    assert (after.offers, after.changes) == (state.offers, state.changes)


async def test_compactions_follow_what_is_recorded_after_the_move(store: Store) -> None:
    await _record(store, 1599)
    await move_to_tier(store, KETTLE, "charted")
    recorder = Recorder(store, 90 * 86_400, now=NOW)
    for days, price in ((10, 1300), (5, 1200), (1, 1500)):
        await recorder.record([LookToRecord(Look(KETTLE, "USD", {Offer.BUYBOX: price}, NOW - days * DAY))])
    kept = await store.buckets(KETTLE, Offer.BUYBOX, "week", 0, FAR)
    assert kept is not None
    assert [(bucket.min, bucket.max) for bucket in kept][:2] == [(1599, 1599), (1200, 1599)]


@pytest.mark.parametrize(
    ("steps", "because"),
    [
        (Steps([(2, 100), (1, 200)], [], 3), "must rise"),
        (Steps([(1, 100), (1, 200)], [], 3), "must rise"),
        (Steps([(1, 0)], [], 3), "a price is"),
        (Steps([(1, 10**10 + 1)], [], 3), "a price is"),
        (Steps([(1, 100), (2, 100)], [], 3), "must change the price"),
        (Steps([(1, 100)], [(2, State.NO_OFFER)], 1), "last seen"),
        (Steps([(i, i + 1) for i in range(100_001)], [], 1 << 40), "at most"),
    ],
)
async def test_what_is_no_history_is_refused_and_nothing_is_lost(store: Store, steps: Steps, because: str) -> None:
    await _record(store, 1599)
    with pytest.raises(BadInput, match=because):
        await rewrite(store, KETTLE, "USD", {Offer.BUYBOX: steps}, reason="import")
    assert await store.product(KETTLE) is not None
