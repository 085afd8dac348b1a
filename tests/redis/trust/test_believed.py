"""What is at stake in a claim: everybody whom the change would be told, by whatever rule they wait."""

from itertools import pairwise
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.msgpack import encode

from pennywren import keyspace
from pennywren.match import index
from pennywren.match.index import Watch
from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.clock import DAY, SECOND
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import BACK, OUT, WatchSet
from pennywren.model.series import Steps
from pennywren.record.rewriting import rewrite
from pennywren.store.connect import connect
from pennywren.store.round_trip import RoundTrip
from pennywren.store.store import Store
from pennywren.trust.believed import RANGE_SPAN, ProductBelieved, ask, read_believed

PRODUCT: Final = ProductID("us", "B08N5WRWNW")
NOW: Final = 1_764_067_200_000

prices = st.none() | st.integers(1, 40)
places = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([WatchSet.FALL, WatchSet.RISE]), st.integers(1, 40)),
        st.tuples(st.just(WatchSet.STOCK), st.sampled_from([OUT, BACK])),
        st.tuples(st.just(WatchSet.MOVES), st.integers(1, 40) | st.integers(-20_000, -1)),
    ),
    max_size=20,
)


async def _believe(store: Store, price: int | None, low: int | None = None) -> None:
    own = [2, "USD", "raw", False, False, False]
    of_it = ["buybox", NOW, price or 7, int(price is not None), *[False] * 3, low or False, *[False] * 4]
    await store.client.set(keyspace.product(PRODUCT), encode([*own, *of_it]))


async def _claimed(store: Store, price: int | None) -> ProductBelieved:
    trip = RoundTrip(store.raw)
    asked = ask(trip, PRODUCT, [(Offer.BUYBOX, price)], NOW)
    return read_believed((await trip.send())[asked])


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=prices, new=prices, waiting=places)
async def test_whom_a_claim_would_tell_is_whom_the_change_would_trigger(
    redis_url: str, old: int | None, new: int | None, waiting: list[tuple[WatchSet, int]]
) -> None:
    client, raw = connect(redis_url), connect(redis_url, decode=False)
    try:
        await client.flushall()
        store = Store(client, raw)
        await _believe(store, old)
        await index.add(client, *(Watch(i, PRODUCT, Offer.BUYBOX, at, each) for i, (each, at) in enumerate(waiting)))
        kind = ChangeKind.BACK if old is None else ChangeKind.PRICE
        (whom,) = await index.triggered(client, [PriceChange(PRODUCT, Offer.BUYBOX, kind, old, new, "USD", NOW, 3)])
        believed = await _claimed(store, new)
        assert believed.watchers == len(waiting)
        assert believed.claims[0].told == (0 if old == new else whom.count)
    finally:
        await client.aclose()
        await raw.aclose()


async def test_who_waits_for_the_lowest_price_of_some_days_may_be_told_by_any_drop(store: Store) -> None:
    await _believe(store, 20)
    waiting = [Watch(i, PRODUCT, Offer.BUYBOX, days, WatchSet.LOWS) for i, days in enumerate((30, 90, 365))]
    await index.add(store.client, *waiting)
    assert (await _claimed(store, 19)).claims[0].told == 3, "nothing is known of lower ones"
    await _believe(store, 20, low=10)
    assert (await _claimed(store, 19)).claims[0].told == 2, "it is not the lowest of more than 90 days"
    assert (await _claimed(store, 9)).claims[0].told == 3
    assert (await _claimed(store, 21)).claims[0].told == 0


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    points=st.lists(st.tuples(st.sampled_from([1, 60, 86_400]), st.integers(1, 40)), min_size=1, max_size=12),
    since=st.sampled_from([0, 1, 2, 1000, DAY]),
)
async def test_the_range_of_90_days_is_the_same_in_every_tier(
    redis_url: str, points: list[tuple[int, int]], since: int
) -> None:
    """It begins `since` ms after the newest change but one, where that is late enough."""
    client, raw = connect(redis_url), connect(redis_url, decode=False)
    try:
        await client.flushall()
        store, at, prices = Store(client, raw), NOW - 400 * DAY, list[tuple[int, int]]()
        for step, price in points:
            at += step * SECOND
            if not prices or prices[-1][1] != price:
                prices.append((at, price))
        begin = prices[-2:][0][0] + since
        lately = [price for begun, price in prices if begun >= begin]
        held = [old for (_, old), (changed, _) in pairwise(prices) if old and changed > begin][:1]
        all_prices = [price for _, price in prices]
        expected = lately + held if lately else all_prices
        for tier in ("cold", "raw", "charted"):
            steps = {Offer.BUYBOX: Steps(prices, [], at)}
            await rewrite(store, PRODUCT, "USD", steps, reason="import", tier=tier)
            trip = RoundTrip(raw)
            asked = ask(trip, PRODUCT, [(Offer.BUYBOX, 41)], begin + RANGE_SPAN)
            (claim,) = read_believed((await trip.send())[asked]).claims
            assert (claim.low, claim.high) == (min(expected), max(expected)), tier
    finally:
        await client.aclose()
        await raw.aclose()
