"""From queued alerts to messages that a channel took: what a delivery job does."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from typing import Final

from pennywren.accounts.links import UNSUBSCRIBE_KEY, unsubscribe_url
from pennywren.errors import BadSetting, Unavailable
from pennywren.events import emit
from pennywren.model.clock import system_clock
from pennywren.model.product import ProductID
from pennywren.model.titles import plain_title
from pennywren.notify import deliveries
from pennywren.notify.channels import Channel, Item, Message, Reader
from pennywren.notify.channels.email.smtp import EmailChannel, read_smtp_url
from pennywren.notify.deliveries import Claimed
from pennywren.notify.reasons import Asked, reason_in_words
from pennywren.notify.wording import money, plain_price_words
from pennywren.postgres.pool import Pool, open_pool, transaction
from pennywren.postgres.secrets import get_or_create
from pennywren.settings import Settings
from pennywren.store.connect import connect
from pennywren.store.state import ProductState
from pennywren.store.store import Store

STOP_AFTER_S: Final = 450.0
"""A slow mail server must not carry a job to RQ's time limit, which would end it in the middle of a mail."""

AT_ONCE: Final = 10
"""Alerts that are claimed together, for each mail connection: few, because whoever unsubscribes meanwhile is still told
about these."""

LEASE: Final = timedelta(seconds=120)
"""How long a claim on alerts lasts where nothing else is set."""

UnsubscribeURL = Callable[[int], str]
"""The unsubscribe link of a subscription."""

_log = logging.getLogger(__name__)


class Deliverer:
    """Sends alerts over the channels that people chose. `channels` are by notification type."""

    def __init__(
        self,
        pool: Pool,
        store: Store,
        channels: Mapping[str, Channel],
        base_url: str,
        unsubscribe: UnsubscribeURL,
        *,
        lease: timedelta = LEASE,
        at_once: int = AT_ONCE,
    ) -> None:
        """`lease` is how long a claim on alerts lasts, `at_once` how many are claimed together."""
        self._pool = pool
        self._store = store
        self._channels = channels
        self._base_url = base_url
        self._unsubscribe = unsubscribe
        self._lease = lease
        self._at_once = at_once

    async def deliver(self, alert_ids: Sequence[int]) -> int:
        """Send what nobody has sent of these alerts and nobody else is sending; how many a channel took.

        Stops early where a channel does not work at all, or is slow: the rest is left to a later job.

        Raises:
            Unavailable: PostgreSQL does not answer; what was not sent will be found by the sweep.
        """
        taken = 0
        left = sorted(set(alert_ids))
        until = time.monotonic() + STOP_AFTER_S
        while left and time.monotonic() < until:
            async with transaction(self._pool) as connection:
                claimed = await deliveries.claim(connection, left, self._at_once, self._lease)
            if not claimed:
                break
            left = [alert_id for alert_id in left if alert_id > claimed[-1].alert_id]
            took, works = await self._send(claimed)
            taken += took
            if not works:
                break
        return taken

    async def _send(self, claimed: Sequence[Claimed]) -> tuple[int, bool]:
        """Send what was claimed; how many a channel took, and False if a channel took none for want of working."""
        states = await self._states({each.product for each in claimed})
        by_channel: defaultdict[str, list[Claimed]] = defaultdict(list)
        for each in claimed:
            if not each.is_wanted:
                await self._give_up(each, "the subscription is paused")
            elif each.notification_type not in self._channels:
                await self._give_up(each, f"no channel delivers {each.notification_type} here")
            else:
                by_channel[each.notification_type].append(each)
        taken, works = 0, True
        for kind, group in by_channel.items():
            took, tried_again = await self._send_over(self._channels[kind], group, states)
            taken += took
            works = works and tried_again < len(group)
        return taken, works

    async def _send_over(
        self, channel: Channel, group: Sequence[Claimed], states: Mapping[ProductID, ProductState]
    ) -> tuple[int, int]:
        messages = [self._message(each, states.get(each.product)) for each in group]
        waiting = {message.key: each for message, each in zip(messages, group, strict=True)}
        taken = tried_again = 0
        async with aclosing(channel.deliver(messages)) as outcomes:
            async for outcome in outcomes:
                if outcome.error is None:
                    taken += 1
                    for item in outcome.message.items:
                        emit("mailed", item.product, plain_price_words(item))
                else:
                    tried_again += not outcome.error.permanent
                    _log.warning("%s over %s: %s", outcome.message.key, channel.name, outcome.error)
                each = waiting.pop(outcome.message.key)
                async with transaction(self._pool) as connection:
                    await deliveries.settle(connection, each, channel.name, outcome)
        return taken, tried_again

    async def _give_up(self, claimed: Claimed, reason: str) -> None:
        async with transaction(self._pool) as connection:
            await deliveries.give_up(connection, claimed, reason)

    async def _states(self, products: set[ProductID]) -> dict[ProductID, ProductState]:
        """What is known of the products; nothing while Redis is down, because an alert does not wait for its extras."""
        try:
            found = await self._store.products(sorted(products))
        except Unavailable as error:
            _log.warning("mails go without the lowest prices: %s", error)
            return {}
        return {state.product: state for state in found if state is not None}

    def _message(self, claimed: Claimed, state: ProductState | None) -> Message:
        reader = Reader(locale=claimed.language)
        stop_url = self._unsubscribe(claimed.subscription_id)
        return Message(
            key=f"alert-{claimed.alert_id}",
            to=claimed.email,
            items=(self._item(claimed, reader, stop_url, state),),
            reader=reader,
            stop_url=stop_url,
            account_url=f"{self._base_url}/account",
        )

    def _item(self, claimed: Claimed, reader: Reader, stop_url: str, state: ProductState | None) -> Item:
        offer = state.offers.get(claimed.offer) if state else None
        return Item(
            alert_id=claimed.alert_id,
            product=claimed.product,
            offer=claimed.offer,
            title=plain_title(claimed.title) or str(claimed.product),
            price=claimed.price,
            old_price=claimed.old_price,
            currency=claimed.currency,
            reason=reason_in_words(
                Asked(claimed.offer, claimed.threshold), lambda minor: money(minor, claimed.currency, reader)
            ),
            seen_at=claimed.seen_at,
            low=offer.low if offer else None,
            low_at=offer.low_at if offer else None,
            since=offer.first if offer else None,
            page_url=f"{self._base_url}/products/{claimed.product}",
            unsubscribe_url=stop_url,
        )


