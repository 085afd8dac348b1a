"""The Web Push channel: a notification in a browser, encrypted for it."""

from collections.abc import AsyncGenerator, Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

from pennywren.errors import BadInput, DeliveryError
from pennywren.model.clock import Clock
from pennywren.notify.channels import Message, Outcome
from pennywren.notify.channels.push.encrypting import Vapid, encrypted
from pennywren.notify.channels.side_by_side import BATCH_TIME, send_side_by_side
from pennywren.notify.outgoing import OutgoingClient, checked_url, error_of, parse_networks
from pennywren.notify.wording import heading, price_words

KEPT: Final = 24 * 3600
"""Seconds that a push service keeps a notification for a browser that is not there: longer, and it is old news."""

_TITLE_LIMIT: Final = 120
_BODY_LIMIT: Final = 300


class PushAddress(msgspec.Struct, frozen=True):
    """A browser, and the keys of its subscription."""

    endpoint: str
    p256dh: str
    auth: str


class PushChannel:
    """Sends notifications to browsers."""

    name = "push"

    def __init__(
        self,
        client: OutgoingClient,
        vapid: Vapid,
        hosts: Sequence[str],
        clock: Clock,
        *,
        batch_time: float = BATCH_TIME,
    ) -> None:
        """`hosts` are the push services that may be sent to: see `check_endpoint`."""
        self._client = client
        self._vapid = vapid
        self._hosts = hosts
        self._clock = clock
        self._batch_time = batch_time

    def deliver(self, messages: Sequence[Message]) -> AsyncGenerator[list[Outcome]]:
        """Send messages, a few at a time."""
        return send_side_by_side(messages, self._send, batch_time=self._batch_time)

    async def aclose(self) -> None:
        """The client is closed by whoever opened it."""

    async def _send(self, message: Message) -> Outcome:
        address = msgspec.json.decode(message.to, type=PushAddress)
        try:
            check_endpoint(address.endpoint, self._hosts)
            body = encrypted(notification(message), address.p256dh, address.auth)
        except BadInput as error:
            return Outcome(message, message.key, DeliveryError(error.message, permanent=True, address_gone=True))
        headers = {
            "Authorization": self._vapid.authorization(address.endpoint, self._clock()),
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(KEPT),
            "Urgency": "normal",
            # A repeat replaces what is still waiting (RFC 8030, 5.4: at most 32 characters).
            "Topic": message.key[-32:],
        }
        try:
            error = error_of(await self._client.post(address.endpoint, body, headers))
        except DeliveryError as failed:
            error = failed
        return Outcome(message, message.key, error)


def notification(message: Message) -> bytes:
    """What the browser's worker shows; `tag` makes a repeat replace the one before."""
    first, more = message.items[0], len(message.items) - 1 + message.more
    told = first.ends or first.corrects  # what it is about stands in the heading, not in the price
    shown = {
        "title": heading(message, _TITLE_LIMIT) if more or told else first.title[:_TITLE_LIMIT],
        "body": first.reason if more or told else f"{price_words(first, message.reader)}. {first.reason}"[:_BODY_LIMIT],
        "url": message.account_url if more else first.page_url,
        "tag": message.key,
    }
    return msgspec.json.encode(shown)


def check_endpoint(endpoint: str, hosts: Sequence[str]) -> None:
    """Whether an endpoint belongs to a push service that we send to.

    An entry of `hosts` is a host (`updates.push.services.mozilla.com`), all hosts below one (`*.push.apple.com`), or
    for a push service of your own an origin (`http://127.0.0.1:9000`).

    Raises:
        BadInput: it does not; says which there are.
    """
    origins = [entry for entry in hosts if "://" in entry]
    parts = checked_url(endpoint, parse_networks(",".join(private_hosts(hosts))))
    host = parts.hostname or ""
    if f"{parts.scheme}://{parts.netloc}" in origins:
        return
    names = [entry for entry in hosts if "://" not in entry]
    fits = any(host.endswith(name[1:]) if name.startswith("*.") else host == name for name in names)
    if not fits or parts.port not in (None, 443):
        raise BadInput(f"This is not the address of a push service that we know: {', '.join(hosts)}.")


def private_hosts(hosts: Sequence[str]) -> list[str]:
    """The addresses among the origins of `hosts`: they may be private, because the operator named them."""
    found: list[str] = []
    for entry in hosts:
        host = urlsplit(entry).hostname if "://" in entry else None
        if host is not None and host.replace(".", "").isdigit():
            found.append(host)
    return found
