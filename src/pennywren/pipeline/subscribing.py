"""Subscribing: the row in PostgreSQL, the watch in the index, the product in the frontier, and "already met".

The order of the steps decides what a crash in between leaves behind. A watch without a subscription is harmless,
because the decision is taken in PostgreSQL; a subscription without a watch would be silence. So a watch is made
before its row is committed, and removed after its row is gone.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from redis.exceptions import RedisError

from pennywren.accounts import subscriptions
from pennywren.accounts.subscription import NotificationType, Subscription, Wish, checked_rule
from pennywren.errors import Unavailable
from pennywren.history import standing
from pennywren.history.standing import Unseen
from pennywren.match import index
from pennywren.model.clock import DAY
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import LowestInDays, Rule, WatchSet
from pennywren.model.series import OfferState, Steps
from pennywren.notify.alerts import CREATED, decide_created
from pennywren.pipeline.amending import Amendment, Terms, amended
from pennywren.pipeline.queueing import enqueue_alerts
from pennywren.pipeline.tracking import follow
from pennywren.pipeline.watched import base_price, put_watch
from pennywren.postgres.pool import Connection, Pool, connected, transaction
from pennywren.settings import Settings
from pennywren.store.state import ProductState
from pennywren.store.store import Store
from pennywren.workqueue import WorkQueue

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """What was believed of a product at a moment (ms, by the clock that stamps changes)."""

    state: ProductState | None
    at: int


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription that was just made or changed, and how it stands now."""

    subscription: Subscription
    price: int | None
    """The price now in minor units; None while there is none."""
    already_met: bool
    """Whether what it waits for is so already, and was so when a crawl of ours looked: alerts follow crawls."""
    crawled_price: int | None
    """The price that a crawl saw last; None while that was no offer, or if none has looked."""
    unseen: Unseen | None = None
    """What to say of a target below every price that was ever seen."""


