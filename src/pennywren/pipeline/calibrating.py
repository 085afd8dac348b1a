"""Where the crawl threshold should be, and how often products change, from a sample: what sweeps end with."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pennywren import keyspace
from pennywren.frontier import hints, places, priors
from pennywren.frontier.calibration import threshold_for
from pennywren.frontier.due import Bounds
from pennywren.frontier.planning import Planner, Subject
from pennywren.frontier.priors import LookedAt
from pennywren.frontier.rate import unpack
from pennywren.frontier.threshold import set_if_far_off
from pennywren.model.offer import Offer
from pennywren.model.rule import WatchSet
from pennywren.observe.hosts import Hosts
from pennywren.pipeline.concluding import subject_of
from pennywren.settings import Settings
from pennywren.store.store import Store

_SAMPLE: Final = 300


@dataclass(frozen=True, slots=True)
class Demand:
    """What wants to be crawled, and what may leave."""

    population: int
    per_second: float
    """What is left when the floor has had its share."""
    bounds: Bounds


async def sweep_frontier(store: Store, settings: Settings, dice: random.Random) -> int:
    """Derive all hints again, learn from a sample, put a threshold right that is far off; how many products we have."""
    population = await hints.sweep(store.client)
    if population:
        hosts = Hosts.of(settings)
        served = {hosts.host(code) for code in await hints.marketplaces(store.client)}
        per_second = len(settings.egresses) * max(len(served), 1)
        by_value = per_second * (1 - settings.floor_percent / 100)
        subjects = await sample(store, dice)
        await calibrate(store, subjects, Demand(population, by_value, Bounds(settings.recrawl_after)))
    return population


async def calibrate(store: Store, subjects: Sequence[Subject], demand: Demand) -> None:
    """Let the priors learn from a sample of the products, and put the threshold right if it is far off."""
    planner = Planner(demand.bounds)
    planner.learn(demand.bounds, await priors.load(store.client))
    interests = [planner.interest(of) for of in subjects]
    looked_at = [
        LookedAt(of.marketplace, of.price, interest.importance, interest.chances)
        for of, interest in zip(subjects, interests, strict=True)
        if unpack(of.rate).watched_s > 0
    ]
    await planner.priors.learned(looked_at).keep(store.client)
    if interests:
        threshold = threshold_for(interests, demand.population, demand.per_second, planner.bounds)
        await set_if_far_off(store.client, threshold)


async def sample(
    store: Store, dice: random.Random, partitions: Sequence[int] = range(keyspace.PARTITIONS)
) -> list[Subject]:
    """Some 300 products at random."""
    shuffled = list(partitions)
    dice.shuffle(shuffled)
    each = -(-2 * _SAMPLE // len(shuffled))
    products = (await places.sample(store.client, each, shuffled, dice))[:_SAMPLE]
    states = await store.products(products)
    sets = [(offer, each) for offer in Offer for each in WatchSet]
    async with store.client.pipeline(transaction=False) as pipe:
        for product in products:
            for offer, each in sets:
                pipe.zcard(keyspace.watch(product, offer, each))
        counts: list[int] = await pipe.execute()
    watchers = [sum(counts[i : i + len(sets)]) for i in range(0, len(counts), len(sets))]
    return [
        subject_of(product, state, waiting)
        for product, state, waiting in zip(products, states, watchers, strict=True)
    ]  # fmt: skip
