"""Looking again at watches that move or end by themselves.

A drop from the 90-day median moves with the median, one from the last alert with each alert; a watch that tells once
leaves the index when it has told; others expire, with notice, or wake from a snooze. Each subscription says when
it is to be looked at again; the matcher does it at once for those that it told, a job for the rest.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Final

from pennywren.accounts import subscriptions
from pennywren.accounts.subscription import State, Subscription
from pennywren.errors import BadSetting
from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.clock import Clock, system_clock
from pennywren.model.rule import WatchSet, is_met_by, moves_by_itself
from pennywren.notify import alerts, decisions
from pennywren.notify.alerts import Decided
from pennywren.notify.decisions import Reason
from pennywren.notify.telling import withheld
from pennywren.pipeline.queueing import enqueue_alerts
from pennywren.pipeline.watched import base_price, put_watch, watching_of
from pennywren.postgres.pool import Connection, Pool, open_pool, transaction
from pennywren.settings import Settings
from pennywren.store.opening import store_at
from pennywren.store.state import ProductState
from pennywren.store.store import Store
from pennywren.workqueue import WorkQueue

RESCORE_EVERY: Final = 30
"""Seconds between two jobs that look at what is due."""

AT_ONCE: Final = 500
"""Subscriptions that are read as due together."""

MOST: Final = 20_000
"""Subscriptions that one job looks at: the rest is the next one's."""

_log = logging.getLogger(__name__)


class Rescorer:
    """Looks again at subscriptions: moves, ends and wakes their watches."""

    def __init__(self, pool: Pool, store: Store, queue: WorkQueue, clock: Clock, *, cooldown: timedelta) -> None:
        self._pool = pool
        self._store = store
        self._queue = queue
        self._clock = clock
        self._cooldown = cooldown

    async def rescore(self) -> int:
        """Look at all that is due; how many subscriptions that were.

        Raises:
            Unavailable, RedisError: a part is down; what was not looked at stays due.
        """
        count = 0
        while count < MOST:
            async with transaction(self._pool) as connection:
                due = await subscriptions.due_for_a_look(connection, self._clock(), AT_ONCE)
            if not due:
                break
            await self.look(due)
            count += len(due)
        return count

    async def look(self, subscription_ids: Sequence[int]) -> None:
        """Look at these subscriptions now, due or not; those that are gone do not matter.

        Raises:
            Unavailable, RedisError: a part is down; what was not looked at stays due.
        """
        alert_ids: list[int] = []
        todo = list(dict.fromkeys(subscription_ids))
        while todo:
            subscription_id = todo.pop()
            async with transaction(self._pool) as connection:
                of = await subscriptions.get_by_link(connection, subscription_id)
                if of is None:
                    continue
                decided = await self._look(connection, of)
            alert_ids += decided.alert_ids
            todo += decided.look_again
        await enqueue_alerts(self._queue, self._pool, alert_ids)

    async def _look(self, connection: Connection, of: Subscription) -> Decided:
        now, decided = self._clock(), Decided()
        state = await self._store.product(of.product)
        changed = of
        if of.notice_at is not None and of.notice_at <= now:
            decided.alert_ids += await self._give_notice(connection, of, state, now)
            changed = replace(changed, notice_at=None)
        if of.expires_at is not None and of.expires_at <= now and of.state in (State.ACTIVE, State.PAUSED):
            changed = replace(changed, state=State.EXPIRED)
        if of.snoozed_until is not None and of.snoozed_until <= now:
            changed = replace(changed, snoozed_until=None)
        if of.place is None or moves_by_itself(of.rule):
            same_currency = state if state and state.currency == of.currency else None
            base = await base_price(self._store, of.rule, of.product, of.offer, same_currency, of.last_alert_price)
            changed = replace(changed, base_price=of.base_price if base is None else base)
        await subscriptions.save(connection, changed, now)
        # Before it is committed, like a new watch: one that is missing would be silence.
        await put_watch(self._store, changed, now)
        if changed.state is State.ACTIVE and (changed.place != of.place or changed.snoozed_until != of.snoozed_until):
            decided.add(await self._catch_up(connection, changed))
        return decided

    async def _give_notice(
        self, connection: Connection, of: Subscription, state: ProductState | None, now: int
    ) -> list[int]:
        offer = state.offers.get(of.offer) if state and state.currency == of.currency else None
        assert of.expires_at is not None  # nothing else has a notice
        alert_id = await alerts.decide_expiry(connection, of.id, of.expires_at, offer.price if offer else None, now)
        return [] if alert_id is None else [alert_id]

    async def _catch_up(self, connection: Connection, of: Subscription) -> Decided:
        """Decide about the change that made the price what it is, if that was missed: while the watch was snoozed, or
        while it moved. It has the id of the change, so that it is not told twice."""
        # Read after the watch is in its place: what changes from here on is the matcher's.
        state = await self._store.product(of.product)
        offer = state.offers.get(of.offer) if state and state.currency == of.currency else None
        at, watching = of.place, watching_of(of, self._cooldown)
        if state is None or offer is None or not offer.crawled or at is None or watching is None:
            return Decided()  # what no crawl has seen yet is told when one does
        price = offer.price
        change = PriceChange(
            of.product,
            of.offer,
            ChangeKind.OUT if price is None else ChangeKind.BACK if at.set is WatchSet.STOCK else ChangeKind.PRICE,
            None,
            price,
            of.currency,
            offer.since,
            state.version,
        )
        if at.set is WatchSet.STOCK:
            missed = await decisions.was(connection, of.id, change.change_id, Reason.SNOOZED)
        else:
            missed = price is not None and is_met_by(at, price)
        if not missed or withheld(watching, change) is not None:
            return Decided()
        return await alerts.decide(connection, [(change, [of.id])], self._cooldown)


@asynccontextmanager
async def open_rescorer(settings: Settings) -> AsyncGenerator[Rescorer]:
    """A rescorer of this installation.

    Raises:
        BadSetting: an address that it needs is not set.
        Unavailable: PostgreSQL does not answer.
    """
    if not (settings.redis_url and settings.queue_url and settings.postgres_url):
        raise BadSetting("PENNYWREN_REDIS_URL, PENNYWREN_QUEUE_URL and PENNYWREN_POSTGRES_URL: watches need them")
    pool = await open_pool(settings.postgres_url, size=2)
    queue = WorkQueue(settings.queue_url)
    try:
        cooldown = timedelta(seconds=settings.alert_cooldown)
        async with store_at(settings.redis_url) as store:
            yield Rescorer(pool, store, queue, system_clock, cooldown=cooldown)
    finally:
        await asyncio.to_thread(queue.close)
        await pool.close()


async def rescore(settings: Settings) -> int:
    """One job: look at what is due; how many subscriptions that were."""
    async with open_rescorer(settings) as rescorer:
        count = await rescorer.rescore()
    if count:
        _log.info("looked again at %d watches", count)
    return count
