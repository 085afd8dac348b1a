"""The channels that an alert can take; each folder has the same interface.

A channel gets messages, and yields one outcome for each of them as soon as it is known, so that what was delivered
is on record before the next one is tried.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pennywren.errors import DeliveryError
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID


@dataclass(frozen=True, slots=True)
class Message:
    """What one person is told. Prices are minor units of `currency`, times ms UTC."""

    alert_id: int
    to: str
    """Where the channel reaches the person; never in a log."""
    product: ProductID
    offer: Offer
    title: str
    """Fit to be shown, and never empty."""
    price: int
    old_price: int | None
    """None where there was no price before, or none that is known."""
    currency: str
    threshold: int
    seen_at: int
    low: int | None
    """The lowest price since `since`, where it is known."""
    low_at: int | None
    since: int | None
    page_url: str
    unsubscribe_url: str


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

    def deliver(self, messages: Sequence[Message]) -> AsyncGenerator[Outcome]:
        """Deliver messages, each at most once; yields one outcome for each, in order.

        Never raises for a message: what failed is an outcome, permanent or to be tried again.
        """
        ...
