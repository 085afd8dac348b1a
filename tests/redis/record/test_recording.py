"""One look, one step: what record.lua does besides keeping prices, and what it refuses."""

import json
from itertools import count
from typing import Any, cast

import pytest
from click.testing import CliRunner

from pennywren import keyspace
from pennywren.cli.shell import shell
from pennywren.errors import Unavailable
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.record.recording import LookToRecord, Outcome, Recorder
from pennywren.store.store import Store
from tests.frontier_places import score_of

NOW = 1_760_000_000_000
KETTLE = ProductID("us", "B08N5WRWNW")
TOASTER = ProductID("us", "B0CVCV33BG")
PARTITION = keyspace.partition_of(KETTLE)
LEASE = NOW + 60_000


@pytest.fixture
def recorder(store: Store) -> Recorder:
    return Recorder(store, 7 * 86_400, now=NOW)


def seen(price: int | None, at: int | None = None, product: ProductID = KETTLE) -> Look:
    return Look(product, "USD", {Offer.BUYBOX: price}, at)


async def test_a_look_records_all_offers_of_its_page_at_one_time(store: Store, recorder: Recorder) -> None:
    look = Look(KETTLE, "USD", {Offer.BUYBOX: 1599, Offer.NEW: 1499, Offer.USED: None})
    (result,) = await recorder.record([LookToRecord(look, availability="in_stock")])
    assert result.outcomes == {Offer.BUYBOX: Outcome.FIRST, Offer.NEW: Outcome.FIRST, Offer.USED: Outcome.OUT}
    state = await store.product(KETTLE)
    assert state is not None
    assert {offer: known.price for offer, known in state.offers.items()} == look.prices
    assert {known.last_seen for known in state.offers.values()} == {NOW}
    assert (state.version, state.availability, state.tier) == (1, "in_stock", "cold")


async def test_recording_under_a_lease_ends_it_and_sets_the_next_look(store: Store, recorder: Recorder) -> None:
    await store.client.zadd(keyspace.leases(PARTITION), {str(KETTLE): LEASE})
    to_record = LookToRecord(
        seen(1599), due_if_same=111, due_if_changed=222, rate_if_same="calm", rate_if_changed="wild", lease=LEASE
    )
    await recorder.record([to_record])
    assert await store.client.zscore(keyspace.leases(PARTITION), str(KETTLE)) is None
    assert await score_of(store.client, KETTLE) == 222
    state = await store.product(KETTLE)
    assert state is not None
    assert state.rate == "wild"


async def test_a_lost_lease_records_nothing(store: Store, recorder: Recorder) -> None:
    await store.client.zadd(keyspace.leases(PARTITION), {str(KETTLE): LEASE + 4000})
    (result,) = await recorder.record([LookToRecord(seen(1599), due_if_changed=222, lease=LEASE)])
    assert result.outcomes == {Offer.BUYBOX: Outcome.LEASE_LOST}
    assert await store.product(KETTLE) is None
    assert await store.client.zscore(keyspace.leases(PARTITION), str(KETTLE)) == LEASE + 4000
    assert await score_of(store.client, KETTLE) is None


async def test_a_worker_that_wakes_after_its_lease_ended_records_nothing(store: Store) -> None:
    await store.client.zadd(keyspace.leases(PARTITION), {str(KETTLE): LEASE})
    late = Recorder(store, 7 * 86_400, now=LEASE)
    (result,) = await late.record([LookToRecord(seen(1599), due_if_changed=222, lease=LEASE)])
    assert result.outcomes == {Offer.BUYBOX: Outcome.LEASE_LOST}
    assert await store.product(KETTLE) is None
    assert await store.client.zscore(keyspace.leases(PARTITION), str(KETTLE)) == LEASE


async def test_a_report_moves_the_due_time_only_of_what_is_in_the_frontier(store: Store, recorder: Recorder) -> None:
    await recorder.record([LookToRecord(seen(1599, NOW), due_if_same=1, due_if_changed=2)])
    assert await score_of(store.client, KETTLE) is None
    await store.client.zadd(keyspace.frontier(PARTITION), {str(KETTLE): 50})
    await recorder.record([LookToRecord(seen(1599, NOW + 1), due_if_same=70, due_if_changed=80)])
    assert await score_of(store.client, KETTLE) == 70


async def test_a_refused_look_under_a_lease_still_goes_back_to_the_frontier(store: Store, recorder: Recorder) -> None:
    await recorder.record([LookToRecord(seen(1599))])
    await store.client.zadd(keyspace.leases(PARTITION), {str(KETTLE): LEASE})
    other = Look(KETTLE, "EUR", {Offer.BUYBOX: 1599})
    (result,) = await recorder.record([LookToRecord(other, due_if_same=111, lease=LEASE)])
    assert result.outcomes == {Offer.BUYBOX: Outcome.OTHER_CURRENCY}
    assert await score_of(store.client, KETTLE) == 111


