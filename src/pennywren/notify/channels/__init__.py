"""The channels that an alert can take; each folder has the same interface.

A channel gets messages, and yields one outcome for each of them as soon as it is known, so that what was delivered
is on record before the next one is tried. A message carries one alert, or the several of a digest.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pennywren.errors import DeliveryError
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID


@dataclass(frozen=True, slots=True)
class Reader:
    """How somebody reads: a locale as Babel knows it, whose language is also that of the words where we speak it, and
    the name of a time zone (IANA)."""

    locale: str = "en"
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Item:
    """What one alert tells. Prices are minor units of `currency`, times ms UTC."""

    alert_id: int
    product: ProductID
    offer: Offer
    title: str
    """Fit to be shown, and never empty."""
    price: int | None
    """None where there is no offer any more."""
    old_price: int | None
    """None where there was no price before, or none that is known."""
    currency: str
    reason: str
    """Why it is told, as a sentence: `notify.reasons`."""
    seen_at: int
    low: int | None
    """The lowest price since `since`, where it is known."""
    low_at: int | None
    since: int | None
    page_url: str
    unsubscribe_url: str
    snooze_url: str | None = None
    chart: bytes | None = None
    """A PNG of the price's past."""
    ends: bool = False
    """Whether it tells that the watch ends, and not what became of the price."""
    ends_at: int | None = None
    """When it will end; None where it has ended already."""
    corrects: bool = False
    """Whether `old_price` was told before and found false; `price` is the true one of now."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one person is told at once."""

    key: str
    """The same at every attempt: `alert-7`, or `digest-3-1764067200` (person and hour)."""
    to: str
    """Where the channel reaches the person, in the channel's own words; never in a log."""
    items: tuple[Item, ...]
    """At least one."""
    more: int
    """Further alerts of a digest that is too long to tell them all."""
    reader: Reader
    stop_url: str
    """Ends what this message is one of: the subscription's alerts, or all mails of a digest's reader (RFC 8058)."""
    account_url: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message; `error` is None where the channel took it."""

    message: Message
    message_id: str
    error: DeliveryError | None = None


class Channel(Protocol):
    """One way to reach people."""

    @property
    def name(self) -> str:
        """Its name in deliveries, and in events' words."""
        ...

    def deliver(self, messages: Sequence[Message]) -> AsyncGenerator[list[Outcome]]:
        """Deliver messages, each at most once; yields one outcome for each, those together that are known at a time.

        Never raises for a message: what failed is an outcome, permanent or to be tried again.
        """
        ...

    async def aclose(self) -> None:
        """Part from whatever is connected; the channel may be used again afterwards."""
        ...
