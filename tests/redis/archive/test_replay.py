"""What the archive says of a product is what Redis holds of it."""

import asyncio
import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pennywren import keyspace
from pennywren.archive import files, folding
from pennywren.archive.events import Event
from pennywren.archive.places import Folder
from pennywren.archive.replay import replay
from pennywren.errors import PennywrenError
from pennywren.model.clock import DAY, HOUR
from pennywren.model.observation import Look, Source
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import Steps
from pennywren.pipeline.archiving import Archiver
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import rewrite
from pennywren.record.withdrawal import sample_at, without
from pennywren.store import snapshots
from pennywren.store.connect import connect
from pennywren.store.snapshots import Snapshot
from pennywren.store.store import Store
from tests.blocking import blocking

NOW = 1_760_000_000_000
PRODUCTS = (ProductID("us", "B08N5WRWNW"), ProductID("us", "B0CVCV33BG"))
EVER = 1 << 45

Step = tuple[ProductID, Offer, int | None, int, Source] | str

_look = st.tuples(
    st.sampled_from(PRODUCTS),
    st.sampled_from((Offer.BUYBOX, Offer.NEW)),
    st.one_of(st.none(), st.integers(1, 4)),
    st.sampled_from((HOUR, DAY, 9 * DAY)),
    st.sampled_from((Source.CRAWL, Source.REPORT)),
)
_step = st.one_of(_look, st.just("archive"), st.just("withdraw"), st.just("tier"))


@given(st.lists(_step, max_size=25))
@settings(max_examples=60)
def test_a_replay_of_the_archive_is_what_redis_holds(redis_server: str, steps: list[Step]) -> None:
    with blocking(redis_server) as client:
        client.flushall()
        for product in PRODUCTS:
            client.set(keyspace.test_server(keyspace.partition_of(product)), "1")
    folder = Path(tempfile.mkdtemp())
    try:
        asyncio.run(_play(redis_server, Folder(folder), steps))
    finally:
        shutil.rmtree(folder)


async def _play(url: str, place: Folder, steps: list[Step]) -> None:
    client, raw = connect(url), connect(url, decode=False)
    store, archiver = Store(client, raw), Archiver(client, place, lambda: NOW)
    at = NOW - 400 * DAY
    try:
        for step in steps:
            if step == "archive":
                await archiver.step()
            elif isinstance(step, str):
                await _rewrite(store, step, at)
            else:
                product, offer, price, later, source = step
                at += later
                look = Look(product, "USD", {offer: price}, at, source)
                await Recorder(store, 7 * 86_400, now=NOW).record([LookToRecord(look)])
        await archiver.step()
        held = dict(zip(PRODUCTS, await snapshots.take(client, PRODUCTS), strict=True))
        assert_same(held, files.read_rows(place))
        folding.merge_days(place, EVER)
        assert_same(held, files.read_rows(place))
        folding.fold(place, EVER)
        rows = files.read_rows(place)
        assert len(rows) <= len(PRODUCTS)
        assert_same(held, rows)
    finally:
        await client.aclose()
        await raw.aclose()


async def _rewrite(store: Store, reason: str, at: int) -> None:
    """Take the sample of a moment out of both products, or move them to the other tier."""
    for product in PRODUCTS:
        state = await store.product(product)
        if state is None:
            continue
        offers = {offer: await store.steps(product, offer, 0, EVER) for offer in state.offers}
        if reason == "withdraw":
            sample = sample_at(offers.get(Offer.BUYBOX, Steps()), at)
            if sample is None:
                continue
            offers[Offer.BUYBOX] = without(offers[Offer.BUYBOX], sample)
        try:
            await rewrite(
                store,
                product,
                "USD",
                offers,
                reason="withdrawal" if reason == "withdraw" else "tier",
                tier="charted" if state.tier == "raw" and reason == "tier" else "raw",
            )
        except PennywrenError:
            continue


def assert_same(held: dict[ProductID, Snapshot | None], rows: list[Event]) -> None:
    for product, expected in held.items():
        found = replay([row for row in rows if row.product == str(product)], EVER)
        if expected is None or not any(past.prices or past.states for past in expected.offers.values()):
            assert found is None or expected is not None
            continue
        assert found is not None
        assert found.version <= expected.version
        for offer, past in expected.offers.items():
            if not past.prices and not past.states:
                continue
            kept = found.offers[offer]
            assert (kept.prices, kept.states) == (past.prices, past.states)
            assert kept.last_seen <= past.last_seen
