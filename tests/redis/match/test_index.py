"""The half-open edge: whom a change triggers, against the definition."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pennywren.errors import Unavailable
from pennywren.match import index
from pennywren.match.index import Watch
from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.money import MAX_PRICE
from pennywren.model.offer import Offer
from pennywren.store.connect import Client, connect
from tests.redis.match.changes import PRODUCT

PRICES = st.one_of(st.integers(1, 12), st.integers(1, MAX_PRICE), st.just(MAX_PRICE))


def change(old: int | None, new: int | None, offer: Offer = Offer.BUYBOX) -> PriceChange:
    return PriceChange(PRODUCT, offer, ChangeKind.PRICE, old, new, "USD", at=1, version=1)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(thresholds=st.lists(PRICES, max_size=20), old=st.none() | PRICES, new=st.none() | PRICES)
async def test_a_change_triggers_exactly_the_thresholds_that_it_crosses_from_above(
    redis_client: Client, thresholds: list[int], old: int | None, new: int | None
) -> None:
    await redis_client.flushall()
    await index.add(redis_client, *(Watch(i, PRODUCT, Offer.BUYBOX, each) for i, each in enumerate(thresholds)))
    (whom,) = await index.triggered(redis_client, [change(old, new)])
    expected = {
        i for i, each in enumerate(thresholds) if new is not None and new <= each and (old is None or each < old)
    }
    assert set(whom.subscription_ids) == expected
    assert whom.count == len(expected)


async def test_watches_of_other_offers_are_not_concerned(redis_client: Client) -> None:
    await index.add(redis_client, Watch(1, PRODUCT, Offer.USED, 100), Watch(2, PRODUCT, Offer.BUYBOX, 100))
    used, buybox = await index.triggered(redis_client, [change(200, 90, Offer.USED), change(200, 90)])
    assert (used.subscription_ids, buybox.subscription_ids) == ((1,), (2,))


async def test_a_moved_watch_is_found_at_its_new_threshold_only(redis_client: Client) -> None:
    await index.add(redis_client, Watch(1, PRODUCT, Offer.BUYBOX, 100))
    await index.move(redis_client, Watch(1, PRODUCT, Offer.BUYBOX, 50))
    at_old, at_new = await index.triggered(redis_client, [change(110, 100), change(60, 50)])
    assert (at_old.count, at_new.count) == (0, 1)


async def test_a_removed_watch_is_not_found(redis_client: Client) -> None:
    await index.add(redis_client, Watch(1, PRODUCT, Offer.BUYBOX, 100))
    await index.remove(redis_client, PRODUCT, Offer.BUYBOX, 1)
    (whom,) = await index.triggered(redis_client, [change(None, 1)])
    assert whom.count == 0


async def test_of_many_watches_the_count_and_the_first_page_are_told(redis_client: Client) -> None:
    await index.add(redis_client, *(Watch(i, PRODUCT, Offer.BUYBOX, 100) for i in range(index.PAGE + 5)))
    (whom,) = await index.triggered(redis_client, [change(101, 100)])
    assert whom.count == index.PAGE + 5
    assert len(whom.subscription_ids) == index.PAGE


async def test_an_index_that_cannot_be_reached_is_said_so() -> None:
    nowhere = connect("redis://127.0.0.1:1/0")
    with pytest.raises(Unavailable):
        await index.triggered(nowhere, [change(2, 1)])
    await nowhere.aclose()
