"""Importing histories into what is recorded."""

from unittest.mock import patch

import pytest

from pennywren.history.sources.files import parse_histories
from pennywren.history.sources.found import Found, ProductHistory
from pennywren.model.clock import DAY
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import State, Steps
from pennywren.pipeline import history_import
from pennywren.pipeline.history_import import import_histories
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import rewrite
from pennywren.settings import Settings
from pennywren.store.store import Store
from tests.unit.history.shared_prices import KEEPA_FILES, picknpay_as_products, real_histories

PRODUCT = ProductID("us", "B08N5WRWNW")
NOW = 1_790_000_000_000
EVER = 1 << 48
SETTINGS = Settings()


def _found(steps: Steps, currency: str = "USD") -> Found:
    return Found({PRODUCT: ProductHistory(PRODUCT, currency, {Offer.BUYBOX: steps})})


async def _look(store: Store, at: int, price: int | None) -> None:
    await Recorder(store, 7 * 86_400, NOW).record([LookToRecord(Look(PRODUCT, "USD", {Offer.BUYBOX: price}, at))])


async def test_the_real_keepa_histories_read_back_point_by_point(store: Store) -> None:
    for name in KEEPA_FILES:
        found = real_histories(name)
        result = await import_histories(store, SETTINGS, lambda: NOW, found)
        assert (result.written, result.bad) == (len(found.histories), [])
        for product, history in found.histories.items():
            state = await store.product(product)
            assert state is not None
            assert state.tier == ("cold" if state.changes <= SETTINGS.cold_up_to else "charted")
            for offer, steps in history.offers.items():
                assert await store.steps(product, offer, 0, EVER) == steps


async def test_the_real_supermarket_prices_are_imported_with_progress(store: Store) -> None:
    seen: list[tuple[int, int]] = []
    found = parse_histories(picknpay_as_products(100))
    result = await import_histories(store, SETTINGS, lambda: NOW, found, lambda done, of: seen.append((done, of)))
    assert (result.written, result.bad) == (100, [])
    assert seen == [(i, 100) for i in range(1, 101)]
    product, history = next(iter(found.histories.items()))
    assert await store.steps(product, Offer.BUYBOX, 0, EVER) == history.offers[Offer.BUYBOX]


async def test_the_same_import_again_changes_nothing(store: Store) -> None:
    found = _found(Steps([(NOW - 9 * DAY, 1500)], [(NOW - 8 * DAY, State.NO_OFFER)], NOW - 7 * DAY))
    await import_histories(store, SETTINGS, lambda: NOW, found)
    before = await store.product(PRODUCT)
    result = await import_histories(store, SETTINGS, lambda: NOW, found)
    assert (result.written, result.unchanged) == (0, 1)
    assert await store.product(PRODUCT) == before


async def test_what_was_recorded_stays_and_the_import_comes_before_it(store: Store) -> None:
    await _look(store, NOW - 2 * DAY, 1200)
    await _look(store, NOW - DAY, None)
    imported = Steps([(NOW - 60 * DAY, 900), (NOW - 50 * DAY, 1800), (NOW - DAY - 5, 1)], [], NOW - 5)
    await import_histories(store, SETTINGS, lambda: NOW, _found(imported))
    assert await store.steps(PRODUCT, Offer.BUYBOX, 0, EVER) == Steps(
        [(NOW - 60 * DAY, 900), (NOW - 50 * DAY, 1800), (NOW - 2 * DAY, 1200)],
        [(NOW - DAY, State.NO_OFFER)],
        NOW - DAY,
    )
    state = await store.product(PRODUCT)
    assert state is not None
    offer = state.offers[Offer.BUYBOX]
    assert (offer.price, offer.low, offer.low_at, offer.since) == (None, 900, NOW - 60 * DAY, NOW - DAY)


async def test_other_offers_of_the_product_stay(store: Store) -> None:
    used = Steps([(NOW - DAY, 700)], [], NOW)
    await rewrite(store, PRODUCT, "USD", {Offer.USED: used}, reason="restore")
    await import_histories(store, SETTINGS, lambda: NOW, _found(Steps([(NOW - 9 * DAY, 1500)], [], NOW)))
    assert await store.steps(PRODUCT, Offer.USED, 0, EVER) == used


async def test_a_look_that_comes_in_between_is_not_lost(store: Store) -> None:
    await _look(store, NOW - 2 * DAY, 1200)
    pending = [1100]

    async def meanwhile(*args: object, **named: object) -> int:
        if pending:
            await _look(store, NOW - DAY, pending.pop())
        return await rewrite(*args, **named)  # type: ignore[arg-type]

    with patch.object(history_import, "rewrite", meanwhile):
        result = await import_histories(store, SETTINGS, lambda: NOW, _found(Steps([(NOW - 5 * DAY, 900)], [], NOW)))
    assert result.written == 1
    steps = await store.steps(PRODUCT, Offer.BUYBOX, 0, EVER)
    assert steps.prices == [(NOW - 5 * DAY, 900), (NOW - 2 * DAY, 1200), (NOW - DAY, 1100)]


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (_found(Steps([(NOW, 1)], [], NOW), "EUR"), "its history is kept in USD, this one is in EUR"),
        (_found(Steps([(NOW, 1)], [], NOW + DAY)), "which has not come yet"),
    ],
)
async def test_a_product_that_cannot_be_imported_is_listed(store: Store, found: Found, sentence: str) -> None:
    await _look(store, NOW - 2 * DAY, 1200)
    result = await import_histories(store, SETTINGS, lambda: NOW, found)
    assert result.written == 0
    assert [sentence in str(bad) for bad in result.bad] == [True]
    assert result.bad[0].where == str(PRODUCT)
