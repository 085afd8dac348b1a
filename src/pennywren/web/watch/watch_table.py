"""Watches as a table (CSV): our own, and what other price trackers and people's spreadsheets write. Pure.

A column is known by its heading, whatever its case and punctuation. A line needs a product (an ASIN or a link); a
marketplace may have a column of its own. What a line does not say has the usual value; a target may be missing.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from pennywren.accounts.subscription import NotificationType, Subscription
from pennywren.errors import BadInput
from pennywren.model.clock import rfc3339
from pennywren.model.marketplace import MARKETPLACES, marketplace_of_host
from pennywren.model.money import MAX_PRICE, MIN_PRICE, format_amount, minor_digits
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import PriceAtOrBelow, kind_of
from pennywren.web.shapes.subscription_views import wish_of
from pennywren.web.shapes.views import NewSubscription

MOST: Final = 250
"""Lines that are read at once."""
COLUMNS: Final = (
    "product", "title", "offer", "target", "currency", "waitsFor", "rule", "notificationType", "once", "rearmAfter",
    "expiresTime", "state", "createdTime", "url",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_SHOWN: Final = 120

_HEADINGS: Final[Mapping[str, frozenset[str]]] = {
    "product": frozenset({
        "product", "productid", "asin", "url", "link", "producturl", "productlink", "amazonurl", "amazonlink", "item",
        "itemurl", "page",
    }),
    "target": frozenset({
        "target", "targetprice", "desiredprice", "desired", "pricetarget", "threshold", "alertprice", "alertbelow",
        "trackingprice", "maxprice", "mydesiredprice", "wunschpreis", "zielpreis", "ziel",
    }),
    "marketplace": frozenset({
        "marketplace", "locale", "amazonlocale", "domain", "domainid", "country", "store", "site", "shop", "marktplatz",
    }),
    "offer": frozenset({"offer", "pricetype", "type", "condition", "tracking"}),
    "currency": frozenset({"currency", "waehrung", "währung"}),
    "rule": frozenset({"rule"}),
    "notificationType": frozenset({"notificationtype", "channel"}),
    "once": frozenset({"once"}),
    "rearmAfter": frozenset({"rearmafter"}),
    "expiresTime": frozenset({"expirestime", "expires"}),
}  # fmt: skip
_OFFERS: Final[Mapping[str, Offer]] = {
    "": Offer.BUYBOX, "buybox": Offer.BUYBOX, "buyboxshipping": Offer.BUYBOX, "amazon": Offer.AMAZON,
    "soldbyamazon": Offer.AMAZON, "new": Offer.NEW, "3rdpartynew": Offer.NEW, "thirdpartynew": Offer.NEW,
    "used": Offer.USED, "3rdpartyused": Offer.USED, "thirdpartyused": Offer.USED,
}  # fmt: skip
_CODES: Final[Mapping[str, str]] = {
    # Numbers that Keepa gives to marketplaces, and names that people give to them.
    "1": "us", "2": "uk", "3": "de", "4": "fr", "5": "jp", "6": "ca", "8": "it", "9": "es", "10": "in", "11": "mx",
    "12": "br", "com": "us", "usa": "us", "gb": "uk", "couk": "uk", "cojp": "jp", "commx": "mx", "combr": "br",
    "comau": "au",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that can be watched; its wish has neither threshold nor rule where the line has no target."""

    line: int
    wish: NewSubscription


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot, and why."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Table:
    """What was read."""

    entries: list[Entry]
    bad: list[BadLine]


def looks_like_a_table(text: str) -> bool:
    """Whether the first line has a heading for products and another column, or nothing but that heading."""
    first = _first_line(text)
    found = _columns(next(csv.reader([first], delimiter=_delimiter(first)), list[str]()))
    return "product" in found and len(first) < 1000


def read_table(text: str, default_marketplace: str) -> Table:
    """Read a table; at most MOST lines, those after them are bad ones that say so.

    Raises:
        BadInput: there is no heading that names products.
    """
    text = text.lstrip("\ufeff\r\n ")
    first = _first_line(text)
    rows = csv.reader(io.StringIO(text.replace("\0", "")), delimiter=_delimiter(first))
    entries: list[Entry] = []
    bad: list[BadLine] = []
    seen: dict[tuple[str, str, str, str], int] = {}
    try:
        columns = _columns(next(rows, list[str]()))
        if "product" not in columns:
            raise BadInput("The first line must name the columns, and one of them must be ASIN, product or URL.")
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            line, shown = rows.line_num, ", ".join(cells)[:_SHOWN]
            if len(entries) >= MOST:
                bad.append(BadLine(line, shown, f"More than {MOST} lines: import the rest of them afterwards."))
                continue
            try:
                wish = _wish({name: cells[at].strip() for name, at in columns.items() if at < len(cells)},
                             default_marketplace)  # fmt: skip
            except BadInput as error:
                bad.append(BadLine(line, shown, error.message))
                continue
            kind = "priceAtOrBelow" if wish.rule is None else kind_of(wish.rule)
            same = (wish.product_id, wish.offer, wish.notification_type, kind)
            if same in seen:
                bad.append(BadLine(line, shown, f"It says the same product as line {seen[same]}."))
                continue
            seen[same] = line
            entries.append(Entry(line, wish))
    except csv.Error as error:
        bad.append(BadLine(rows.line_num, "", f"From here on this is no CSV: {error}."))
    return Table(entries, bad)