class Subscribing:
    """What a person can do about subscriptions."""

    def __init__(self, pool: Pool, store: Store, queue: WorkQueue, settings: Settings) -> None:
        self._pool = pool
        self._store = store
        self._limits = {"free": settings.free_subscriptions, "plus": settings.plus_subscriptions}
        self._queue = queue

    async def look(self, product: ProductID) -> Look:
        """What a watch of a product begins with; changes nothing.

        Raises:
            Unavailable: Redis does not answer.
        """
        return Look(*await asyncio.gather(self._store.product(product), self._now()))

    async def subscribe(
        self,
        person_id: int,
        product: ProductID,
        offer: Offer,
        rule: Rule,
        notification_type: NotificationType,
        terms: Terms = Terms(),  # noqa: B008 -- it is frozen
        look: Look | None = None,
    ) -> Subscribed:
        """Watch a price or its presence; a target that is met already is told at once.

        `look` is that at the product which was taken a moment ago; without it one is taken now.

        Raises:
            BadInput: rule, channel or terms cannot be used.
            PlanLimit: the person holds as many as the plan allows.
            Conflict: the person watches this price this way already.
            Unavailable: a part does not answer; nothing was made, or it is made and repeating says Conflict.
        """
        if look is None:
            look = await self.look(product)
        state, armed_at = look.state, look.at
        currency = state.currency if state else product.market.currency
        terms.check(armed_at)
        base = await base_price(self._store, checked_rule(rule, currency, None), product, offer, state)
        wish = Wish(
            product, offer, rule, currency, notification_type, base, terms.rearm_after, terms.once, terms.expires_at
        )
        async with transaction(self._pool) as connection:
            made = await subscriptions.create(connection, person_id, wish, limits=self._limits, armed_at=armed_at)
            await put_watch(self._store, made, armed_at)
            # In the same transaction, so that no fault after it can swallow what the person is owed.
            outcome = await self._compare(made, state, is_told=False)
            alert_id = await self._decide(connection, outcome, armed_at, CREATED)
        try:
            # Read again after the watch is there: a change in between is seen by the matcher, by this, or by both,
            # and an alert that was decided keeps a second one from being.
            outcome, _ = await asyncio.gather(
                self._compare_now(made), follow(self._store.client, [product], urgent=True)
            )
            await self._tell(outcome, CREATED, alert_id)
        except Unavailable as error:
            _log.warning("subscription %d is made, but not all of what follows: %s", made.id, error)
        return outcome

    async def change(self, person_id: int, subscription_id: int, amendment: Amendment) -> Subscribed:
        """Change a subscription. Another rule arms the watch anew: prices seen before now pass it by; met, it is told.

        Raises:
            BadInput: the rule, the channel or the terms cannot be used.
            NotFound: the person has no subscription of this id.
            Conflict: another one of the person is of the kind that this one would become.
            Unavailable: a part does not answer.
        """

        async def read(connection: Connection) -> Subscription | None:
            return await subscriptions.get_to_change(connection, person_id, subscription_id)

        changed = await self._amend(read, amendment)
        assert changed is not None  # it raises NotFound instead
        return changed

    async def change_by_link(self, subscription_id: int, amendment: Amendment) -> Subscribed | None:
        """The same by a link whose signature was checked; None if the subscription is gone.

        Raises:
            Unavailable: a part does not answer.
        """

        async def read(connection: Connection) -> Subscription | None:
            return await subscriptions.get_by_link(connection, subscription_id)

        return await self._amend(read, amendment)

    async def cancel(self, person_id: int, subscription_id: int) -> None:
        """Stop watching.

        Raises:
            NotFound: the person has no subscription of this id.
            Unavailable: a part does not answer.
        """
        async with connected(self._pool) as connection:
            gone = await subscriptions.delete(connection, person_id, subscription_id)
        await index.remove(self._store.client, gone.product, gone.offer, gone.id)

    async def cancel_by_link(self, subscription_id: int) -> Subscription | None:
        """Stop watching by a link whose signature was checked; None if that was done before.

        Raises:
            Unavailable: a part does not answer.
        """
        async with connected(self._pool) as connection:
            gone = await subscriptions.delete_by_link(connection, subscription_id)
        if gone is not None:
            await index.remove(self._store.client, gone.product, gone.offer, gone.id)
        return gone

    async def _amend(
        self, read: Callable[[Connection], Awaitable[Subscription | None]], amendment: Amendment
    ) -> Subscribed | None:
        now = await self._now()
        async with transaction(self._pool) as connection:
            before = await read(connection)
            if before is None:
                return None
            changed = amended(before, amendment, now)
            if changed.notification_type is not before.notification_type:
                await subscriptions.require_channel(connection, before.person_id, changed.notification_type)
            if amendment.rule is not None:
                state = await self._store.product(before.product)
                base = await base_price(self._store, changed.rule, before.product, before.offer, state)
                checked_rule(changed.rule, before.currency, base)
                changed = replace(changed, base_price=base)
            await subscriptions.save(connection, changed, now)
            await put_watch(self._store, changed, now)
        outcome = await self._compare_now(changed)
        if changed.armed_at != before.armed_at:
            await self._tell(outcome, f"{CREATED}/{now}")
        return outcome

    async def _compare_now(self, of: Subscription) -> Subscribed:
        return await self._compare(of, await self._store.product(of.product))

    async def _compare(self, of: Subscription, state: ProductState | None, *, is_told: bool = True) -> Subscribed:
        """How a watch stands; with what is said of a target that was never met only where it `is_told`."""
        offer = state.offers.get(of.offer) if state and state.currency == of.currency else None
        steps = Steps() if offer is None else await self._past(of, offer, is_told=is_told)
        # What reports say may be ahead of what a crawl saw: both must meet it.
        seen = offer if offer is None or offer.crawled else replace(offer, price=offer.crawled_price)
        return Subscribed(
            of,
            offer.price if offer else None,
            all(standing.is_met(of.rule, of.place, each, steps) for each in (offer, seen)),
            seen.price if seen else None,
            standing.unseen(of.place, offer, steps),
        )

    async def _past(self, of: Subscription, offer: OfferState, *, is_told: bool) -> Steps:
        """As much of the past as the comparison needs; mostly nothing."""
        at = of.place
        if isinstance(of.rule, LowestInDays):
            days = of.rule.days
        elif is_told and at is not None and at.set is WatchSet.FALL and offer.low is not None and at.at < offer.low:
            days = 90
        else:
            return Steps()
        return await self._store.steps(of.product, of.offer, offer.last_seen - days * DAY, offer.last_seen + 1)

    async def _decide(self, connection: Connection, outcome: Subscribed, now: int, change_id: str) -> int | None:
        of, price = outcome.subscription, outcome.crawled_price
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
