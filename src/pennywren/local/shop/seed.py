"""What the demo begins with: some of the shop's products tracked, a past for the first, and a person who waits."""

import asyncio
from typing import Final

from pennywren.accounts import people
from pennywren.accounts.subscriptions import NotificationType
from pennywren.errors import Conflict, Unavailable
from pennywren.local.shop.goods import GOODS, HERO
from pennywren.model.clock import DAY, MINUTE, Clock, system_clock
from pennywren.model.offer import Offer
from pennywren.model.provenance import imported_field, write_ranges
from pennywren.model.rule import PriceAtOrBelow
from pennywren.model.series import Steps
from pennywren.pipeline.subscribing import Subscribing
from pennywren.pipeline.tracking import track
from pennywren.postgres.pool import Pool, open_pool, transaction
from pennywren.record.rewriting import rewrite
from pennywren.settings import Settings
from pennywren.store.opening import store_at
from pennywren.store.store import Store
from pennywren.workqueue import WorkQueue

PERSON: Final = "robin@demo.invalid"
THRESHOLD: Final = 1350
_FAR_BELOW: Final = 0.75
"""Thresholds on other products, as a share of their price: the demo's first mail is about the hero."""
_PAST: Final = (
    (36.4, 1749), (33.1, 1699), (29.6, 1799), (27.2, 1649), (24.9, 1699), (21.3, 1749), (18.0, 1599),
    (14.7, 1649), (11.2, 1699), (8.5, 1549), (5.1, 1649), (2.6, 1599),
)  # fmt: skip
"""Days ago, and the hero's price from then on."""


async def seed(settings: Settings, clock: Clock = system_clock) -> None:
    """Make what is not there yet; what is there stays as it is.

    Raises:
        Unavailable: a server is not named, or does not answer.
    """
    if not (settings.redis_url and settings.postgres_url and settings.queue_url):
        raise Unavailable("the demo needs Redis, the queue and PostgreSQL")
    queue = WorkQueue(settings.queue_url)
    try:
        pool = await open_pool(settings.postgres_url, size=2)
        try:
            async with store_at(settings.redis_url) as store:
                await track(store.client, pool, [good.id for good in GOODS], urgent=True)
                await _give_past(store, clock())
                await _subscribe(pool, Subscribing(pool, store, queue, settings))
        finally:
            await pool.close()
    finally:
        await asyncio.to_thread(queue.close)


async def _give_past(store: Store, now: int) -> None:
    """A few weeks of invented prices for the hero, the last of them the one that the shop begins with."""
    if await store.product(HERO.id) is not None:
        return
    prices = [(now - int(days * DAY), price) for days, price in _PAST]
    past = Steps(prices=prices, last_seen=now - 10 * MINUTE)
    # Its proofs shall not say that crawls of ours saw it.
    proofs = {imported_field(Offer.BUYBOX): write_ranges([(prices[0][0], past.last_seen)])}
    offers = {Offer.BUYBOX: past}
    await rewrite(store, HERO.id, HERO.currency, offers, reason="import", expected_version=0, proofs=proofs)


async def _subscribe(pool: Pool, subscribing: Subscribing) -> None:
    async with transaction(pool) as connection:
        person = await people.find_or_add(connection, PERSON)
    wishes = {HERO: THRESHOLD} | {good: int(good.price * _FAR_BELOW) for good in GOODS[1:4]}
    for good, threshold in wishes.items():
        try:
            await subscribing.subscribe(
                person.id, good.id, Offer.BUYBOX, PriceAtOrBelow(threshold), NotificationType.EMAIL
            )
        except Conflict:
            continue  # from an earlier run
