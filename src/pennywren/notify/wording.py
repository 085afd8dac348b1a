"""How a reader sees amounts and moments: in the form of their locale and the clock of their time zone."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency

from pennywren.model.money import format_amount, minor_digits
from pennywren.notify.channels import Item, Message, Reader

_FALLBACK: Final = Locale("en")


def locale_or_none(name: str) -> Locale | None:
    """The locale that a BCP 47 tag such as `de-AT` names, or its language; None if there is no such language."""
    if len(name) > 35 or not name.isascii():
        return None
    for candidate in (name, name.replace("_", "-").partition("-")[0]):
        try:
            return Locale.parse(candidate.replace("_", "-"), sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return None


def zone_or_none(name: str) -> ZoneInfo | None:
    """The time zone of an IANA name such as `Europe/Vienna`; None if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def money(minor: int, currency: str, reader: Reader) -> str:
    """`1299, "EUR"` -> `€12.99` for `en`, `12,99 €` for `de`."""
    amount = Decimal(minor).scaleb(-minor_digits(currency))
    return format_currency(amount, currency, locale=locale_or_none(reader.locale) or _FALLBACK)


def price_words(item: Item, reader: Reader) -> str:
    """`€12.99 (was €15.99)`; `no offer` where there is none any more."""
    now = "no offer" if item.price is None else money(item.price, item.currency, reader)
    if item.ends:
        return f"your watch ends, now {now}"
    if item.corrects and item.old_price is not None:
        return f"correction: it was not {money(item.old_price, item.currency, reader)}, now {now}"
    return now if item.old_price is None else f"{now} (was {money(item.old_price, item.currency, reader)})"


def plain_price_words(item: Item) -> str:
    """`12.99 USD (was 15.99)`: the same for every reader, for events."""
    now = "no offer" if item.price is None else f"{format_amount(item.price, item.currency)} {item.currency}"
    if item.corrects and item.old_price is not None:
        return f"{now} (not {format_amount(item.old_price, item.currency)})"
    return now if item.old_price is None else f"{now} (was {format_amount(item.old_price, item.currency)})"


def day(ms: int, reader: Reader) -> str:
    """`25 November 2025`, where the reader is."""
    return local(ms, reader).strftime("%-d %B %Y")


def minute(ms: int, reader: Reader) -> str:
    """`25 November 2025, 11:40 CET`, where the reader is."""
    return local(ms, reader).strftime("%-d %B %Y, %H:%M %Z")


def local(ms: int, reader: Reader) -> datetime:
    """The moment `ms` (UTC) on the reader's clock."""
    return datetime.fromtimestamp(ms / 1000, zone_or_none(reader.time_zone) or UTC)


def low_line(item: Item, reader: Reader) -> str | None:
    """How the price stands against the lowest that we know; None where that is not known."""
    if item.price is None or item.low is None or item.low_at is None or item.since is None:
        return None
    since = day(item.since, reader)
    if item.price <= item.low:
        return f"This is the lowest price since we began to watch on {since}."
    lowest = money(item.low, item.currency, reader)
    return f"The lowest price since {since} was {lowest}, on {day(item.low_at, reader)}."


def heading(message: Message, title_limit: int) -> str:
    """One line: the title and the prices of the first item, and how many more there are."""
    first, more = message.items[0], len(message.items) - 1 + message.more
    title = first.title if len(first.title) <= title_limit else first.title[: title_limit - 1].rstrip() + "…"
    line = f"{title}: {price_words(first, message.reader)}"
    return line if not more else f"{line} and {more} more"
