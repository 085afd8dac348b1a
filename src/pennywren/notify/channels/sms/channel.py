"""The SMS channel: a short text, within what may be spent."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Final

import msgspec

from pennywren.errors import DeliveryError
from pennywren.notify.channels import Message, Outcome
from pennywren.notify.channels.side_by_side import BATCH_TIME, send_side_by_side
from pennywren.notify.channels.sms.gateway import Gateway, parts_of
from pennywren.notify.wording import heading, speaking

TITLE_LIMIT: Final = 50
"""Characters of a title: price, old price and link must fit into the same message."""

Spend = Callable[[int, int], Awaitable[bool]]
"""Spend so many messages for a person (id, parts); False where that is more than may be spent today."""


class SmsAddress(msgspec.Struct, frozen=True):
    """A number (E.164), and whose it is: what is spent is counted by person."""

    number: str
    person_id: int


class SmsChannel:
    """Sends short messages."""

    name = "sms"

    def __init__(self, gateway: Gateway, spend: Spend, *, batch_time: float = BATCH_TIME) -> None:
        self._gateway = gateway
        self._spend = spend
        self._batch_time = batch_time

    def deliver(self, messages: Sequence[Message]) -> AsyncGenerator[list[Outcome]]:
        """Send messages, a few at a time."""
        return send_side_by_side(messages, self._send, batch_time=self._batch_time)

    async def aclose(self) -> None:
        """The client is closed by whoever opened it."""

    async def _send(self, message: Message) -> Outcome:
        address = msgspec.json.decode(message.to, type=SmsAddress)
        error = await self.send(address, alert_text(message), message.key)
        return Outcome(message, message.key, error)

    async def send(self, address: SmsAddress, text: str, key: str) -> DeliveryError | None:
        """Send one text; what went wrong, if anything did."""
        if not await self._spend(address.person_id, parts_of(text)):
            return OverSpent("what may be spent on SMS today is spent", permanent=True)
        return await self._gateway.send(address.number, text, key)


class OverSpent(DeliveryError):
    """What may be spent on SMS today is spent."""


def alert_text(message: Message) -> str:
    """`A kettle: $12.99 (was $15.99) https://… STOP ends these.`"""
    first, *others = message.items
    link = message.account_url if others else first.page_url
    # One of these would make every character of the message cost twice as much.
    line = heading(message, TITLE_LIMIT).replace("\u00a0", " ").replace("\u202f", " ").replace("…", "...")
    return f"{line} {link} {speaking(message.reader).say('alert.stop_sms')}"
