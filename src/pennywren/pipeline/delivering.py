"""From queued alerts to messages that a channel took: what a delivery job does."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Final

from redis.exceptions import RedisError

from pennywren import tracing
from pennywren.errors import Unavailable
from pennywren.events import emit
from pennywren.logs import about, tell_of_each
from pennywren.model.clock import SECOND, Clock, system_clock
from pennywren.model.product import ProductID
from pennywren.notify import deliveries
from pennywren.notify.channels import Channel, Message, Outcome
from pennywren.notify.channels.sms.channel import OverSpent
from pennywren.notify.decisions import Reason, remember
from pennywren.notify.deliveries import Claimed
from pennywren.notify.routing import Tried
from pennywren.notify.wording import plain_price_words
from pennywren.pipeline import alert_times
from pennywren.pipeline.addressing import Address, forget
from pennywren.pipeline.composing import Charts, Composer, Parcel
from pennywren.pipeline.sorting import Known, Sorter
from pennywren.pipeline.stage_times import STAGE_TIME
from pennywren.postgres.pool import Connection, Pool, transaction
from pennywren.store.counters import Counter, count, observe
from pennywren.store.state import ProductState
from pennywren.store.store import Store

STOP_AFTER_S: Final = 450.0
"""A slow mail server must not carry a job to RQ's time limit, which would end it in the middle of a mail."""

TAKE_ALONG_S: Final = 10.0
"""How long a job takes along what waits for other jobs: theirs may have alerts that only they can claim."""

AT_ONCE: Final = 10
"""Alerts that are claimed together, for each mail connection: few, because whoever unsubscribes meanwhile is still told
about these."""

LEASE: Final = timedelta(seconds=120)
"""How long a claim on alerts lasts where nothing else is set."""

DELIVERIES: Final = Counter(
    "pennywren_deliveries_total", "Attempts to deliver a message, by what came of them.", ("channel", "outcome")
)

_log = logging.getLogger(__name__)


