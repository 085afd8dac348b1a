"""What a crawl knows of a product before it looks is what is written of it."""

from pennywren import keyspace
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import WatchSet
from pennywren.pipeline.warming import Viewers
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store import knowing
from pennywren.store.knowing import Known
from pennywren.store.round_trip import RoundTrip
from pennywren.store.store import Store

PRODUCT = ProductID("us", "B000000001")


async def _known(store: Store) -> Known:
    trip = RoundTrip(store.client)
    asked = knowing.ask(trip, PRODUCT)
    return knowing.read_known(PRODUCT, (await trip.send())[asked])


async def _watch(store: Store, offer: Offer, of: WatchSet, *places: int) -> None:
    members = {f"{offer} {of} {place}": place for place in places}
    await store.client.zadd(keyspace.watch(PRODUCT, offer, of), members)


async def test_of_a_new_product_nothing_is_known(store: Store) -> None:
    assert await _known(store) == Known(None, {}, 0, 0)


async def test_watches_of_all_kinds_count_and_those_far_below_the_price_count_apart(store: Store) -> None:
    looks = [LookToRecord(Look(PRODUCT, "USD", {Offer.BUYBOX: None, Offer.NEW: 2001, Offer.USED: 500}))]
    await Recorder(store, 86_400).record(looks)
    await store.client.hset(keyspace.held(PRODUCT), "failing", "5")  # pyright: ignore[reportGeneralTypeIssues]
    await _watch(store, Offer.BUYBOX, WatchSet.FALL, 999, 1000, 1001)
    await _watch(store, Offer.USED, WatchSet.FALL, 100)
    for each in WatchSet:
        if each is not WatchSet.FALL:
            await _watch(store, Offer.NEW, each, 1)
    known = await _known(store)
    assert known.state == await store.product(PRODUCT)
    assert known.held == {"failing": "5"}
    assert (known.watchers, known.far) == (8, 2), "half of 20.01 is 10.00, the first price that is known of an offer"


async def test_that_somebody_looked_at_its_history_is_known(store: Store) -> None:
    await Viewers(store, lambda: 1_764_067_200_000).viewed(PRODUCT)
    assert await _known(store) == Known(None, {}, 0, 0, 1_764_067_200_000)


async def test_before_any_price_nobody_is_far_from_it(store: Store) -> None:
    await _watch(store, Offer.BUYBOX, WatchSet.FALL, 1, 10_000)
    assert await _known(store) == Known(None, {}, 2, 0)
