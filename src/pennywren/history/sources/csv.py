"""Price histories as CSV with a header line, in any order of columns:

    product,offer,time,price,currency
    us:B08N5WRWNW,buybox,2025-11-25T10:40:00Z,12.99,USD
    us:B08N5WRWNW,buybox,2025-11-26T09:00:00Z,,USD

`product` is an ASIN, MARKETPLACE:ASIN or a product link. `time` (or `date`, `timestamp`) is RFC 3339, a date (its
midnight UTC) or seconds since 1970. `price` is a plain decimal; empty means that there was no offer. `offer`
(buybox) and `currency` (that of the marketplace) may be missing; a column `price_eur` is a price in EUR.
Commas, semicolons or tabs; UTF-8. Every line is a look: a price holds until the next line of the same product
and offer, and is known up to the last one, so repeat the last price at the time up to which it held.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Final

from pennywren.errors import BadInput, BadQuery
from pennywren.history.question import parse_time
from pennywren.history.sources.found import BadEntry, Found, ProductHistory, steps_of
from pennywren.model.money import parse_amount
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID

_TIME: Final = ("time", "date", "timestamp")
_DELIMITERS: Final = (",", ";", "\t")
_MAX_BAD: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column is what."""

    time: str
    price: str
    currency: str | None
    """The currency that the price column itself names."""


@dataclass(slots=True)
class _Lines:
    """The usable lines of one product."""

    currency: str
    looks: dict[Offer, dict[int, int | None]] = field(default_factory=dict[Offer, dict[int, int | None]])


def parse_csv(data: bytes, default_marketplace: str = "us") -> Found:
    """Read a file as described above. A bad line is listed in the result with its number; the others are used.

    Raises:
        BadInput: no header with a product, a time and a price; or nothing but bad lines: over 1,000 of them
            before any good one.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"this is not UTF-8 text (byte {error.start})") from None
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.DictReader(StringIO(text, newline=""), delimiter=delimiter, restkey="")
    columns = _columns(reader.fieldnames or [])
    lines: dict[ProductID, _Lines] = {}
    found = Found()
    try:
        for row in reader:
            try:
                _add(lines, {(k or "").strip().lower(): v for k, v in row.items()}, columns, default_marketplace)
            except BadInput as error:
                found.bad.append(BadEntry(f"line {reader.line_num}", error.message))
                if len(found.bad) >= _MAX_BAD and not lines:
                    raise BadInput(f"nothing but bad lines; the first: {found.bad[0]}") from None
    except csv.Error as error:
        raise BadInput(f"line {reader.line_num}: this is not CSV: {error}") from None
    for product, known in lines.items():
        offers = {offer: steps_of(sorted(looks.items()), max(looks)) for offer, looks in known.looks.items()}
        found.histories[product] = ProductHistory(product, known.currency, offers)
    return found


def _columns(header: Iterable[str]) -> _Columns:
    names = [name.strip().lower() for name in header]
    price = next((name for name in names if name == "price" or (name.startswith("price_") and len(name) == 9)), None)
    time = next((name for name in _TIME if name in names), None)
    if "product" not in names or time is None or price is None:
        raise BadInput(
            f"the first line must name the columns: product, time (or date) and price, and if you like offer and "
            f"currency; it says {', '.join(names)[:120]!r}"
        )
    return _Columns(time, price, price[6:].upper() or None)


def _add(lines: dict[ProductID, _Lines], row: Mapping[str, str | None], columns: _Columns, marketplace: str) -> None:
    product = ProductID.parse(row.get("product") or "", marketplace)
    typed_currency = (row.get("currency") or "").strip().upper()
    currency = columns.currency or typed_currency or product.market.currency
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha()):
        raise BadInput(f"{currency[:12]!r} is not a currency: write it like USD")
    offer = _offer(row.get("offer"))
    at = _time(row.get(columns.time))
    price = _price(row.get(columns.price), currency)
    known = lines.setdefault(product, _Lines(currency))
    if currency != known.currency:
        raise BadInput(f"{product} is in {known.currency} before: one history has one currency")
    looks = known.looks.setdefault(offer, {})
    if looks.setdefault(at, price) != price:
        raise BadInput(f"another price of {product} ({offer}) at the same time")


def _offer(text: str | None) -> Offer:
    typed = (text or "").strip().lower()
    if not typed:
        return Offer.BUYBOX
    try:
        return Offer(typed)
    except ValueError:
        raise BadInput(f"{typed[:20]!r} is not an offer: there are {', '.join(Offer)}") from None


def _time(text: str | None) -> int:
    try:
        at = parse_time("time", text)
    except BadQuery as error:
        raise BadInput(error.message) from None
    if not at:
        raise BadInput("no time given")
    return at


def _price(text: str | None, currency: str) -> int | None:
    typed = (text or "").strip()
    if not typed:
        return None
    try:
        return parse_amount(typed, currency)
    except ValueError as error:
        raise BadInput(str(error)) from None
