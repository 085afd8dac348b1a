"""What follows from a withdrawal: who was told is told so, and whose watch had told is armed again.

The matcher does it when it reads the withdrawal in the stream; a job looks again for an hour, because an alert about
the false price may have been on its way, or in the pages of a fan-out.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Final

from pennywren.accounts import subscriptions
from pennywren.accounts.subscription import State
from pennywren.errors import BadSetting
from pennywren.events import emit
from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.clock import Clock, system_clock
from pennywren.model.money import format_money
from pennywren.model.rule import Base, base_of
from pennywren.notify.alerts import CREATED, decide_created
from pennywren.notify.corrections import (
    Withdrawal,
    correct,
    keep_withdrawal,
    lately_withdrawn,
    lock_withdrawal,
)
from pennywren.pipeline.queueing import enqueue_alerts
from pennywren.pipeline.watched import base_price, put_watch
from pennywren.pipeline.withdrawing import REASON
from pennywren.postgres.pool import Connection, Pool, open_pool, transaction
from pennywren.settings import Settings
from pennywren.store.opening import store_at
from pennywren.store.proofs import proofs_of
from pennywren.store.state import ProductState
from pennywren.store.store import Store
from pennywren.workqueue import WorkQueue

CORRECT_EVERY: Final = 60
"""Seconds between two jobs that look again at withdrawals."""
LOOKED_AT_FOR: Final = timedelta(hours=1)
"""Time after a withdrawal in which alerts about the false price are still looked for."""


def is_withdrawal(change: PriceChange) -> bool:
    """Whether an entry of a change stream is that of a price that was withdrawn."""
    return change.kind is ChangeKind.REWRITE and change.source == REASON and change.old is not None


class Corrector:
    """Corrects what was told of prices that were withdrawn."""

    def __init__(self, pool: Pool, store: Store, queue: WorkQueue, clock: Clock) -> None:
        self._pool = pool
        self._store = store
        self._queue = queue
        self._clock = clock

    async def correct(self, change: PriceChange) -> int:
        """Do what follows from a withdrawal's entry; how many people are told. Doing it again does nothing.

        Raises:
            Unavailable, RedisError, PostgresError: a part is down; it can be done again.
        """
        proofs = await proofs_of(self._store.client, change.product)
        gone = proofs.withdrawn.get((change.offer, change.at))
        if gone is None:
            return 0  # it is so old that it was forgotten
        emit("withdrawn", change.product, change.offer, format_money(gone.price, change.currency))
        async with transaction(self._pool) as connection:
            of = await keep_withdrawal(connection, change.product, change.offer, change.currency, gone)
            alert_ids, told = await self._correct(connection, of)
        await self._follow(alert_ids)
        return told

    async def look_again(self) -> int:
        """Look for alerts about prices that were withdrawn lately; how many people are told.

        Raises:
            Unavailable, RedisError, PostgresError: a part is down; it can be done again.
        """
        told = 0
        async with transaction(self._pool) as connection:
            lately = await lately_withdrawn(connection, LOOKED_AT_FOR)
        for withdrawal_id in lately:
            async with transaction(self._pool) as connection:
                of = await lock_withdrawal(connection, withdrawal_id)
                if of is None:
                    continue
                alert_ids, corrected = await self._correct(connection, of)
            await self._follow(alert_ids)
            told += corrected
        return told

    async def _correct(self, connection: Connection, of: Withdrawal) -> tuple[list[int], int]:
        state = await self._store.product(of.product)
        offer = state.offers.get(of.offer) if state is not None else None
        price = offer.price if offer is not None else None
        corrected = await correct(connection, of, price)
        alert_ids = list(corrected.alert_ids)
        for subscription_id in corrected.to_rearm:
            # What only reports say is told when a crawl has seen it: the stream says so then.
            seen = price if offer is not None and offer.crawled else None
            told = await self._arm_again(connection, of, subscription_id, state, seen)
            alert_ids += [] if told is None else [told]
        return alert_ids, len(corrected.alert_ids)

    async def _arm_again(
        self,
        connection: Connection,
        of: Withdrawal,
        subscription_id: int,
        state: ProductState | None,
        price: int | None,
    ) -> int | None:
        """Forget the false alert; the id of the alert that tells the true price, where that meets the target."""
        before = await subscriptions.get_by_link(connection, subscription_id)
        if before is None:
            return None
        now = await self._now()
        armed = replace(before, armed_at=now, last_alert_at=None, last_alert_price=None)
        if before.state is State.ENDED and before.once:
            armed = replace(armed, state=State.ACTIVE)
        if base_of(before.rule) is Base.LAST_ALERT:
            base = await base_price(self._store, before.rule, before.product, before.offer, state)
            armed = replace(armed, base_price=before.base_price if base is None else base)
        await subscriptions.save(connection, armed, now)
        # Before it is committed, like a new watch: one that is missing would be silence.
        await put_watch(self._store, armed, now)
        if price is None:
            return None
        return await decide_created(
            connection, armed.id, armed.product, armed.offer, price, of.currency, now, f"{CREATED}/{now}"
        )

    async def _follow(self, alert_ids: list[int]) -> None:
        await enqueue_alerts(self._queue, self._pool, alert_ids)

    async def _now(self) -> int:
        """Milliseconds by the clock that stamps changes, so that `armed_at` compares with them."""
        seconds, microseconds = await self._store.client.time()
        return seconds * 1000 + microseconds // 1000


@asynccontextmanager
async def open_corrector(settings: Settings) -> AsyncGenerator[Corrector]:
    """A corrector of this installation.

    Raises:
        BadSetting: an address that it needs is not set.
        Unavailable: PostgreSQL does not answer.
    """
    if not (settings.redis_url and settings.queue_url and settings.postgres_url):
        raise BadSetting("PENNYWREN_REDIS_URL, PENNYWREN_QUEUE_URL and PENNYWREN_POSTGRES_URL: corrections need them")
    pool = await open_pool(settings.postgres_url, size=2)
    queue = WorkQueue(settings.queue_url)
    try:
        async with store_at(settings.redis_url) as store:
            yield Corrector(pool, store, queue, system_clock)
    finally:
        await asyncio.to_thread(queue.close)
        await pool.close()


async def look_again(settings: Settings) -> int:
    """One job: look again at what was withdrawn lately; how many people are told."""
    async with open_corrector(settings) as corrector:
        return await corrector.look_again()
