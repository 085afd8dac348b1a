"""The webhook channel: JSON to an address of a person's own, signed and with an idempotency key."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import msgspec

from pennywren.errors import DeliveryError
from pennywren.model.clock import Clock, rfc3339
from pennywren.notify.channels import Item, Message, Outcome
from pennywren.notify.channels.side_by_side import BATCH_TIME, send_side_by_side
from pennywren.notify.channels.webhook.signing import sign
from pennywren.notify.outgoing import OutgoingClient, error_of


class WebhookAddress(msgspec.Struct, frozen=True):
    """Where a webhook goes, and the secrets that sign it: two while a key is being replaced."""

    url: str
    secrets: tuple[str, ...]


class WebhookChannel:
    """Sends webhooks."""

    name = "webhook"

    def __init__(self, client: OutgoingClient, clock: Clock, *, batch_time: float = BATCH_TIME) -> None:
        self._client = client
        self._clock = clock
        self._batch_time = batch_time

    def deliver(self, messages: Sequence[Message]) -> AsyncGenerator[list[Outcome]]:
        """Send messages, a few at a time."""
        return send_side_by_side(messages, self._send, batch_time=self._batch_time)

    async def aclose(self) -> None:
        """The client is closed by whoever opened it."""

    async def _send(self, message: Message) -> Outcome:
        address = msgspec.json.decode(message.to, type=WebhookAddress)
        error = await self.send(address, message.key, alert_body(message))
        return Outcome(message, message.key, error)

    async def send(self, address: WebhookAddress, key: str, body: bytes) -> DeliveryError | None:
        """Send one body under one idempotency key; what went wrong, if anything did."""
        seconds = self._clock() // 1000
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "webhook-id": key,
            "webhook-timestamp": str(seconds),
            "webhook-signature": sign(address.secrets, key, seconds, body),
        }
        try:
            return error_of(await self._client.post(address.url, body, headers))
        except DeliveryError as error:
            return error


def alert_body(message: Message) -> bytes:
    """`{"type": "alert", "alerts": […]}`: what a webhook receives."""
    return msgspec.json.encode({"type": "alert", "alerts": [_alert(item) for item in message.items]})


def ping_body() -> bytes:
    """What a test of a webhook receives."""
    return msgspec.json.encode({"type": "ping"})


def _alert(item: Item) -> dict[str, Any]:
    return {
        "id": item.alert_id,
        "productID": str(item.product),
        "offer": item.offer.value,
        "name": item.title,
        "price": item.price,
        "oldPrice": item.old_price,
        "currency": item.currency,
        "corrects": item.corrects,
        "ends": item.ends,
        "reason": item.reason,
        "seenTime": rfc3339(item.seen_at),
        "url": item.page_url,
        "shopURL": item.product.url,
    }
