"""One look, one step; saying it twice changes nothing."""

from typing import Any

from pennywren import keyspace
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.record.recording import LookToRecord, Outcome, Recorder
from pennywren.store.store import Store

KETTLE = ProductID.parse("https://www.amazon.com/dp/B08N5WRWNW")
MONDAY = 1_760_000_000_000
TUESDAY = MONDAY + 86_400_000


async def test_a_look_is_recorded(store: Store) -> None:
    recorder = Recorder(store, gap_after=7 * 86_400)

    async def look(at: int, price: int | None) -> Outcome:
        (result,) = await recorder.record([LookToRecord(Look(KETTLE, "USD", {Offer.BUYBOX: price}, at))])
        return result.outcomes[Offer.BUYBOX]

    # Money is an integer in minor units; time is milliseconds UTC.
    assert await look(MONDAY, 1599) is Outcome.FIRST
    assert await look(TUESDAY, 1299) is Outcome.CHANGED

    # Whatever is said twice, or too late, is refused by name and loses nothing.
    assert await look(TUESDAY, 1299) is Outcome.DUPLICATE
    assert await look(MONDAY, 1599) is Outcome.NOT_NEWER
    assert await look(TUESDAY + 1, 0) is Outcome.OUT_OF_BOUNDS

    # What is believed now ...
    state = await store.product(KETTLE)
    assert state is not None
    assert state.offers[Offer.BUYBOX].price == 1299
    assert state.offers[Offer.BUYBOX].low == 1299
    assert state.offers[Offer.BUYBOX].high == 1599

    # ... and the change that others will read, in the same slot, written in the same step.
    stream = keyspace.changes(keyspace.partition_of(KETTLE))
    entries: Any = await store.client.xrange(stream)
    assert [(fields["kind"], fields["old"], fields["new"]) for _, fields in entries] == [
        ("first", "", "1599"),
        ("price", "1599", "1299"),
    ]
