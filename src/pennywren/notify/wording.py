"""How a reader is spoken to: in their language, amounts as in their locale, moments by their clock."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_timezone_name
from babel.numbers import format_currency

from pennywren.language.speaking import Language, language
from pennywren.model.money import format_amount, minor_digits
from pennywren.notify.channels import Item, Message, Reader

_FALLBACK: Final = Locale("en")
# As the website does: plain "English" writes dates for all who read it, with the day first.
_DATES_AS: Final = {"en": Locale.parse("en_001")}


@lru_cache(maxsize=512)
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


@lru_cache(maxsize=2048)
def money(minor: int, currency: str, reader: Reader) -> str:
    """`1299, "EUR"` -> `€12.99` for `en`, `12,99 €` for `de`."""
    amount = Decimal(minor).scaleb(-minor_digits(currency))
    return format_currency(amount, currency, locale=locale_or_none(reader.locale) or _FALLBACK)


def speaking(reader: Reader) -> Language:
    """The language that a reader is spoken to in: that of their locale, else the default."""
    return language(reader.locale.replace("_", "-").partition("-")[0].lower())


def price_words(item: Item, reader: Reader) -> str:
    """`€12.99 (was €15.99)`; `no offer` where there is none any more."""
    words = speaking(reader)
    now = words.say("alert.no_offer") if item.price is None else money(item.price, item.currency, reader)
    if item.ends:
        return words.say("alert.at_end", now=now)
    if item.old_price is None:
        return now
    old = money(item.old_price, item.currency, reader)
    if item.corrects:
        return words.say("alert.corrected_gone" if item.price is None else "alert.corrected", wrong=old, now=now)
    return words.say("alert.moved", now=now, old=old)


def plain_price_words(item: Item) -> str:
    """`12.99 USD (was 15.99)`: the same for every reader, for events."""
    now = "no offer" if item.price is None else f"{format_amount(item.price, item.currency)} {item.currency}"
    if item.corrects and item.old_price is not None:
        return f"{now} (not {format_amount(item.old_price, item.currency)})"
    return now if item.old_price is None else f"{now} (was {format_amount(item.old_price, item.currency)})"


def day(ms: int, reader: Reader) -> str:
    """`25 November 2025`, where the reader is."""
    return format_date(local(ms, reader), "long", locale=_dates_locale(reader))


def minute(ms: int, reader: Reader) -> str:
    """`25 November 2025, 11:40 CET`, where the reader is."""
    moment, locale = local(ms, reader), _dates_locale(reader)
    # A country has its own clock, of 12 or 24 hours; of a language alone we cannot know.
    clock = format_time(moment, "short" if locale.territory not in (None, "001") else "HH:mm", locale=locale)
    return f"{day(ms, reader)}, {clock} {_zone_name(moment, locale)}"


def local(ms: int, reader: Reader) -> datetime:
    """The moment `ms` (UTC) on the reader's clock."""
    return datetime.fromtimestamp(ms / 1000, zone_or_none(reader.time_zone) or UTC)


def low_line(item: Item, reader: Reader) -> str | None:
    """How the price stands against the lowest that we know; None where that is not known."""
    if item.price is None or item.low is None or item.low_at is None or item.since is None:
        return None
    words, since = speaking(reader), day(item.since, reader)
    if item.price <= item.low:
        return words.say("alert.is_lowest", since=since)
    lowest = money(item.low, item.currency, reader)
    return words.say("alert.lowest_was", since=since, lowest=lowest, day=day(item.low_at, reader))


def heading(message: Message, title_limit: int) -> str:
    """One line: the title and the prices of the first item, and how many more there are."""
    first, more = message.items[0], len(message.items) - 1 + message.more
    words = speaking(message.reader)
    title = first.title if len(first.title) <= title_limit else first.title[: title_limit - 1].rstrip() + "…"
    if first.ends:
        key = "alert.heading_ended" if first.ends_at is None else "alert.heading_ends"
        end = "" if first.ends_at is None else day(first.ends_at, message.reader)
        line = words.say(key, title=title, day=end)
    else:
        key = "alert.heading_corrects" if first.corrects else "alert.heading"
        line = words.say(key, title=title, prices=price_words(first, message.reader))
    return line if not more else words.say("alert.and_more", heading=line, count=more)


def _zone_name(moment: datetime, locale: Locale) -> str:
    """`MEZ` where the language has a name of its own, else the one that all know: `CET`, or `GMT+5:30`."""
    known, own = moment.tzname() or "UTC", get_timezone_name(moment, "short", locale=locale)
    return known if known.isalpha() and (known == "UTC" or not own.isalpha()) else own


def _dates_locale(reader: Reader) -> Locale:
    """The reader's locale if it is one of the language of the words around the date; else that language's own."""
    words, locale = speaking(reader).code, locale_or_none(reader.locale)
    if locale is None or locale.language != words or locale.territory is None:
        return _DATES_AS.get(words) or Locale.parse(words)
    return locale