@asynccontextmanager
async def open_deliverer(settings: Settings) -> AsyncGenerator[Deliverer]:
    """A deliverer of this installation.

    Raises:
        BadSetting: an address that it needs is not set.
        Unavailable: PostgreSQL does not answer.
    """
    if not (settings.redis_url and settings.postgres_url and settings.smtp_url):
        raise BadSetting("PENNYWREN_REDIS_URL, PENNYWREN_POSTGRES_URL and PENNYWREN_SMTP_URL: a delivery needs them")
    email = EmailChannel(
        read_smtp_url(settings.smtp_url),
        settings.mail_from,
        system_clock,
        connections=settings.smtp_connections,
        lease=settings.delivery_lease,
    )
    client, bytes_client = connect(settings.redis_url), connect(settings.redis_url, decode=False)
    try:
        pool = await open_pool(settings.postgres_url, size=2)
        try:
            key = await get_or_create(pool, UNSUBSCRIBE_KEY)
            base_url = settings.base_url
            yield Deliverer(
                pool,
                Store(client, bytes_client),
                {"EMAIL": email},
                base_url,
                lambda id_: unsubscribe_url(base_url, key, id_),
                lease=timedelta(seconds=settings.delivery_lease),
                at_once=AT_ONCE * settings.smtp_connections,
            )
        finally:
            await email.aclose()
            await pool.close()
    finally:
        await asyncio.gather(client.aclose(), bytes_client.aclose())


async def deliver(settings: Settings, alert_ids: Sequence[int]) -> int:
    """One delivery job: send these alerts; how many a channel took."""
    async with open_deliverer(settings) as deliverer:
        return await deliverer.deliver(alert_ids)