async def test_looks_at_one_product_keep_their_order_across_batches(store: Store, recorder: Recorder) -> None:
    others = [ProductID("us", f"B{number:09d}") for number in range(300)]
    looks = [LookToRecord(seen(1000, NOW - 10_000, other)) for other in others]
    looks += [LookToRecord(seen(1000 + i, NOW - 9_000 + i)) for i in range(500)]
    results = await recorder.record(looks)
    assert all(result.outcomes[Offer.BUYBOX].is_change for result in results)
    steps = await store.steps(KETTLE, Offer.BUYBOX, 0, 1 << 45)
    assert [price for _, price in steps.prices] == [1000 + i for i in range(500)]


async def test_redis_cli_shows_what_is_believed_with_the_line_that_keys_writes(
    store: Store, recorder: Recorder
) -> None:
    await store.client.zadd(keyspace.warm(PARTITION), {str(KETTLE): NOW})
    await recorder.record([LookToRecord(seen(1599, NOW), rate_if_changed="0.1"), LookToRecord(seen(None, NOW + 1))])
    first = CliRunner().invoke(shell, ["keys", str(KETTLE), "--json"]).stdout.splitlines()[0]
    shown = await cast("Any", store.client).execute_command(*json.loads(first)["command"])
    prices = [1599, NOW, 1599, NOW]
    assert json.loads(shown) == [
        *[2, "USD", "raw", 2, False, "0.1"],
        *["buybox", NOW + 1, 1599, 0, False, NOW + 1, NOW, *prices, [NOW + 1, 0]],
    ]


async def test_what_was_recorded_before_a_fault_counts_and_is_not_told_twice(store: Store, recorder: Recorder) -> None:
    """A batch is written at its end: a product that cannot be recorded must not take from others what is told."""
    numbered = (ProductID("us", f"B{i:09d}") for i in count())
    broken = next(each for each in numbered if keyspace.partition_of(each) == PARTITION)
    await store.client.zadd(keyspace.warm(PARTITION), {str(KETTLE): NOW, str(broken): NOW})
    await store.client.set(keyspace.raw(broken, Offer.BUYBOX), "no series")
    looks = [LookToRecord(each) for each in (seen(1599, NOW), seen(1299, NOW + 1), seen(500, NOW, broken))]
    with pytest.raises(Unavailable):
        await recorder.record(looks)
    state = await store.product(KETTLE)
    assert state is not None
    assert (state.version, state.changes, state.offers[Offer.BUYBOX].price) == (2, 2, 1299)
    assert await store.product(broken) is None
    await store.client.delete(keyspace.raw(broken, Offer.BUYBOX))
    outcomes = [result.outcomes[Offer.BUYBOX] for result in await recorder.record(looks)]
    assert outcomes == [Outcome.NOT_NEWER, Outcome.DUPLICATE, Outcome.FIRST]
    assert await store.client.xlen(keyspace.changes(PARTITION)) == 3


async def test_readers_of_the_stream_are_woken_for_changes_only(store: Store, recorder: Recorder) -> None:
    await recorder.record([LookToRecord(seen(1599, NOW))])
    assert await store.client.zrange(keyspace.ready_changes(), 0, -1) == [str(PARTITION)]
    await store.client.delete(keyspace.ready_changes())
    await recorder.record([LookToRecord(seen(1599, NOW + 1))])
    assert await store.client.exists(keyspace.ready_changes()) == 0


async def test_only_a_test_server_honours_a_time_that_is_passed_in(store: Store, recorder: Recorder) -> None:
    await store.client.delete(keyspace.test_server(PARTITION))
    (result,) = await recorder.record([LookToRecord(seen(1599))])
    assert result.at != NOW


async def test_what_was_asked_and_answered_is_cached_by_version(store: Store, recorder: Recorder) -> None:
    assert await store.cached(KETTLE, "q") == (None, None)
    await recorder.record([LookToRecord(seen(1599, NOW))])
    assert await store.cache(KETTLE, "q", 1, b'{"\n": 1}') == 1
    assert await store.cached(KETTLE, "q") == (await store.product(KETTLE), b'{"\n": 1}')
    await recorder.record([LookToRecord(seen(1599, NOW + 1))])
    assert await store.cached(KETTLE, "q") == (await store.product(KETTLE), None)
    assert await store.cache(KETTLE, "q", 1, b"made meanwhile") == 2
    assert await store.cached(KETTLE, "q") == (await store.product(KETTLE), None)
