"""One language as templates use it: sentences, prices, dates and numbers. Times are UTC, prices minor units."""

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import cache, lru_cache
from typing import Final, Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time, format_timedelta, get_day_names
from babel.numbers import format_currency, format_decimal, format_percent
from markupsafe import Markup

from pennywren.language.catalogue import DEFAULT, LANGUAGES, sentence
from pennywren.language.details import translated
from pennywren.model.clock import DAY
from pennywren.model.money import minor_digits

# Plain "English" writes dates as Americans do; we write for all who read English, and the day comes first.
_WRITTEN_AS: Final = {"en": "en_001", "de": "de"}
_LETTER_THEN_DIGIT: Final = re.compile(r"([A-Z])(?=\d)")
_EMPTY: Final = "–"


class Language:
    """One of LANGUAGES."""

    def __init__(self, code: str) -> None:
        self.code = code
        self._locale = Locale.parse(_WRITTEN_AS[code])

    def say(self, key: str, /, **values: object) -> str:
        """The sentence of this key, as text.

        Raises:
            KeyError: there is no such sentence, or a place of it was not filled.
        """
        return sentence(self.code, key, values.get("count")).format(**values)

    def say_html(self, key: str, /, **values: object) -> Markup:
        """The same where the sentence has markup in it: it is ours, and what is filled in is escaped."""
        return Markup(sentence(self.code, key, values.get("count"))).format(**values)  # noqa: S704

    def detail(self, message: str) -> str | None:
        """What one of our errors says, in this language; None where the language has no words for it."""
        return translated(self.code, message)

    def has(self, key: str) -> bool:
        """Whether there is a sentence of this key."""
        try:
            sentence(self.code, key)
        except KeyError:
            return False
        return True

    def money(self, minor: int, currency: str) -> str:
        """`1299, "USD"` -> `$12.99`, as this language writes that currency; spaces in it never break."""
        return _money(minor, currency, self.code)

    def figure(self, minor: int, currency: str) -> str:
        """`1299, "USD"` -> `12.99`: an amount where the currency stands elsewhere, as on an axis or in a field, which
        is read in any language."""
        digits = minor_digits(currency)
        pattern = f"0.{'0' * digits}" if digits else "0"
        return format_decimal(Decimal(minor).scaleb(-digits), format=pattern, locale=self._locale)

    def plain(self, value: float) -> str:
        """`12.5`: a number without groups, as a person would type it into a field."""
        return format_decimal(value, format="0.####", locale=self._locale)

    def number(self, value: float) -> str:
        """A number with its groups."""
        return format_decimal(value, locale=self._locale)

    def percent(self, share: float | Decimal) -> str:
        """`0.25` -> `25%`: a float without a fraction, a Decimal with those digits that it has."""
        return format_percent(share, locale=self._locale, decimal_quantization=isinstance(share, float))

    def percent_kept(self, share: float) -> str:
        """`0.99987` -> `99.98%`: how much of a promise was kept, never rounded up."""
        return self.percent(Decimal(str(share)).quantize(Decimal("0.0001"), ROUND_DOWN).normalize())

    def day(self, ms: int) -> str:
        """`25 November 2026`."""
        return _day(ms // DAY, "long", self._locale)

    def short_day(self, ms: int) -> str:
        """`25 Nov 2026`."""
        return _day(ms // DAY, "medium", self._locale)

    def day_of_year(self, ms: int) -> str:
        """`25 Nov`."""
        return format_skeleton("MMMd", _moment(ms), locale=self._locale)

    def month(self, ms: int) -> str:
        """`Nov 2026`."""
        return format_skeleton("yMMM", _moment(ms), locale=self._locale)

    def minute(self, ms: int) -> str:
        """`25 November 2026, 10:40 UTC`."""
        return f"{self.day(ms)}, {_clock(ms)}\u00a0UTC"

    def short_minute(self, ms: int) -> str:
        """`25 Nov 2026, 10:40`, where all times are UTC and say so."""
        return f"{self.short_day(ms)}, {_clock(ms)}"

    def weekday(self, number: int) -> str:
        """`Monday` for 1 (ISO 8601)."""
        return str(get_day_names("wide", "stand-alone", self._locale)[number - 1])

    def name_of(self, tag: str) -> str:
        """What this language calls another one, or its form in a region: `German (Austria)`; else the tag."""
        try:
            return Locale.parse(tag, sep="-").get_display_name(self._locale) or tag
        except (UnknownLocaleError, ValueError):
            return tag

    def moment(self, ms: int) -> str:
        """`25 November 2026, 10:40:12 UTC`."""
        return f"{self.day(ms)}, {self.second(ms)}".replace("\u00a0", " ")

    def second(self, ms: int) -> str:
        """`10:40:07 UTC`."""
        return f"{format_time(_moment(ms), 'HH:mm:ss', locale=self._locale)}\u00a0UTC"

    def span(self, seconds: int) -> str:
        """`6 hours`, `7 days`: in the largest unit that it fills."""
        return format_timedelta(timedelta(seconds=seconds), granularity="minute", threshold=1.5, locale=self._locale)

    def ago(self, ms: int, now: int) -> str:
        """`3 minutes ago`, `2 days ago`; what lies ahead by a clock that differs is now."""
        seconds = min(ms - now, 0) // 1000
        return format_timedelta(timedelta(seconds=min(seconds, -1)), add_direction=True, locale=self._locale)

    def duration(self, seconds: float | None) -> str:
        """`0.8 s`, `12 s`, `3 min`, or a dash where nothing was measured."""
        if seconds is None:
            return _EMPTY
        if seconds < 90:
            return f"{format_decimal(round(seconds, 1 if seconds < 10 else 0), locale=self._locale)}\u00a0s"
        return f"{format_decimal(round(seconds / 60), locale=self._locale)}\u00a0min"


@cache
def language(code: str) -> Language:
    """The language of this code; the default where we do not speak it."""
    return Language(code if code in LANGUAGES else DEFAULT)


# A page has the same few prices and days many times over, and what formats them is slow.
@lru_cache(maxsize=8_192)
def _money(minor: int, currency: str, code: str) -> str:
    amount = Decimal(minor).scaleb(-minor_digits(currency))
    written = format_currency(amount, currency, locale=code)
    return _LETTER_THEN_DIGIT.sub("\\1\u00a0", written.replace(" ", "\u00a0"))


@lru_cache(maxsize=8_192)
def _day(number: int, width: Literal["long", "medium"], locale: Locale) -> str:
    """A day by its number since 1970."""
    return format_date(_moment(number * DAY), width, locale=locale)


def _clock(ms: int) -> str:
    return f"{_moment(ms):%H:%M}"


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
