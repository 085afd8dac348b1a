"""The typed wrapper of believed.lua: what a report is judged against, read in one step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from pennywren import keyspace
from pennywren.model.clock import DAY
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import BACK, OUT
from pennywren.model.series import State
from pennywren.store.round_trip import RoundTrip
from pennywren.store.scripts import Argument, Script
from pennywren.store.swaps import Kept, read_kept

_SCRIPT: Final = Script("believed")
_NUMBERS: Final[Mapping[Offer, int]] = {offer: i for i, offer in enumerate(Offer, start=1)}
_OFFERED: Final = str(State.OFFERED.value).encode()
RANGE_SPAN: Final = 90 * DAY
"""A claim is held against the range of the price in so long (ms)."""
_pack = msgspec.msgpack.Encoder().encode

Claim = tuple[Offer, int | None]
"""An offer, and the price that it is said to have (minor units; None: no offer)."""


@dataclass(frozen=True, slots=True)
class OfferBelieved:
    """One offer as it is believed, beside one claim of it. Prices are minor units, times ms UTC."""

    price: int | None
    last_price: int | None
    last_seen: int
    low: int | None
    """The lowest of the last RANGE_SPAN, beside a claim that differs; else of all times. So the highest."""
    high: int | None
    crawled: int | None
    """The price that a crawl saw last."""
    told: int
    """Watches that the claimed price would trigger; of those for the lowest price of some days, what it may trigger."""


@dataclass(frozen=True, slots=True)
class ProductBelieved:
    """One product, beside several claims."""

    currency: str | None
    """None where nothing is known of it."""
    rate: str | None
    """What was learned of its rate of change, as the frontier packs it."""
    hearsay: Kept
    failing: int | None
    """Since when (ms) its page cannot be read."""
    watchers: int
    on_its_way: bool
    """Whether a crawl of it is under way, or waits in the urgent lane."""
    claims: tuple[OfferBelieved, ...]
    """For each claim, in order."""


def ask(trip: RoundTrip, product: ProductID, claims: Sequence[Claim], now: int) -> int:
    """Add the question to a round trip; `read_believed` reads its reply. `now` is ms UTC."""
    packed: list[int | str | None] = []
    for offer, price in claims:
        packed += (_NUMBERS[offer], offer.value, price)
    args: list[Argument] = [_pack(packed), len(claims), str(product), max(0, now - RANGE_SPAN), OUT, BACK]
    return trip.script(_SCRIPT, keyspace.judged_by(product), args)


def read_believed(reply: Sequence[Sequence[Any]]) -> ProductBelieved:
    """Read the reply to `ask`; the client answers with bytes."""
    currency, rate, hearsay, failing, watchers, on_its_way = reply[0]
    return ProductBelieved(
        currency.decode() if currency else None,
        rate.decode() if rate else None,
        read_kept(hearsay),
        int(failing) if failing else None,
        watchers,
        bool(on_its_way),
        tuple(_offer(each) for each in reply[1:]),
    )


def _offer(fields: Sequence[Any]) -> OfferBelieved:
    price, state, last_seen, low, high, crawled, told = fields
    last_price = int(price) if price else None
    now = last_price if state == _OFFERED else None
    return OfferBelieved(
        now,
        last_price,
        int(last_seen or 0),
        int(low) if low else None,
        int(high) if high else None,
        now if crawled is None else int(crawled) if crawled.isdigit() else None,
        told,
    )