def write_table(held: Iterable[Subscription], titles: Mapping[ProductID, str]) -> str:
    """The same in our own columns; amounts are decimals. `read_table` reads it back."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for each in held:
        title = titles.get(each.product, "")
        table.writerow((
            each.product,
            # A spreadsheet would run a title that begins like a formula.
            f"'{title}" if title.startswith(_FORMULA) else title,
            each.offer,
            "" if each.threshold is None else format_amount(each.threshold, each.currency),
            each.currency,
            each.waits_for,
            msgspec.json.encode(each.rule).decode(),
            each.notification_type,
            "yes" if each.once else "",
            "" if each.rearm_after is None else each.rearm_after,
            "" if each.expires_at is None else rfc3339(each.expires_at),
            each.state,
            rfc3339(each.created_at),
            each.product.url,
        ))  # fmt: skip
    return text.getvalue()


def read_price(text: str, currency: str) -> int:
    """An amount as people and programs write it: `$1,299.00`, `1.299,00 €`, `12.99`, in minor units.

    Raises:
        BadInput: not one.
    """
    plain = re.sub(r"[^\d.,\-]", "", text.replace("\u2212", "-"))
    digits = minor_digits(currency)
    whole, mark, fraction = plain, "", ""
    last = max(plain.rfind("."), plain.rfind(","))
    if last >= 0:
        separators = {each for each in plain if each in ".,"}
        # A lone mark before three digits groups thousands, unless the currency has three digits itself.
        groups = len(plain) - last - 1 == 3 != digits and (len(separators) == 1)
        if not groups:
            whole, mark, fraction = plain[:last], plain[last], plain[last + 1 :]
    whole = re.sub(r"[.,]", "", whole)
    if not re.fullmatch(r"\d{1,12}", whole, re.ASCII) or (mark and not re.fullmatch(r"\d*", fraction, re.ASCII)):
        raise BadInput(f"{text[:30]!r} is not a price.")
    if len(fraction.rstrip("0")) > digits:
        raise BadInput(f"{text[:30]!r} has more digits than {currency} has.")
    minor = int(whole) * 10**digits + int(fraction[:digits].ljust(digits, "0") or 0)
    if not MIN_PRICE <= minor <= MAX_PRICE:
        raise BadInput(f"{text[:30]!r} is not a price: it is too small or too large.")
    return minor


def _wish(cells: Mapping[str, str], default_marketplace: str) -> NewSubscription:
    product = ProductID.parse(cells.get("product", ""), _marketplace(cells.get("marketplace", ""), default_marketplace))
    currency = product.market.currency
    said = cells.get("currency", "").upper()
    if said and said not in product.market.currencies:
        raise BadInput(f"{product.market.host} has prices in {currency}, not in {said[:10]}.")
    offer = _OFFERS.get(_plain(cells.get("offer", "")))
    if offer is None:
        raise BadInput(f"{cells['offer'][:30]!r} is no offer: buybox, amazon, new or used.")
    fields: dict[str, Any] = {
        "productID": str(product),
        "offer": offer,
        "notificationType": cells.get("notificationType") or NotificationType.EMAIL,
        "once": cells.get("once", "").lower() in ("yes", "true", "1"),
        "rearmAfter": int(cells["rearmAfter"]) if cells.get("rearmAfter", "").isdecimal() else None,
        "expiresTime": cells.get("expiresTime") or None,
    }
    target = cells.get("target", "")
    rule = cells.get("rule", "")
    try:
        if rule:
            fields["rule"] = msgspec.json.decode(rule.encode())
        elif target:
            fields["threshold"] = read_price(target, currency)
        wish = msgspec.convert(fields, NewSubscription)
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
        raise BadInput(f"A column cannot be used: {error}.") from error
    if wish.rule is not None or wish.threshold is not None:
        wish_of(wish)
    if isinstance(wish.rule, PriceAtOrBelow):
        return msgspec.structs.replace(wish, rule=None, threshold=wish.rule.threshold)
    return wish


def _marketplace(text: str, default: str) -> str:
    if not text:
        return default
    market = marketplace_of_host(text.lower()) or marketplace_of_host(f"www.{text.lower()}")
    if market is not None:
        return market.code
    plain = _plain(text).removeprefix("amazon")
    code = _CODES.get(plain, plain)
    if code not in MARKETPLACES:
        raise BadInput(f"{text[:30]!r} is no marketplace that we know.")
    return code


def _columns(headings: list[str]) -> dict[str, int]:
    """Which of our columns is where; the first heading of a kind counts."""
    found: dict[str, int] = {}
    for at, heading in enumerate(headings):
        for name, known in _HEADINGS.items():
            if _plain(heading) in known:
                found.setdefault(name, at)
    return found


def _plain(text: str) -> str:
    return re.sub(r"[\W_]", "", text.lower())


def _first_line(text: str) -> str:
    return next((line for line in text.lstrip("\ufeff").splitlines() if line.strip()), "")


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)
