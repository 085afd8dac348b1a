"""A primary dies: its replica answers for the past, requests are told so, and writing goes on when it takes over."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pennywren.errors import Unavailable
from pennywren.history.question import parse_question
from pennywren.history.reading import HistoryReader
from pennywren.history.service import HistoryService
from pennywren.local.cluster import LocalCluster
from pennywren.match import index
from pennywren.match.index import Watch
from pennywren.match.streams import ChangeReader
from pennywren.model.clock import DAY
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.settings import Settings
from pennywren.store.connect import HURRIED, connect
from pennywren.store.store import Store
from tests.cluster.conftest import mark_as_test_server, open_client
from tests.cluster.dying import doomed_cluster, kill_owner_of, may_take_over, slot_of

NOW = 1_760_000_000_000
PRODUCTS = [ProductID("us", f"B{number:09d}") for number in range(60)]
QUESTION = parse_question({"interval": "raw"}, NOW + DAY)


@pytest.fixture
def doomed(tmp_path: Path) -> Iterator[LocalCluster]:
    """A cluster of which a node is going to be killed."""
    with doomed_cluster(tmp_path / "doomed") as cluster:
        yield cluster


@pytest.fixture
async def patient(doomed: LocalCluster) -> AsyncIterator[Store]:
    """The store as processes in the background have it."""
    client, bytes_client = open_client(doomed), connect(doomed.url, decode=False)
    await mark_as_test_server(client)
    yield Store(client, bytes_client)
    await client.aclose()
    await bytes_client.aclose()


@pytest.fixture
async def asked(doomed: LocalCluster) -> AsyncIterator[tuple[Store, HistoryService]]:
    """The store and the history as a request has them: with little patience, and replicas to fall back on."""
    clients = [
        connect(doomed.url, decode=decode, patience=HURRIED, standby=standby)
        for standby in (False, True)
        for decode in (True, False)
    ]
    store, standby = Store(clients[0], clients[1]), Store(clients[2], clients[3])
    settings = Settings()
    readers = [HistoryReader(each, settings, lambda: NOW + DAY) for each in (store, standby)]
    yield store, HistoryService(store, readers[0], (standby, readers[1]))
    for client in clients:
        await client.aclose()


async def _record(store: Store, at: int, price: int) -> None:
    looks = [LookToRecord(Look(product, "USD", {Offer.BUYBOX: price}, at)) for product in PRODUCTS]
    await Recorder(store, 7 * 86_400, now=NOW + DAY).record(looks)


async def test_after_a_primary_was_killed_nothing_of_its_products_is_lost(
    doomed: LocalCluster, patient: Store, asked: tuple[Store, HistoryService]
) -> None:
    store, history = asked
    client: Any = patient.client
    await _record(patient, NOW - 2 * DAY, 2000)
    await _record(patient, NOW - DAY, 1500)
    await index.add(patient.client, *(Watch(i + 1, p, Offer.BUYBOX, 1200) for i, p in enumerate(PRODUCTS)))
    before = {product: (await history.answer(product, QUESTION)).body for product in PRODUCTS}
    victim = PRODUCTS[0]
    kill_owner_of(doomed, client, victim)

    with pytest.raises(Unavailable):
        await store.product(victim)
    stale = await history.answer(victim, QUESTION)
    assert stale.stale
    assert msgspec.json.decode(stale.body) == {**msgspec.json.decode(before[victim]), "stale": True}
    unharmed = next(
        p for p in PRODUCTS if client.topology.primaries[slot_of(p)] != client.topology.primaries[slot_of(victim)]
    )
    state = await store.product(unharmed)
    assert state is not None
    assert state.offers[Offer.BUYBOX].price == 1500

    may_take_over(doomed)
    # It waits for the replica to do so.
    await _record(patient, NOW, 1000)
    for product in PRODUCTS:
        while (answer := await history.answer(product, QUESTION)).stale:
            await asyncio.sleep(0.05)  # whoever is in a hurry hears of it a moment later
        prices = [point["price"] for point in msgspec.json.decode(answer.body)["history"]]
        assert prices == [2000, 1500, 1000]
    assert await _triggered(patient) == set(range(1, len(PRODUCTS) + 1))


async def _triggered(store: Store) -> set[int]:
    """Whom all changes concern, as the matcher finds them."""
    reader = ChangeReader(store.client, "test", lambda: NOW)
    found: set[int] = set()
    while (reading := await reader.read(0.1)) is not None:
        changes = [entry.change for entry in reading.entries if entry.change is not None]
        for triggered in await index.triggered(store.client, changes):
            found.update(triggered.subscription_ids)
        await reader.finish(reading, reading.entries, {})
    return found
