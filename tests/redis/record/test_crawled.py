"""What only reports or imports said is told once a crawl has seen it, against what a crawl saw before."""

from typing import Any

import pytest

from pennywren import keyspace
from pennywren.model.observation import Look, Source
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import Steps
from pennywren.record.recording import LookToRecord, Outcome, Recorder
from pennywren.record.rewriting import rewrite
from pennywren.store.store import Store

PRODUCT = ProductID("us", "B08N5WRWNW")
T0 = 1_764_000_000_000
GAP = 10**9


async def see(store: Store, price: int | None, at: int, source: Source = Source.CRAWL) -> Outcome:
    look = Look(PRODUCT, "USD", {Offer.BUYBOX: price}, T0 + at, source)
    (result,) = await Recorder(store, GAP).record([LookToRecord(look)])
    return result.outcomes[Offer.BUYBOX]


async def told(store: Store) -> list[tuple[str, str, str]]:
    """Old, new and source of every change in the stream."""
    entries: Any = await store.client.xrange(keyspace.changes(keyspace.partition_of(PRODUCT)))
    return [(fields["old"], fields["new"], fields["source"]) for _, fields in entries]


async def crawled(store: Store) -> tuple[bool, int | None]:
    state = await store.product(PRODUCT)
    assert state
    return state.offers[Offer.BUYBOX].crawled, state.offers[Offer.BUYBOX].crawled_price


async def test_a_price_that_a_report_recorded_first_is_a_change_again_when_a_crawl_sees_it(store: Store) -> None:
    await see(store, 1000, 0)
    assert await see(store, 960, 1, Source.REPORT) is Outcome.CHANGED
    assert await crawled(store) == (False, 1000)
    assert await see(store, 960, 2) is Outcome.VERIFIED
    assert await crawled(store) == (True, 960)
    assert await see(store, 960, 3) is Outcome.CONFIRMED

    assert await told(store) == [("", "1000", "crawl"), ("1000", "960", "report"), ("1000", "960", "crawl")]


async def test_several_moves_by_reports_are_told_as_one_when_a_crawl_looks(store: Store) -> None:
    await see(store, 1000, 0)
    await see(store, 980, 1, Source.REPORT)
    await see(store, 960, 2, Source.REPORT)
    assert await crawled(store) == (False, 1000)
    assert await see(store, 950, 3) is Outcome.CHANGED

    assert (await told(store))[-1] == ("1000", "950", "crawl")


async def test_a_crawl_that_sees_what_it_saw_before_crosses_nothing(store: Store) -> None:
    await see(store, 1000, 0)
    await see(store, 960, 1, Source.REPORT)
    await see(store, 1000, 2)

    assert (await told(store))[-1] == ("1000", "1000", "crawl")
    assert await crawled(store) == (True, 1000)


async def test_what_an_import_said_is_told_like_a_first_price_once_a_crawl_has_seen_it(store: Store) -> None:
    await rewrite(store, PRODUCT, "USD", {Offer.BUYBOX: Steps([(T0, 800)], [], T0)}, reason="import")
    assert await crawled(store) == (False, None)
    assert await see(store, 800, 5) is Outcome.VERIFIED

    assert (await told(store))[-1] == ("", "800", "crawl")


@pytest.mark.parametrize("reason", ["tier", "import"])
async def test_a_rewrite_of_the_same_past_keeps_what_a_crawl_saw(store: Store, reason: str) -> None:
    await see(store, 1000, 0)
    await see(store, 960, 1, Source.REPORT)
    steps = await store.steps(PRODUCT, Offer.BUYBOX, 0, T0 + 10**9)
    await rewrite(store, PRODUCT, "USD", {Offer.BUYBOX: steps}, reason=reason)

    assert await crawled(store) == (False, 1000)


async def test_an_import_that_goes_on_after_a_crawl_keeps_what_that_crawl_saw(store: Store) -> None:
    await see(store, 1000, 0)
    await rewrite(
        store, PRODUCT, "USD", {Offer.BUYBOX: Steps([(T0, 1000), (T0 + 5, 900)], [], T0 + 5)}, reason="import"
    )

    assert await crawled(store) == (False, 1000)
    assert await see(store, 900, 9) is Outcome.VERIFIED
    assert (await told(store))[-1] == ("1000", "900", "crawl")
