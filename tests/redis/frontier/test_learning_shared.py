"""What all workers share: priors that are learned from samples, and hints of those whom nobody trusts."""

import random

from pennywren import keyspace
from pennywren.frontier import hints, priors
from pennywren.frontier.admission import Admission, admit_all
from pennywren.frontier.due import Bounds
from pennywren.frontier.planning import Planner
from pennywren.frontier.rate import PRIOR, Learned, mean_rate
from pennywren.frontier.score import time_of
from pennywren.frontier.signals import signal
from pennywren.model.clock import DAY
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.calibrating import Demand, calibrate, sample
from pennywren.pipeline.concluding import subject_of
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.connect import Client
from pennywren.store.store import Store
from tests.frontier_places import score_of

NOW = 1_764_067_200_000
KETTLE = ProductID("us", "B08N5WRWNW")
N = keyspace.partition_of(KETTLE)
BOUNDS = Bounds(300)


def _often() -> str:
    learned = Learned()
    for _ in range(20):
        learned = learned.after(changed=True, elapsed_s=86_400 / 4)
    return learned.pack()


async def _recorded(store: Store, product: ProductID, rate: str) -> None:
    await admit_all(store.client, [Admission(product, NOW)], now=NOW)
    look = Look(product, "USD", {Offer.BUYBOX: 1599}, NOW)
    await Recorder(store, 86_400, now=NOW).record(
        [LookToRecord(look, NOW + 30 * DAY, NOW + 30 * DAY, rate, rate)]
    )  # fmt: skip


async def test_sweeps_teach_the_priors_from_products_that_were_looked_at(redis_client: Client, store: Store) -> None:
    products = [ProductID("us", f"B{i:09d}") for i in range(60)]
    for product in products[:40]:
        await _recorded(store, product, _often())
    await admit_all(redis_client, [Admission(product, NOW) for product in products[40:]])
    subjects = await sample(store, random.Random(1))
    assert len(subjects) == 60
    await calibrate(store, subjects, Demand(60, 0.001, BOUNDS))
    learned = await priors.load(redis_client)
    assert mean_rate(learned.of("us", 1599)) > 2 * mean_rate(PRIOR)
    assert learned.of("de", 1599) == PRIOR


async def test_priors_that_cannot_be_read_are_as_if_they_were_not_there(redis_client: Client) -> None:
    await redis_client.hset(keyspace.crawl_priors(), mapping={"us": "nonsense", "de": "[1, 2]"})
    learned = await priors.load(redis_client)
    assert learned.of("us", 1) == learned.of("de", 1) == PRIOR


async def test_a_hint_moves_the_due_time_and_nothing_else(redis_client: Client, store: Store) -> None:
    await _recorded(store, KETTLE, _often())
    before = await store.product(KETTLE)
    assert before is not None
    planner = Planner(BOUNDS, threshold=20_000.0)
    subject = subject_of(KETTLE, before, 1)
    await redis_client.delete(keyspace.ready_due("us"))
    assert await signal(redis_client, planner, KETTLE, subject, NOW + 60_000, changed=True)
    after = await store.product(KETTLE)
    assert after is not None
    assert (after.offers, after.version, after.last_seen) == (before.offers, before.version, before.last_seen)
    score = await score_of(redis_client, KETTLE)
    assert score is not None
    assert score < NOW + 30 * DAY
    # The workers need no sweep to find that its turn has come sooner.
    due = time_of(score)
    assert await hints.take(redis_client, hints.lane_of(score), "us", due) == hints.Hint(N, due)
    # Weighed against a state that is no longer the one that is kept: somebody looked in between.
    assert not await signal(redis_client, planner, KETTLE, subject, NOW + 60_000, changed=True)


async def test_a_hint_brings_nothing_into_the_frontier(redis_client: Client, store: Store) -> None:
    planner = Planner(BOUNDS, threshold=20_000.0)
    assert not await signal(redis_client, planner, KETTLE, subject_of(KETTLE, None, 1), NOW, changed=True)
    await _recorded(store, KETTLE, _often())
    await redis_client.delete(keyspace.frontier(N))
    state = await store.product(KETTLE)
    await signal(redis_client, planner, KETTLE, subject_of(KETTLE, state, 1), NOW + 60_000, changed=True)
    assert await redis_client.exists(keyspace.frontier(N)) == 0