class Deliverer:
    """Sends alerts over the channels that people chose. `channels` are by notification type."""

    def __init__(
        self,
        pool: Pool,
        store: Store,
        channels: Mapping[str, Channel],
        composer: Composer,
        *,
        webhook_key: bytes,
        clock: Clock = system_clock,
        lease: timedelta = LEASE,
        at_once: int = AT_ONCE,
        first_retry: timedelta = deliveries.FIRST_RETRY,
    ) -> None:
        """`lease` is how long a claim on alerts lasts, `at_once` how many are claimed together, and `first_retry` how
        long the first retry waits."""
        self._pool = pool
        self._store = store
        self._channels = channels
        self._composer = composer
        self._names = {kind: channel.name for kind, channel in channels.items()}
        self._sorter = Sorter(self._names, webhook_key)
        self._clock = clock
        self._lease = lease
        self._at_once = at_once
        self._first_retry = first_retry
        self._stopping = False
        self._works = True
        """False once a channel took nothing of a claim for want of working."""
        self.left: list[int] | None = None
        """Where it ended early: the alerts that it was given and did not come to; besides, others may wait."""

    def stop(self) -> None:
        """Claim nothing more: what is claimed is sent, and the rest is `left`."""
        self._stopping = True

    async def deliver(self, alert_ids: Sequence[int], *, along: bool = False) -> int:
        """Send what nobody has sent of these alerts and nobody else is sending; how many a channel took.

        With `along` it goes on with the alerts that wait for any job, as long as there are some, but not for ever: jobs
        that wait may have alerts that only they can claim. Where a channel does not work at all, or it takes long, or
        it is told to stop, it ends early, and `left` has what another job must come for.

        Raises:
            Unavailable: PostgreSQL does not answer; what was not sent will be found by the sweep.
        """
        self.left, self._works = None, True
        taken = await self._deliver(sorted(set(alert_ids)), time.monotonic() + STOP_AFTER_S)
        until = time.monotonic() + TAKE_ALONG_S
        while along and self._goes_on(until, []):
            async with transaction(self._pool) as connection:
                claimed = await deliveries.claim_waiting(connection, self._at_once, self._lease)
            if not claimed:
                break
            took, again = await self._send(claimed)
            taken += took + await self._deliver(again, until)
        return taken

    async def _deliver(self, left: list[int], until: float) -> int:
        taken = 0
        while left and self._goes_on(until, left):
            async with transaction(self._pool) as connection:
                claimed = await deliveries.claim(connection, left, self._at_once, self._lease)
            if not claimed:
                break
            ours = {each.alert_id for each in claimed}
            last = max((each for each in left if each in ours), default=left[-1])
            left = [alert_id for alert_id in left if alert_id > last]
            took, again = await self._send(claimed)
            taken += took
            left += again
        return taken

    def _goes_on(self, until: float, left: list[int]) -> bool:
        """Whether to claim more, until a moment of the monotonic clock (s); if not, `left` is for another job."""
        if self.left is None and not self._stopping and self._works and time.monotonic() < until:
            return True
        self.left = [*(self.left or ()), *left]
        return False

    async def _send(self, claimed: Sequence[Claimed]) -> tuple[int, list[int]]:
        """Send what was claimed: how many alerts a channel took, and those that another channel may take at once."""
        tell_of_each(_log, "alert", (each.alert_id for each in claimed), "claimed")
        states = await self._states({each.product for each in claimed})
        async with transaction(self._pool) as connection:
            known = await self._sorter.sort(connection, claimed, states, self._clock())
        await self._count_failed(known.given_up)
        by_kind: defaultdict[str, list[Parcel]] = defaultdict(list)
        for parcel in known.parcels:
            by_kind[parcel.kind].append(parcel)
        taken = 0
        again: list[int] = []
        for kind, parcels in by_kind.items():
            took, tried_again, others = await self._send_over(kind, parcels, known)
            taken += took
            again += others
            if tried_again == len(parcels):
                self._works = False
        return taken, again

    async def _send_over(self, kind: str, parcels: Sequence[Parcel], known: Known) -> tuple[int, int, list[int]]:
        """Send parcels over one channel: what `_send` tells of all of them."""
        charts = await self._composer.charts(parcels, self._clock()) if kind == "EMAIL" else {}
        # Whoever deletes an account waits until this has ended; whose account is gone already is sent nothing.
        async with transaction(self._pool) as hold:
            here = await deliveries.hold_people(hold, {parcel.first.person_id for parcel in parcels})
            staying = [parcel for parcel in parcels if parcel.first.person_id in here]
            return await self._send_parcels(self._channels[kind], staying, charts, known)

    async def _send_parcels(
        self, channel: Channel, parcels: Sequence[Parcel], charts: Charts, known: Known
    ) -> tuple[int, int, list[int]]:
        began = self._clock()
        waiting: dict[tuple[str, str], tuple[Parcel, Address]] = {}
        messages: list[Message] = []
        for parcel in parcels:
            for address in parcel.addresses:
                message = self._composer.message(parcel, address, charts)
                waiting[message.key, message.to] = (parcel, address)
                messages.append(message)
        taken = tried_again = 0
        others: list[int] = []
        waits: list[float] = []
        async with aclosing(channel.deliver(messages)) as outcomes:
            async for several in outcomes:
                came = [(*waiting[outcome.message.key, outcome.message.to], outcome) for outcome in several]
                # By alert, as everybody locks them, so that nobody waits in a circle.
                came.sort(key=lambda one: one[0].first.alert_id)
                await self._count(channel, several, (self._clock() - began) / SECOND)
                settled: list[tuple[Parcel, str]] = []
                async with transaction(self._pool) as connection:
                    for parcel, address, outcome in came:
                        _tell(parcel, outcome, channel.name, began, self._clock())
                        waits += _waits(parcel, outcome, known, self._clock())
                        _note(parcel, address, outcome, known, channel.name)
                        await self._keep(connection, parcel, address, outcome)
                        if parcel.outcomes == len(parcel.addresses):
                            settled.append((parcel, await self._settle(connection, parcel, known)))
                for parcel, word in settled:
                    taken += len(parcel.claimed) if word == "delivered" else 0
                    tried_again += word == "retry"
                    others += [each.alert_id for each in parcel.claimed] if word == "another" else []
                await self._count_failed(
                    [each for parcel, word in settled if word == "failed" for each in parcel.claimed]
                )
        await self._count_waits(channel.name, waits)
        return taken, tried_again, others

    async def _count_waits(self, channel: str, waits: Sequence[float]) -> None:
        try:
            await alert_times.count(self._store.client, channel, waits, self._clock())
        except Unavailable as error:
            _log.warning("how long %d alerts took is not counted: %s", len(waits), error)

    async def _count_failed(self, claimed: Sequence[Claimed]) -> None:
        try:
            await alert_times.count_failed(self._store.client, sum(map(_is_timed, claimed)), self._clock())
        except Unavailable as error:
            _log.warning("alerts that failed are not counted: %s", error)

    async def _count(self, channel: Channel, outcomes: Sequence[Outcome], seconds: float) -> None:
        """Count attempts that took so long; while Redis is down they are not counted, and nothing waits for that."""
        try:
            async with asyncio.timeout(1), self._store.client.pipeline(transaction=False) as pipe:
                for outcome in outcomes:
                    error = outcome.error
                    word = "delivered" if error is None else "failed" if error.permanent else "retry"
                    count(pipe, DELIVERIES, channel.name, word)
                    observe(pipe, STAGE_TIME, seconds, "deliver")
                await pipe.execute()
        except (RedisError, OSError) as fault:
            _log.info("attempts are not counted: %s", fault)

    async def _keep(self, connection: Connection, parcel: Parcel, address: Address, outcome: Outcome) -> None:
        """Keep one attempt, and what it says about the address."""
        error, name = outcome.error, self._names[parcel.kind]
        await deliveries.record(connection, parcel.claimed, name, address.key, outcome)
        if error is not None and error.address_gone:
            await forget(connection, parcel.kind, address, error)
        reason = (
            Reason.DELIVERED
            if error is None
            else Reason.SPEND_CAP
            if isinstance(error, OverSpent)
            else Reason.FAILED
            if error.permanent
            else Reason.RETRY
        )
        now = self._clock()
        for each in parcel.claimed:
            await remember(connection, each.subscription_id, each.change_id, reason, now)

    async def _settle(self, connection: Connection, parcel: Parcel, known: Known) -> str:
        """What all attempts of a parcel mean: delivered, failed, retry, or another channel at once."""
        if parcel.again:
            retries = known.tried[parcel.first.alert_id][self._names[parcel.kind]].retries
            wait = max(deliveries.retry_after(retries, self._first_retry), timedelta(seconds=min(parcel.wait, 3600.0)))
            await deliveries.settle(connection, parcel.claimed, "retry", wait)
            return "retry"
        step = known.step(parcel.first, self._names)
        if step.kind is not None:
            await deliveries.settle(connection, parcel.claimed, "retry")
            return "another"
        word: deliveries.Settled = "delivered" if step.delivered else "failed"
        await deliveries.settle(connection, parcel.claimed, word)
        return word

    async def _states(self, products: set[ProductID]) -> dict[ProductID, ProductState] | None:
        """What is known of the products; None while Redis is down: an alert does not wait for its extras."""
        try:
            found = await self._store.products(sorted(products))
        except Unavailable as error:
            _log.warning("mails go without the lowest prices: %s", error)
            return None
        return {state.product: state for state in found if state is not None}


