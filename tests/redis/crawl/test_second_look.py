"""A price that must be seen twice is looked at again soon, also where the same egress came by first."""

import pytest

from pennywren import keyspace
from pennywren.frontier.admission import Admission, admit_all
from pennywren.frontier.claiming import claim
from pennywren.frontier.score import is_firm, time_of
from pennywren.model.clock import SECOND, system_clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.observe.page.reading import OfferReading, PageReading
from pennywren.pipeline.concluding import DOUBTED, Conclusions
from pennywren.record.recording import Recorder
from pennywren.store.counters import Sample, read
from pennywren.store.store import Store
from pennywren.trust.judge import ELSEWHERE_WITHIN
from tests.frontier_places import score_of

KETTLE = ProductID("us", "B08N5WRWNW")
N = keyspace.partition_of(KETTLE)


class Crawls:
    """Crawls of one product through several egresses."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def see(self, at: int, egress: str, **prices: int) -> None:
        """A crawl through an egress sees these prices of the offers."""
        await admit_all(self._store.client, [Admission(KETTLE, urgent=True)], now=at)
        (lease,) = (await claim(self._store.client, N, "us", urgent_first=1, now=at)).leases
        conclusions = Conclusions(self._store, Recorder(self._store, 7 * 86_400), 3600, egress=egress, alone=False)
        offers = {name: OfferReading(price=price, currency="USD") for name, price in prices.items()}
        reading = PageReading(kind="product", product_id=str(KETTLE), offers=offers, availability="in_stock")
        await conclusions.seen(lease, await conclusions.known(KETTLE), reading, at)

    async def due(self) -> int:
        """When it is due again, firmly (ms)."""
        score = await score_of(self._store.client, KETTLE)
        assert score is not None
        assert is_firm(score)
        return time_of(score)

    async def buybox(self) -> int | None:
        state = await self._store.product(KETTLE)
        assert state is not None
        return state.offers[Offer.BUYBOX].price


@pytest.mark.parametrize("others", [{}, {"new": 1500}])
async def test_what_one_egress_saw_twice_is_due_again_when_it_may_confirm_it_itself(
    store: Store, others: dict[str, int]
) -> None:
    crawls, now = Crawls(store), system_clock()
    await crawls.see(now - SECOND, "e1", buybox=1599, **others)
    await crawls.see(now, "e1", buybox=99, **others)
    assert await crawls.due() <= now + ELSEWHERE_WITHIN
    await crawls.see(now + SECOND, "e1", buybox=99, **others)
    assert await crawls.buybox() == 1599
    assert await crawls.due() <= now + ELSEWHERE_WITHIN, "the first of the two counts"
    await crawls.see(now + ELSEWHERE_WITHIN, "e1", buybox=99, **others)
    assert await crawls.buybox() == 99


async def test_another_egress_confirms_it_at_once(store: Store) -> None:
    crawls, now = Crawls(store), system_clock()
    await crawls.see(now - SECOND, "e1", buybox=1599)
    await crawls.see(now, "e1", buybox=99)
    await crawls.see(now + SECOND, "e2", buybox=99)
    assert await crawls.buybox() == 99
    counted = [(each.labels, each.value) for each in await read(store.client, [DOUBTED]) if isinstance(each, Sample)]
    assert counted == [(("accepted", "seen_twice"), 1), (("held", "too_good"), 1)]
