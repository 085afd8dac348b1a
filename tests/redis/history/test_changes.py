"""The changes of a series are those that the recorder announced."""

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pennywren import keyspace
from pennywren.history.changes import last_changes
from pennywren.match.entries import read_change
from pennywren.model.clock import DAY
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.connect import Client
from pennywren.store.store import Store

PRODUCT = ProductID("us", "B08N5WRWNW")
T0 = 1_700_000_000_000


@example(looks=[(2, 3), (1, None), (1, 2), (3, 3)])
@example(looks=[(1, None), (1, 5), (20, 4), (1, None), (2, 4)])
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(looks=st.lists(st.tuples(st.integers(1, 20), st.none() | st.integers(1, 4)), min_size=1, max_size=14))
async def test_the_changes_of_the_series_are_those_of_the_stream(
    store: Store, redis_client: Client, looks: list[tuple[int, int | None]]
) -> None:
    partition = keyspace.partition_of(PRODUCT)
    for each in ("price:*", "product:*", "changes", "cold"):
        keys: Any = await redis_client.keys(f"{{{partition}}}:{each}")
        if keys:
            await redis_client.delete(*keys)
    recorder = Recorder(store, gap_after=7 * 86_400)
    at = T0
    for half_days, price in looks:
        at += half_days * DAY // 2
        await recorder.record([LookToRecord(Look(PRODUCT, "USD", {Offer.BUYBOX: price}, at))])
    entries: Any = await redis_client.xrange(keyspace.changes(partition))
    announced = [read_change(fields) for _, fields in entries if fields["kind"] != "state"]

    steps = await store.steps(PRODUCT, Offer.BUYBOX, 0, at + 1)
    found = last_changes(PRODUCT, Offer.BUYBOX, "USD", steps, 20)[::-1]
    assert [(each.change_id, each.kind, each.old, each.new, each.new_low, each.lowest_for_days) for each in found] == [
        # The stream says nothing of the old price where an offer came back, nor does a first price have one.
        (each.change_id, each.kind, each.old, each.new, each.new_low, each.lowest_for_days)
        for each in announced
    ]
