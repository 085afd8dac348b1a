"""Subscribing: the row in PostgreSQL, the watch in the index, the product in the frontier, and "already met".

The order of the steps decides what a crash in between leaves behind. A watch without a subscription is harmless,
because the decision is taken in PostgreSQL; a subscription without a watch would be silence. So a watch is made
before its row is committed, and removed after its row is gone.
"""

import logging
from dataclasses import dataclass

from redis.exceptions import RedisError

from pennywren.accounts import subscriptions
from pennywren.accounts.subscriptions import NotificationType, Subscription, Wish
from pennywren.errors import Unavailable
from pennywren.match import index
from pennywren.match.index import Watch
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.notify.alerts import CREATED, decide_created
from pennywren.pipeline.queueing import enqueue_alerts
from pennywren.pipeline.tracking import track
from pennywren.postgres import catalogue
from pennywren.postgres.catalogue import CatalogueEntry
from pennywren.postgres.pool import Connection, Pool, transaction
from pennywren.settings import Settings
from pennywren.store.state import ProductState
from pennywren.store.store import Store
from pennywren.workqueue import WorkQueue

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription that was just made or changed, and the price now in minor units; None while there is none."""

    subscription: Subscription
    price: int | None

    @property
    def already_met(self) -> bool:
        """Whether the price is at or below the threshold now."""
        return self.price is not None and self.price <= self.subscription.threshold


class Subscribing:
    """What a person can do about subscriptions."""

    def __init__(self, pool: Pool, store: Store, queue: WorkQueue, settings: Settings) -> None:
        self._pool = pool
        self._store = store
        self._limits = {"free": settings.free_subscriptions, "plus": settings.plus_subscriptions}
        self._queue = queue

    async def subscribe(
        self, person_id: int, product: ProductID, offer: Offer, threshold: int, notification_type: NotificationType
    ) -> Subscribed:
        """Watch a price; a target that is met already is told at once.

        Raises:
            BadInput: threshold or channel cannot be used.
            PlanLimit: the person holds as many as the plan allows.
            Conflict: the person watches this price this way already.
            Unavailable: a part does not answer; nothing was made, or it is made and repeating says Conflict.
        """
        state = await self._store.product(product)
        currency = state.currency if state else product.market.currency
        wish = Wish(product, offer, threshold, currency, notification_type)
        armed_at = await self._now()
        async with transaction(self._pool) as connection:
            await catalogue.upsert_in(connection, [CatalogueEntry(product)])
            made = await subscriptions.create(connection, person_id, wish, limits=self._limits, armed_at=armed_at)
            await self._watch(made)
            # In the same transaction, so that no fault after it can swallow what the person is owed.
            alert_id = await self._decide(connection, self._compare(made, state), armed_at, CREATED)
        try:
            await track(self._store.client, self._pool, [product], urgent=True)
            # Read again after the watch is there: a change in between is seen by the matcher, by this, or by both,
            # and an alert that was decided keeps a second one from being.
            outcome = self._compare(made, await self._store.product(product))
            await self._tell(outcome, CREATED, alert_id)
        except Unavailable as error:
            _log.warning("subscription %d is made, but not all of what follows: %s", made.id, error)
            outcome = self._compare(made, state)
        return outcome

    async def change(self, person_id: int, subscription_id: int, threshold: int) -> Subscribed:
        """Set another threshold, which arms the watch anew: prices seen before now pass it by. Met already, it is told.

        Raises:
            BadInput: not a threshold.
            NotFound: the person has no subscription of this id.
            Unavailable: a part does not answer.
        """
        armed_at = await self._now()
        async with transaction(self._pool) as connection:
            changed = await subscriptions.change_threshold(
                connection, person_id, subscription_id, threshold, armed_at=armed_at
            )
            await self._watch(changed)
        outcome = self._compare(changed, await self._store.product(changed.product))
        await self._tell(outcome, f"{CREATED}/{armed_at}")
        return outcome

    async def cancel(self, person_id: int, subscription_id: int) -> None:
        """Stop watching.

        Raises:
            NotFound: the person has no subscription of this id.
            Unavailable: a part does not answer.
        """
        async with transaction(self._pool) as connection:
            gone = await subscriptions.delete(connection, person_id, subscription_id)
        await index.remove(self._store.client, gone.product, gone.offer, gone.id)

    async def cancel_by_link(self, subscription_id: int) -> Subscription | None:
        """Stop watching by a link whose signature was checked; None if that was done before.

        Raises:
            Unavailable: a part does not answer.
        """
        async with transaction(self._pool) as connection:
            gone = await subscriptions.delete_by_link(connection, subscription_id)
        if gone is not None:
            await index.remove(self._store.client, gone.product, gone.offer, gone.id)
        return gone

    async def _watch(self, of: Subscription) -> None:
        await index.add(self._store.client, Watch(of.id, of.product, of.offer, of.threshold))

    def _compare(self, of: Subscription, state: ProductState | None) -> Subscribed:
        offer = state.offers.get(of.offer) if state and state.currency == of.currency else None
        return Subscribed(of, offer.price if offer else None)

    async def _decide(self, connection: Connection, outcome: Subscribed, now: int, change_id: str) -> int | None:
        of, price = outcome.subscription, outcome.price
        if price is None or not outcome.already_met:
            return None
        return await decide_created(connection, of.id, of.product, of.offer, price, of.currency, now, change_id)

    async def _tell(self, outcome: Subscribed, change_id: str, alert_id: int | None = None) -> None:
        """Enqueue the alert that says "already met", after deciding it where that was not done."""
        if alert_id is None and outcome.already_met:
            now = await self._now()
            async with transaction(self._pool) as connection:
                alert_id = await self._decide(connection, outcome, now, change_id)
        if alert_id is not None:
            try:
                await enqueue_alerts(self._queue, self._pool, [alert_id])
            except (RedisError, OSError, Unavailable) as error:
                _log.warning("alert %s is decided and not queued yet, the sweep will do it: %s", alert_id, error)

    async def _now(self) -> int:
        """Milliseconds by the clock that stamps changes, so that `armed_at` compares with them."""
        try:
            seconds, microseconds = await self._store.client.time()
        except (RedisError, OSError) as error:
            raise Unavailable("the price store is not reachable right now") from error
        return seconds * 1000 + microseconds // 1000
