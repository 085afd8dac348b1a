"""Where a change comes from is kept in the step that records it, unless one crawl saw it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren import keyspace
from pennywren.history.sources.found import Found, ProductHistory
from pennywren.model.clock import DAY
from pennywren.model.observation import Look, Source
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.provenance import Ground, Provenance, Withdrawn, read_proofs, sample_field, write_ranges
from pennywren.model.series import Steps
from pennywren.pipeline.history_import import import_histories
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import About, rewrite
from pennywren.settings import Settings
from pennywren.store.proofs import proofs_of
from pennywren.store.store import Store

NOW = 1_760_000_000_000
KETTLE = ProductID("us", "B08N5WRWNW")
TOASTER = ProductID("us", "B0CVCV33BG")
BY_THREE = Provenance(Ground.CORROBORATED, 3, NOW - 100)


@pytest.fixture
def recorder(store: Store) -> Recorder:
    return Recorder(store, 7 * 86_400, now=NOW)


def _look(price: int | None, at: int, product: ProductID = KETTLE) -> Look:
    return Look(product, "USD", {Offer.BUYBOX: price, Offer.USED: 500}, at, Source.REPORT)


async def test_what_one_crawl_saw_needs_no_key(store: Store, recorder: Recorder) -> None:
    await recorder.record([LookToRecord(Look(KETTLE, "USD", {Offer.BUYBOX: 1599}))])
    assert not await store.client.exists(keyspace.proof(KETTLE))
    assert (await proofs_of(store.client, KETTLE)).of(Offer.BUYBOX, NOW) == Provenance(Ground.CRAWL)


async def test_a_change_keeps_its_provenance_and_a_confirmation_does_not_touch_it(
    store: Store, recorder: Recorder
) -> None:
    looks = [
        LookToRecord(_look(1599, NOW - 900)),
        LookToRecord(_look(1549, NOW - 800), provenance=BY_THREE),
        LookToRecord(_look(1549, NOW - 700), provenance=Provenance(Ground.NEAR, 1)),
        LookToRecord(_look(1499, NOW - 600, TOASTER)),
    ]
    await recorder.record(looks)
    proofs = await proofs_of(store.client, KETTLE)
    assert proofs.samples == {(Offer.BUYBOX, NOW - 800): BY_THREE}
    assert proofs.of(Offer.BUYBOX, NOW - 900).ground is Ground.CRAWL
    state = await store.product(TOASTER)
    assert state is not None
    assert state.offers[Offer.BUYBOX].price == 1499


async def test_of_very_many_the_oldest_are_forgotten_and_that_is_said(store: Store, recorder: Recorder) -> None:
    looks = [_look(1000 + i, NOW - 1000 + i) for i in range(300)]
    await recorder.record([LookToRecord(look, provenance=BY_THREE) for look in looks])
    assert await store.client.hlen(keyspace.proof(KETTLE)) == 257
    proofs = await proofs_of(store.client, KETTLE)
    assert proofs.of(Offer.BUYBOX, NOW - 1000).ground is Ground.FORGOTTEN
    assert proofs.of(Offer.BUYBOX, NOW - 701) == BY_THREE


async def test_an_import_says_which_spans_it_brought(store: Store, recorder: Recorder) -> None:
    await recorder.record([LookToRecord(Look(KETTLE, "USD", {Offer.BUYBOX: 1599}, NOW - DAY))])
    past = Steps([(NOW - 9 * DAY, 1500), (NOW - 8 * DAY, 1700)], [], NOW - 2 * DAY)
    found = Found({KETTLE: ProductHistory(KETTLE, "USD", {Offer.BUYBOX: past})})
    await import_histories(store, Settings(), lambda: NOW, found)
    proofs = await proofs_of(store.client, KETTLE)
    assert proofs.imported == {Offer.BUYBOX: [(NOW - 9 * DAY, NOW - DAY - 1)]}
    assert proofs.of(Offer.BUYBOX, NOW - 8 * DAY).ground is Ground.IMPORTED
    assert proofs.of(Offer.BUYBOX, NOW - DAY).ground is Ground.CRAWL


async def test_a_rewrite_sets_proofs_in_its_step_and_says_what_it_is_about(store: Store, recorder: Recorder) -> None:
    await recorder.record([LookToRecord(_look(1599, NOW - 900)), LookToRecord(_look(99, NOW - 800))])
    gone = Withdrawn(99, NOW - 800, None, NOW, "the page showed the price of a spare part")
    await rewrite(
        store,
        KETTLE,
        "USD",
        {Offer.BUYBOX: Steps([(NOW - 900, 1599)], [], NOW - 801)},
        reason="withdrawal",
        about=About(Offer.BUYBOX, NOW - 800, 99),
        proofs={sample_field(Offer.BUYBOX, NOW - 800): gone.write()},
    )
    assert (await proofs_of(store.client, KETTLE)).withdrawn == {(Offer.BUYBOX, NOW - 800): gone}
    entries: Any = await store.client.xrevrange(keyspace.changes(keyspace.partition_of(KETTLE)), count=1)
    entry = entries[0][1]
    assert (entry["kind"], entry["source"], entry["at"], entry["old"]) == (
        "rewrite",
        "withdrawal",
        str(NOW - 800),
        "99",
    )


_TIMES = st.one_of(st.none(), st.integers(1, 10**14))


@given(st.builds(Provenance, st.sampled_from(Ground), st.integers(0, 500), _TIMES, _TIMES))
def test_every_provenance_reads_back(provenance: Provenance) -> None:
    assert read_proofs({"buybox:5": provenance.write()}).of(Offer.BUYBOX, 5) == provenance


@given(st.text(max_size=80), st.integers(1, 10**10), _TIMES)
def test_every_withdrawal_reads_back(because: str, price: int, until: int | None) -> None:
    gone = Withdrawn(price, 5, until, 9, because)
    assert read_proofs({"used:5": gone.write()}).withdrawn == {(Offer.USED, 5): gone}


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 9)), max_size=120))
def test_spans_stay_few_and_cover_all_that_was_imported(begun: list[tuple[int, int]]) -> None:
    ranges = [(start, start + length) for start, length in begun]
    kept = read_proofs({"new:imported": write_ranges(ranges)}).imported.get(Offer.NEW, [])
    assert len(kept) <= 50
    assert all(any(start <= first and last <= end for start, end in kept) for first, last in ranges)
