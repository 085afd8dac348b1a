"""The channels of this installation, opened from its settings, and the deliverer that uses them."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from pennywren.accounts.links import UNSUBSCRIBE_KEY
from pennywren.errors import BadSetting
from pennywren.history.picture import Pictures
from pennywren.model.clock import Clock, system_clock
from pennywren.notify.channels import Channel
from pennywren.notify.channels.email.message import read_sender
from pennywren.notify.channels.email.smtp import EmailChannel, ReturnPath, read_smtp_url
from pennywren.notify.channels.push.channel import PushChannel, private_hosts
from pennywren.notify.channels.push.encrypting import VAPID_KEY, Vapid
from pennywren.notify.channels.sms.channel import SmsChannel
from pennywren.notify.channels.sms.gateway import Gateway
from pennywren.notify.channels.webhook.channel import WebhookChannel
from pennywren.notify.outgoing import TIMEOUT, OutgoingClient, parse_networks
from pennywren.notify.return_path import RETURN_KEY, return_address
from pennywren.notify.spending import spend
from pennywren.pipeline.composing import Composer
from pennywren.pipeline.delivering import AT_ONCE, Deliverer
from pennywren.postgres.pool import Pool, open_pool, transaction
from pennywren.postgres.secrets import get_or_create
from pennywren.settings import Settings
from pennywren.store.opening import store_at

WEBHOOK_KEY: Final = "webhooks"
"""The name of the key in `postgres.secrets` that the secrets of webhooks are derived from."""


@dataclass(frozen=True, slots=True)
class Channels:
    """What is open. `email` and `sms` are None where nothing is set up for them."""

    push: PushChannel
    vapid: Vapid
    webhook: WebhookChannel
    email: EmailChannel | None
    sms: SmsChannel | None

    def by_type(self) -> dict[str, Channel]:
        """The channels that work here, by notification type."""
        found: dict[str, Channel | None] = {
            "EMAIL": self.email,
            "SMS": self.sms,
            "PUSH": self.push,
            "WEBHOOK": self.webhook,
        }
        return {kind: channel for kind, channel in found.items() if channel is not None}


@asynccontextmanager
async def open_channels(settings: Settings, pool: Pool, clock: Clock = system_clock) -> AsyncGenerator[Channels]:
    """Open the channels of an installation; nothing is connected before something is sent.

    Raises:
        BadSetting: a setting of one of them cannot be used.
        Unavailable: PostgreSQL does not answer.
    """
    batch_time, timeout = settings.delivery_lease / 2, min(TIMEOUT, settings.delivery_lease / 6)
    async with AsyncExitStack() as stack:

        def outgoing(private: Sequence[str]) -> OutgoingClient:
            client = OutgoingClient(parse_networks(",".join(private)), timeout=timeout)
            stack.push_async_callback(client.aclose)
            return client

        vapid = Vapid(await get_or_create(pool, VAPID_KEY), vapid_contact(settings))
        push_client = outgoing(private_hosts(settings.push_hosts))
        # A gateway is the operator's own choice: it may be anywhere.
        sms_client = outgoing(["0.0.0.0/0", "::/0"])
        email = None
        if settings.smtp_url:
            email = EmailChannel(
                read_smtp_url(settings.smtp_url),
                settings.mail_from,
                clock,
                connections=settings.smtp_connections,
                lease=settings.delivery_lease,
                return_path=await _return_path(settings, pool),
            )
            stack.push_async_callback(email.aclose)
        yield Channels(
            push=PushChannel(push_client, vapid, settings.push_hosts, clock, batch_time=batch_time),
            vapid=vapid,
            webhook=WebhookChannel(outgoing(settings.webhook_networks), clock, batch_time=batch_time),
            email=email,
            sms=_sms(settings, pool, sms_client, batch_time),
        )


def vapid_contact(settings: Settings) -> str:
    """How a push service's operators reach us: the sender's address."""
    return f"mailto:{read_sender(settings.mail_from)[1]}"


async def _return_path(settings: Settings, pool: Pool) -> ReturnPath | None:
    if not settings.bounce_domain:
        return None
    key = await get_or_create(pool, RETURN_KEY)
    return partial(_address_of, key, settings.bounce_domain)


def _address_of(key: bytes, domain: str, message_key: str) -> str:
    return return_address(key, message_key, domain)


def _sms(settings: Settings, pool: Pool, client: OutgoingClient, batch_time: float) -> SmsChannel | None:
    if not settings.sms_gateway_url:
        return None
    gateway = Gateway(client, settings.sms_gateway_url, settings.sms_gateway_authorization, settings.sms_gateway_body)

    async def spend_for(person_id: int, parts: int) -> bool:
        async with transaction(pool) as connection:
            return await spend(
                connection,
                person_id,
                parts * settings.sms_cost,
                cap=settings.sms_daily_cap,
                person_cap=settings.sms_daily_cap_person,
            )

    return SmsChannel(gateway, spend_for, batch_time=batch_time)


@asynccontextmanager
async def open_deliverer(settings: Settings) -> AsyncGenerator[Deliverer]:
    """A deliverer of this installation.

    Raises:
        BadSetting: an address that it needs is not set.
        Unavailable: PostgreSQL does not answer.
    """
    if not (settings.redis_url and settings.postgres_url and settings.smtp_url):
        raise BadSetting("PENNYWREN_REDIS_URL, PENNYWREN_POSTGRES_URL and PENNYWREN_SMTP_URL: a delivery needs them")
    pool = await open_pool(settings.postgres_url, size=3 + settings.smtp_connections)
    try:
        async with store_at(settings.redis_url) as store, open_channels(settings, pool) as channels:
            key = await get_or_create(pool, UNSUBSCRIBE_KEY)
            yield Deliverer(
                pool,
                store,
                channels.by_type(),
                Composer(settings.base_url, key, Pictures(store)),
                webhook_key=await get_or_create(pool, WEBHOOK_KEY),
                lease=timedelta(seconds=settings.delivery_lease),
                at_once=AT_ONCE * settings.smtp_connections,
                first_retry=timedelta(seconds=settings.delivery_retry),
            )
    finally:
        await pool.close()