def _tell(parcel: Parcel, outcome: Outcome, channel: str, began: int, ended: int) -> None:
    """Log, emit and trace an attempt; times in ms UTC."""
    for each in parcel.claimed:
        with about(alert=each.alert_id, product=each.product):
            _log_outcome(channel, outcome)
    _emit(channel, outcome)
    _trace(parcel, outcome, channel, began, ended)


def _trace(parcel: Parcel, outcome: Outcome, channel: str, began: int, ended: int) -> None:
    """Tell an attempt as a step of each change that the message is about; times in ms UTC."""
    for each in parcel.claimed:
        if each.asked.about == "change":
            word = "delivered" if outcome.error is None else "failed"
            tracing.span("deliver", each.change_id, began, ended, channel=channel, outcome=word, alert=each.alert_id)


def _log_outcome(channel: str, outcome: Outcome) -> None:
    if outcome.error is None:
        _log.info("%s was taken by %s", outcome.message.key, channel)
    else:
        _log.warning("%s over %s: %s", outcome.message.key, channel, outcome.error)


def _emit(channel: str, outcome: Outcome) -> None:
    if outcome.error is not None:
        return
    for item in outcome.message.items:
        if channel == "email":
            emit("mailed", item.product, plain_price_words(item))
        else:
            emit("sent", item.product, plain_price_words(item), f"({channel})")


def _is_timed(claimed: Claimed) -> bool:
    """Whether it counts how long an alert takes: it follows a change, and nobody wished to have it later."""
    return claimed.asked.about == "change" and claimed.held_for is None


def _waits(parcel: Parcel, outcome: Outcome, known: Known, now: int) -> list[float]:
    """How long (s) the alerts took of which this is the first message to be accepted, unless they were held."""
    if outcome.error is not None:
        return []
    return [
        (now - each.seen_at) / SECOND
        for each in parcel.claimed
        if _is_timed(each) and not any(over.delivered for over in known.tried.get(each.alert_id, {}).values())
    ]


def _note(parcel: Parcel, address: Address, outcome: Outcome, known: Known, name: str) -> None:
    """Add one attempt to what was tried, for the step after it."""
    parcel.outcomes += 1
    error = outcome.error
    for each in parcel.claimed:
        so_far = known.tried.setdefault(each.alert_id, {}).setdefault(name, Tried())
        if error is None:
            so_far.delivered.add(address.key)
        elif error.permanent or each.is_old:
            so_far.failed.add(address.key)
        else:
            so_far.retries += 1
            parcel.again = True
            parcel.wait = max(parcel.wait, error.retry_after or 0.0)
