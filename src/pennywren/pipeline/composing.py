"""From claimed alerts to a message: the words, the lowest price, a picture, and the links that end it."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pennywren.accounts.links import QUIET_WATCH, STOP_MAILS, UNSUBSCRIBE
from pennywren.accounts.preferences import Preferences
from pennywren.errors import NotFound, Unavailable
from pennywren.history.picture import PictureQuestion, Pictures
from pennywren.model.clock import SECOND
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.titles import plain_title
from pennywren.notify.channels import Item, Message, Reader
from pennywren.notify.deliveries import Claimed
from pennywren.notify.reasons import reason_in_words
from pennywren.notify.receipts import FOLLOWS_NO_CHANGE
from pennywren.notify.wording import speaking
from pennywren.pipeline.addressing import Address
from pennywren.store.state import ProductState

MAX_ITEMS: Final = 50
"""Alerts that a digest tells in full."""

CHARTS_TIME: Final = 0.15
"""Seconds that one job may draw charts for at once: with much to send, mails go without them."""

CHARTS_SHARE: Final = 0.2
"""Of the time that a job goes on, what more it may spend on drawing."""

LATE_AFTER: Final = SECOND
"""Alerts that have waited so long (ms) beside others go at once, without charts: a picture is worth no delay."""

_CHART_WIDTH: Final = 400
_CHART_HEIGHT: Final = 190

States = Mapping[ProductID, ProductState]
Charts = dict[tuple[ProductID, Offer, str], bytes]
"""Pictures (PNG) by product, offer and language."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Parcel:
    """Alerts that one person is told at once, over one channel."""

    claimed: list[Claimed]
    kind: str
    """The notification type that it goes over."""
    addresses: list[Address]
    preferences: Preferences
    states: States
    outcomes: int = 0
    """How many of the addresses are done."""
    wait: float = 0.0
    """Seconds that a receiver asked us to wait."""
    again: bool = field(default=False)
    """Whether an attempt may succeed later."""

    @property
    def first(self) -> Claimed:
        """The alert that it begins with."""
        return self.claimed[0]

    @property
    def key(self) -> str:
        """The same at every attempt."""
        if self.first.held_for == "digest":
            return f"digest-{self.first.person_id}-{self.first.due_since // 1000}"
        return f"alert-{self.first.alert_id}"


class Composer:
    """Writes messages. `key` signs the links that end them; `charts_time` is for drawing at once, in seconds."""

    def __init__(
        self, base_url: str, key: bytes, pictures: Pictures | None, *, charts_time: float = CHARTS_TIME
    ) -> None:
        self._charts_time = charts_time
        self._began = time.monotonic()
        self._drawn = 0.0
        self._base_url = base_url
        self._key = key
        self._pictures = pictures

    def message(self, parcel: Parcel, address: Address, charts: Charts) -> Message:
        """The message of a parcel to one of its addresses."""
        first = parcel.first
        reader = _reader(parcel)
        several = len(parcel.claimed) > 1
        told = parcel.claimed[:MAX_ITEMS]
        return Message(
            key=parcel.key,
            to=address.to,
            items=tuple(self._item(each, reader, parcel.states, charts) for each in told),
            more=len(parcel.claimed) - len(told),
            reader=reader,
            stop_url=(
                STOP_MAILS.url(self._base_url, self._key, first.person_id)
                if several
                else UNSUBSCRIBE.url(self._base_url, self._key, first.subscription_id)
            ),
            account_url=f"{self._base_url}/account",
        )

    async def charts(self, parcels: Sequence[Parcel], now: int) -> Charts:
        """Pictures for mails, as far as there is time. `now` is ms UTC."""
        made: Charts = {}
        # What was held has no hurry.
        waited = [now - parcel.first.seen_at for parcel in parcels if not parcel.first.held_for]
        if self._pictures is None or are_late(waited):
            return made
        began = time.monotonic()
        until = began + self._charts_time + CHARTS_SHARE * (began - self._began) - self._drawn
        shown = [
            (each.product, each.offer, speaking(_reader(parcel)).code)
            for parcel in parcels
            for each in parcel.claimed[:MAX_ITEMS]
            if each.product in parcel.states
        ]
        for product, offer, code in dict.fromkeys(shown):
            if time.monotonic() > until:
                break
            asked = PictureQuestion(offer, "3m", "light", _CHART_WIDTH, _CHART_HEIGHT, from_zero=False, language=code)
            try:
                made[product, offer, code] = (await self._pictures.picture(product, asked, "png", now)).body
            except (NotFound, Unavailable, ValueError) as error:
                _log.info("a mail goes without its chart: %s", error)
        self._drawn += time.monotonic() - began
        return made

    def _item(self, claimed: Claimed, reader: Reader, states: States, charts: Charts) -> Item:
        state = states.get(claimed.product)
        offer = state.offers.get(claimed.offer) if state else None
        # What was held tells the price of now: it was found to be still as the person wanted it.
        now = offer if claimed.held_for and offer is not None and offer.price is not None else None
        if now is not None:
            seen_at = now.last_seen
        elif claimed.asked.about in FOLLOWS_NO_CHANGE and offer is not None:
            seen_at = min(offer.last_seen, claimed.seen_at)
        else:
            seen_at = claimed.seen_at
        return Item(
            alert_id=claimed.alert_id,
            product=claimed.product,
            offer=claimed.offer,
            title=plain_title(claimed.title) or str(claimed.product),
            price=claimed.price if now is None else now.price,
            old_price=claimed.old_price,
            currency=claimed.currency,
            reason=reason_in_words(claimed.asked, claimed.currency, reader),
            seen_at=seen_at,
            low=offer.low if offer else None,
            low_at=offer.low_at if offer else None,
            since=offer.first if offer else None,
            page_url=f"{self._base_url}/products/{claimed.product}",
            unsubscribe_url=UNSUBSCRIBE.url(self._base_url, self._key, claimed.subscription_id),
            snooze_url=QUIET_WATCH.url(self._base_url, self._key, claimed.subscription_id),
            chart=charts.get((claimed.product, claimed.offer, speaking(reader).code)),
            corrects=claimed.asked.about == "correction",
            ends=claimed.asked.about == "expiry",
            ends_at=claimed.asked.ends_at,
        )


def are_late(waited: Sequence[int]) -> bool:
    """Whether there is more to send than is sent in time: several alerts, and one waited (ms) too long already."""
    return len(waited) > 1 and max(waited) > LATE_AFTER


def _reader(parcel: Parcel) -> Reader:
    return Reader(parcel.preferences.locale, parcel.preferences.time_zone)
