"""Where people can be reached: their verified addresses by channel, without those that nothing is sent to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import msgspec

from pennywren.accounts import phones, push_subscriptions, webhooks
from pennywren.errors import DeliveryError
from pennywren.notify import suppressed
from pennywren.notify.channels.push.channel import PushAddress
from pennywren.notify.channels.sms.channel import SmsAddress
from pennywren.notify.channels.webhook.channel import WebhookAddress
from pennywren.notify.channels.webhook.signing import derive_secret
from pennywren.postgres.pool import Connection


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a person: a key for records, what the channel understands, and the row it came from."""

    key: str
    to: str
    row_id: int


@dataclass(slots=True)
class Reachable:
    """A person's addresses by notification type."""

    addresses: defaultdict[str, dict[str, Address]] = field(default_factory=lambda: defaultdict(dict[str, Address]))
    email_suppressed: bool = False

    def keys(self) -> dict[str, tuple[str, ...]]:
        """The keys of the addresses, by notification type."""
        return {kind: tuple(found) for kind, found in self.addresses.items()}

    def add(self, kind: str, what: str, to: str, row_id: int = 0) -> None:
        """Add an address; `what` tells it from the person's others."""
        key = address_key(kind, what)
        self.addresses[kind][key] = Address(key, to, row_id)


def address_key(kind: str, what: str) -> str:
    """What stands for an address in the rows of deliveries."""
    return sha256(f"{kind}:{what}".encode()).hexdigest()[:16]


async def reachable(
    connection: Connection, emails: Mapping[int, str], kinds: Sequence[str], webhook_key: bytes, now: int
) -> dict[int, Reachable]:
    """The addresses of people, who are given with their e-mail addresses, for the notification types that work here.

    `now` is ms UTC: it says which keys sign webhooks.
    """
    people = list(emails)
    found = {person: Reachable() for person in people}
    silent = await suppressed.find(connection, "email", emails.values())
    for person, email in emails.items():
        found[person].email_suppressed = email in silent
        if email not in silent:
            found[person].add("EMAIL", email.lower(), email)
    if "SMS" in kinds:
        numbers = await phones.verified_of(connection, people)
        stopped = await suppressed.find(connection, "sms", [phone.number for phone in numbers])
        for phone in numbers:
            if phone.number not in stopped:
                to = _text(SmsAddress(phone.number, phone.person_id))
                found[phone.person_id].add("SMS", phone.number, to, phone.id)
    if "PUSH" in kinds:
        for each in await push_subscriptions.of_people(connection, people):
            to = _text(PushAddress(each.endpoint, each.p256dh, each.auth))
            found[each.person_id].add("PUSH", each.endpoint, to, each.id)
    if "WEBHOOK" in kinds:
        for hook in await webhooks.of_people(connection, people):
            secrets = tuple(derive_secret(webhook_key, hook.id, number) for number in hook.key_numbers(now))
            found[hook.person_id].add("WEBHOOK", hook.url, _text(WebhookAddress(hook.url, secrets)), hook.id)
    return found


async def forget(connection: Connection, kind: str, address: Address, error: DeliveryError) -> None:
    """Nothing will ever arrive there, said whoever should have taken it: use it no more."""
    match kind:
        case "EMAIL":
            await suppressed.suppress(connection, "email", address.to, "bounced", error.message)
        case "PUSH":
            await push_subscriptions.forget(connection, address.row_id)
        case "WEBHOOK":
            await webhooks.end(connection, address.row_id)
        case _:
            return


def _text(address: msgspec.Struct) -> str:
    return msgspec.json.encode(address).decode()
