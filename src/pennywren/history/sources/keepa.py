"""Keepa's product JSON: `products[].csv[i]` is a flat list of minutes and prices.

Minutes count from 2011-01-01 (unix seconds = (minute + 21564000) * 60), prices are minor units, -1 is "no offer".
Index 0 is Amazon's own price, 1 the lowest new, 2 the lowest used; 18 is the buy box, in triples with the shipping,
which is left out: our own looks record what the item costs. Keepa stores a point only when something moved; what it
saw last it confirmed at `lastUpdate`.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from pennywren.errors import BadInput
from pennywren.history.sources.found import BadEntry, Found, ProductHistory, steps_of
from pennywren.model.marketplace import MARKETPLACES
from pennywren.model.money import MAX_PRICE, MIN_PRICE
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import Steps

_MINUTES_TO_2011: Final = 21_564_000
_NO_OFFER: Final = -1
_DOMAINS: Final[Mapping[int, str]] = {
    1: "us", 2: "uk", 3: "de", 4: "fr", 5: "jp", 6: "ca", 8: "it", 9: "es", 10: "in", 11: "mx", 12: "br",
}  # fmt: skip
_SERIES: Final = ((0, 2, Offer.AMAZON), (1, 2, Offer.NEW), (2, 2, Offer.USED), (18, 3, Offer.BUYBOX))
"""Index in `csv`, numbers a point, and the offer that it is."""


class _Product(msgspec.Struct, rename="camel"):
    asin: str
    domain_id: int
    csv: list[list[int] | None] | None = None
    last_update: int | None = None


class _Response(msgspec.Struct):
    products: list[msgspec.Raw]


def parse_keepa(data: bytes) -> Found:
    """Read the JSON of a Keepa /product response.

    A product that cannot be used is listed in the result, with its place in the file; the others are there.

    Raises:
        BadInput: this is not such a response at all.
    """
    try:
        response = msgspec.json.decode(data, type=_Response)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"this is not the JSON of a Keepa product response: {error}") from None
    found = Found()
    for number, raw in enumerate(response.products, 1):
        where = f"product {number}"
        try:
            product = msgspec.json.decode(raw, type=_Product)
            where = f"product {number} ({product.asin[:20]})"
            history = _history(product)
            if history.product in found.histories:
                raise BadInput(f"{history.product} is there twice: this second one is left out")
            found.histories[history.product] = history
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            found.bad.append(BadEntry(where, f"not a Keepa product: {error}"))
        except BadInput as error:
            found.bad.append(BadEntry(where, error.message))
    return found


def _history(product: _Product) -> ProductHistory:
    code = _DOMAINS.get(product.domain_id)
    if code is None:
        raise BadInput(f"domainId {product.domain_id} is not a marketplace that Pennywren follows")
    known = product.csv or []
    offers: dict[Offer, Steps] = {}
    for index, width, offer in _SERIES:
        series = known[index] if index < len(known) else None
        if series:
            offers[offer] = _steps(series, index, width, product.last_update)
    if not any(steps.prices for steps in offers.values()):
        raise BadInput("no price in it (csv 0, 1, 2 and 18 have none)")
    return ProductHistory(ProductID.parse(f"{code}:{product.asin}"), MARKETPLACES[code].currency, offers)


def _steps(series: list[int], index: int, width: int, last_update: int | None) -> Steps:
    if len(series) % width:
        raise BadInput(f"csv[{index}] has {len(series)} numbers, which are not points of {width}")
    looks: list[tuple[int, int | None]] = []
    for i in range(0, len(series), width):
        at, price = _milliseconds(series[i]), series[i + 1]
        if looks and at <= looks[-1][0]:
            raise BadInput(f"csv[{index}], point {i // width + 1}: its time does not come after the one before")
        if price != _NO_OFFER and not MIN_PRICE <= price <= MAX_PRICE:
            raise BadInput(f"csv[{index}], point {i // width + 1}: {price} is neither a price nor -1 for no offer")
        looks.append((at, None if price == _NO_OFFER else price))
    confirmed = 0 if last_update is None else _milliseconds(last_update)
    return steps_of(looks, max(confirmed, looks[-1][0]))


def _milliseconds(minute: int) -> int:
    if not 0 < minute < 1 << 27:
        raise BadInput(f"{minute} is not a Keepa minute")
    return (minute + _MINUTES_TO_2011) * 60_000
