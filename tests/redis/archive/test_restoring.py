"""Redis is lost altogether, and comes back from the archive and PostgreSQL with the histories that it had."""

import random
from pathlib import Path

import pytest

from pennywren import keyspace
from pennywren.archive import files, folding
from pennywren.archive.places import Folder
from pennywren.errors import Conflict
from pennywren.model.clock import DAY, HOUR, SECOND
from pennywren.model.observation import Look, Source
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.provenance import Ground, Provenance
from pennywren.model.series import Steps
from pennywren.pipeline.archiving import Archiver
from pennywren.pipeline.backing_up import take_snapshots
from pennywren.pipeline.restoring import Restorer
from pennywren.postgres import catalogue
from pennywren.postgres.pool import Pool
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import rewrite
from pennywren.settings import Settings
from pennywren.store import snapshots
from pennywren.store.snapshots import Snapshot
from pennywren.store.store import Store

NOW = 1_760_000_000_000
KETTLE = ProductID("us", "B08N5WRWNW")
PRODUCTS = [KETTLE, *(ProductID("us", f"B{number:09d}") for number in range(40))]


@pytest.fixture
def place(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "archive")


@pytest.fixture
def restorer(store: Store, pool: Pool, place: Folder, settings: Settings) -> Restorer:
    return Restorer(store, pool, place, settings)


async def archive(store: Store, place: Folder) -> None:
    await Archiver(store.client, place, lambda: NOW).step()


async def record(store: Store, price: int | None, at: int, product: ProductID = KETTLE) -> None:
    await Recorder(store, 7 * 86_400, now=NOW).record([LookToRecord(Look(product, "USD", {Offer.BUYBOX: price}, at))])


async def play(store: Store, seed: int, begin: int, end: int) -> None:
    """Looks at all products in random order, some of them reports, some with proofs, some after long silences."""
    chance = random.Random(seed)
    recorder = Recorder(store, 7 * 86_400, now=NOW)
    for product in PRODUCTS:
        at = begin + chance.randrange(DAY)
        while at < end:
            prices = {Offer.BUYBOX: chance.choice([None, 999, 1099, 1299])}
            if chance.random() < 0.3:
                prices[Offer.NEW] = chance.choice([None, 899, 950])
            source = chance.choice([Source.CRAWL, Source.REPORT])
            proof = Provenance(Ground.CORROBORATED, 3, at) if source is Source.REPORT else None
            await recorder.record([LookToRecord(Look(product, "USD", prices, at, source), provenance=proof)])
            at += chance.choice([HOUR, DAY, 3 * DAY, 9 * DAY])


async def held(store: Store) -> dict[ProductID, Snapshot]:
    taken = await snapshots.take(store.client, PRODUCTS)
    return {product: whole for product, whole in zip(PRODUCTS, taken, strict=True) if whole is not None}


def histories(of: dict[ProductID, Snapshot]) -> dict[ProductID, object]:
    return {
        product: {
            offer: (past.prices, past.states) for offer, past in whole.offers.items() if past.prices or past.states
        }
        for product, whole in of.items()
    }


async def a_later_millisecond(store: Store) -> None:
    """Until the clock of Redis, which stamps the streams, has moved on."""
    began = await store.client.time()
    while await store.client.time() < (began[0], began[1] + 2000):
        pass


async def lose_redis(store: Store) -> None:
    await store.client.flushall()
    for product in PRODUCTS:
        await store.client.set(keyspace.test_server(keyspace.partition_of(product)), "1")


async def test_histories_are_what_they_were_to_the_last_archived_change(
    store: Store, place: Folder, restorer: Restorer
) -> None:
    await play(store, 1, NOW - 90 * DAY, NOW - 30 * DAY)
    await archive(store, place)
    await rewrite(
        store, KETTLE, "USD", {Offer.BUYBOX: Steps([(NOW - 29 * DAY, 777)], [], NOW - 29 * DAY)}, reason="import"
    )
    await archive(store, place)
    await play(store, 2, NOW - 28 * DAY, NOW)
    await archive(store, place)
    before = await held(store)
    await record(store, 1, NOW)  # and dies before it is archived
    await lose_redis(store)
    result = await restorer.restore()
    after = await held(store)
    assert result.products == len(before) == len(PRODUCTS)
    assert histories(after) == histories(before)
    assert {product: whole.proofs for product, whole in after.items()} == {p: w.proofs for p, w in before.items()}
    assert all(after[product].version > before[product].version for product in before), "no old answer passes for a new"


async def test_restoring_again_changes_nothing(store: Store, place: Folder, restorer: Restorer) -> None:
    await play(store, 3, NOW - 60 * DAY, NOW)
    await archive(store, place)
    await lose_redis(store)
    await restorer.restore()
    before = await held(store)
    again = await restorer.restore()
    assert (again.products, again.unchanged) == (0, len(PRODUCTS))
    assert await held(store) == before


async def test_it_goes_the_same_after_days_were_merged_and_old_rows_folded(
    store: Store, place: Folder, restorer: Restorer
) -> None:
    await play(store, 4, NOW - 60 * DAY, NOW - 30 * DAY)
    await archive(store, place)
    folding.fold(place, 1 << 45)
    await play(store, 5, NOW - 29 * DAY, NOW)
    await archive(store, place)
    folding.merge_days(place, 1 << 45)
    before = await held(store)
    await lose_redis(store)
    await restorer.restore()
    assert histories(await held(store)) == histories(before)


