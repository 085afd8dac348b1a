"""A price that only one egress ever saw, and others right afterwards did not, is withdrawn by itself."""

from typing import Any

import pytest

from pennywren import keyspace
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.doubting import BECAUSE, Doubting
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.proofs import proofs_of
from pennywren.store.store import Store
from pennywren.trust.waiting import read_waiting, write_waiting

KETTLE = ProductID("us", "B08N5WRWNW")
NOW = 1_764_067_200_000
MINUTE = 60_000


class Crawls:
    """Crawls through several egresses, of what a test says that they saw."""

    def __init__(self, store: Store, *, alone: bool = False) -> None:
        self.store = store
        self._alone = alone
        self.now = NOW

    async def see(self, price: int, egress: str, held: dict[str, str] | None = None) -> None:
        self.now += MINUTE
        before = await self.store.product(KETTLE)
        kept: Any = await self.store.client.hgetall(keyspace.held(KETTLE))
        fields: dict[str, str] = {**kept, **(held or {})}
        look = Look(KETTLE, "USD", {Offer.BUYBOX: price}, self.now)
        (result,) = await Recorder(self.store, 7 * 86_400).record([LookToRecord(look)])
        doubting = Doubting(self.store, egress, alone=self._alone)
        await doubting.looked(look, before, fields, read_waiting(fields), result, self.now)

    async def prices(self) -> list[int]:
        return [price for _, price in (await self.store.steps(KETTLE, Offer.BUYBOX, 0, 1 << 45)).prices]

    async def is_asked_for(self) -> bool:
        key = keyspace.urgent(keyspace.partition_of(KETTLE))
        return bool(await self.store.client.zrem(key, str(KETTLE)))


async def test_what_two_others_contradict_is_withdrawn(store: Store) -> None:
    crawls = Crawls(store)
    await crawls.see(1599, "e1")
    assert not await crawls.is_asked_for()
    await crawls.see(499, "e1")
    assert await crawls.is_asked_for()
    await crawls.see(1599, "e2")
    assert await crawls.is_asked_for()
    assert await crawls.prices() == [1599, 499, 1599]
    await crawls.see(1599, "e3")
    assert await crawls.prices() == [1599]
    gone = (await proofs_of(store.client, KETTLE)).withdrawn
    assert [(each.price, each.because) for each in gone.values()] == [(499, BECAUSE)]
    assert not await store.client.exists(keyspace.held(KETTLE))


async def test_what_another_sees_too_stays(store: Store) -> None:
    crawls = Crawls(store)
    for price, egress in ((1599, "e1"), (499, "e1"), (499, "e2"), (1599, "e3"), (1599, "e2")):
        await crawls.see(price, egress)
    assert await crawls.prices() == [1599, 499, 1599]
    assert not await store.client.exists(keyspace.held(KETTLE))


async def test_what_was_seen_twice_through_two_egresses_is_not_doubted(store: Store) -> None:
    crawls = Crawls(store)
    await crawls.see(1599, "e1")
    await crawls.see(99, "e2", {"buybox": write_waiting(99, NOW, "e1")})
    assert not await crawls.is_asked_for()


@pytest.mark.parametrize("price", [1000, 1599, 2500])
async def test_an_ordinary_price_costs_no_second_look(store: Store, price: int) -> None:
    crawls = Crawls(store)
    await crawls.see(1599, "e1")
    await crawls.see(price, "e1")
    assert not await crawls.is_asked_for()


async def test_who_has_one_egress_doubts_nothing(store: Store) -> None:
    crawls = Crawls(store, alone=True)
    await crawls.see(1599, "e1")
    await crawls.see(499, "e1")
    assert not await crawls.is_asked_for()
