"""Where the crawl threshold should be, from a sample of the products: what sweeps of the frontier end with."""

import random
from typing import Final

from pennywren import keyspace
from pennywren.frontier import hints
from pennywren.frontier.calibration import threshold_for
from pennywren.frontier.due import Bounds, Interest, latest_s
from pennywren.frontier.rate import prior_of, unpack
from pennywren.frontier.threshold import set_if_far_off
from pennywren.frontier.value import importance
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.observe.hosts import Hosts
from pennywren.settings import Settings
from pennywren.store.store import Store

_SAMPLE: Final = 300


async def sweep_frontier(store: Store, settings: Settings, dice: random.Random) -> int:
    """Derive all hints again and put a threshold right that is far off; how many products there are."""
    population = await hints.sweep(store.client)
    if population:
        hosts = Hosts.of(settings)
        served = {hosts.host(code) for code in await hints.marketplaces(store.client)}
        per_second = len(settings.egresses) * max(len(served), 1)
        bounds = Bounds(settings.recrawl_after, latest_s(population, per_second))
        interests = await _sample(store, population, dice)
        if interests:
            await set_if_far_off(store.client, threshold_for(interests, population, per_second, bounds))
    return population


async def _sample(store: Store, population: int, dice: random.Random) -> list[Interest]:
    each = max(1, round(_SAMPLE * 2 / max(population, 1)), round(_SAMPLE / keyspace.PARTITIONS))
    partitions = list(range(keyspace.PARTITIONS))
    dice.shuffle(partitions)
    async with store.client.pipeline(transaction=False) as pipe:
        for n in partitions:
            pipe.zrandmember(keyspace.frontier(n), each)
        found: list[list[str]] = await pipe.execute()
    products = [ProductID.parse(member) for members in found for member in members][:_SAMPLE]
    states = await store.products(products)
    async with store.client.pipeline(transaction=False) as pipe:
        for product in products:
            for offer in Offer:
                pipe.zcard(keyspace.watch(product, offer))
        counts: list[int] = await pipe.execute()
    watchers = [sum(counts[i : i + len(Offer)]) for i in range(0, len(counts), len(Offer))]
    return [
        Interest(importance(waiting), unpack(state.rate if state else None).chances(prior_of(product.marketplace)))
        for product, state, waiting in zip(products, states, watchers, strict=True)
    ]