async def test_what_was_recorded_since_the_loss_is_kept(store: Store, place: Folder, restorer: Restorer) -> None:
    await record(store, 1599, NOW - 3 * DAY)
    await record(store, 1299, NOW - 2 * DAY)
    await archive(store, place)
    await lose_redis(store)
    await record(store, 1399, NOW)
    await restorer.restore()
    steps = await store.steps(KETTLE, Offer.BUYBOX, 0, 1 << 45)
    assert steps.prices == [(NOW - 3 * DAY, 1599), (NOW - 2 * DAY, 1299), (NOW, 1399)]


async def archived_moment(store: Store, place: Folder) -> int:
    """A price, recorded and archived: the moment (ms) up to which the archive reaches; what comes next is after it."""
    await record(store, 1599, NOW - 3 * DAY)
    await archive(store, place)
    (first,) = files.files(place)
    await a_later_millisecond(store)
    return first.last


async def test_a_moment_comes_back_and_what_came_after_it_counts_for_nothing(
    store: Store, place: Folder, restorer: Restorer
) -> None:
    moment = await archived_moment(store, place)
    await record(store, 1, NOW - 2 * DAY)  # a bad day's price
    await archive(store, place)
    await restorer.restore(moment, over=True)
    assert (await store.steps(KETTLE, Offer.BUYBOX, 0, 1 << 45)).prices == [(NOW - 3 * DAY, 1599)]
    await a_later_millisecond(store)
    await record(store, 1399, NOW - DAY)
    await archive(store, place)
    await lose_redis(store)
    await restorer.restore()
    steps = await store.steps(KETTLE, Offer.BUYBOX, 0, 1 << 45)
    assert steps.prices == [(NOW - 3 * DAY, 1599), (NOW - DAY, 1399)], "the bad day stays out"


async def test_what_was_first_seen_after_the_moment_has_no_price_again(
    store: Store, place: Folder, restorer: Restorer
) -> None:
    moment = await archived_moment(store, place)
    new = PRODUCTS[1]
    await record(store, 1, NOW - 2 * DAY, new)
    await archive(store, place)
    for _ in range(2):  # doing it again is the same
        await restorer.restore(moment, over=True)
        state = await store.product(new)
        assert state is not None
        assert state.offers == {}
        assert (await store.steps(new, Offer.BUYBOX, 0, 1 << 45)).prices == []
    await record(store, 1499, NOW - DAY, new)
    assert (await store.steps(new, Offer.BUYBOX, 0, 1 << 45)).prices == [(NOW - DAY, 1499)]
    await lose_redis(store)
    await restorer.restore(moment, over=True)
    assert await store.product(new) is None


async def test_nothing_is_taken_back_while_a_change_waits_for_the_archive(
    store: Store, place: Folder, restorer: Restorer
) -> None:
    moment = await archived_moment(store, place)
    await record(store, 1, NOW - 2 * DAY)
    with pytest.raises(Conflict, match=r"not in the archive yet \(partitions: 1\)"):
        await restorer.restore(moment, over=True)
    assert files.restorations(place) == []
    assert (await store.steps(KETTLE, Offer.BUYBOX, 0, 1 << 45)).prices[-1] == (NOW - 2 * DAY, 1)
    await archive(store, place)
    await restorer.restore(moment, over=True)
    assert (await store.steps(KETTLE, Offer.BUYBOX, 0, 1 << 45)).prices == [(NOW - 3 * DAY, 1599)]


async def test_what_a_crawl_saw_last_comes_back_where_reports_say_otherwise(
    store: Store, place: Folder, restorer: Restorer
) -> None:
    await record(store, 1599, NOW - 3 * DAY)
    report = Look(KETTLE, "USD", {Offer.BUYBOX: 1299}, NOW - 2 * DAY, Source.REPORT)
    await Recorder(store, 7 * 86_400, now=NOW).record([LookToRecord(report)])
    await archive(store, place)
    await lose_redis(store)
    await restorer.restore()
    state = await store.product(KETTLE)
    assert state is not None
    assert (state.offers[Offer.BUYBOX].price, state.offers[Offer.BUYBOX].crawled_price) == (1299, 1599)


async def test_a_price_counts_as_seen_when_the_catalogue_says_so(
    store: Store, place: Folder, restorer: Restorer, pool: Pool
) -> None:
    await record(store, 1599, NOW - 3 * DAY)
    await archive(store, place)
    await catalogue.upsert(pool, [catalogue.CatalogueEntry(KETTLE, last_seen_ms=NOW - DAY)])
    await lose_redis(store)
    await restorer.restore()
    state = await store.product(KETTLE)
    assert state is not None
    assert state.last_seen == (NOW - DAY) // SECOND * SECOND


async def test_what_was_recorded_before_there_was_an_archive_can_be_put_into_it(
    store: Store, place: Folder, restorer: Restorer
) -> None:
    await play(store, 6, NOW - 60 * DAY, NOW - 30 * DAY)
    for product in PRODUCTS:
        await store.client.delete(keyspace.changes(keyspace.partition_of(product)))
    assert await take_snapshots(store.client, place) == len(PRODUCTS)
    await play(store, 7, NOW - 29 * DAY, NOW)
    await archive(store, place)
    before = await held(store)
    await lose_redis(store)
    await restorer.restore()
    assert histories(await held(store)) == histories(before)


async def test_a_product_that_moves_all_the_time_is_told(
    store: Store, place: Folder, restorer: Restorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(store, 1599, NOW - 3 * DAY)
    await archive(store, place)
    await lose_redis(store)
    products, count = store.products, iter(range(1, 100))

    async def products_then_a_look(of: list[ProductID]) -> object:
        found = await products(of)
        await record(store, 1000 + next(count), NOW - DAY + next(count))
        return found

    monkeypatch.setattr(store, "products", products_then_a_look)
    with pytest.raises(Conflict, match="again"):
        await restorer.restore()
