"""Round numbers along a chart's axes."""

from datetime import UTC, datetime
from typing import Final

from pennywren.history import calendar
from pennywren.history.calendar import Interval
from pennywren.language.speaking import Language
from pennywren.model.clock import DAY, HOUR

_MONTH: Final = 30 * DAY


def price_ticks(low: int, high: int, most: int = 5) -> list[int]:
    """At most `most` round prices (minor units), apart by 1, 2 or 5 times a power of ten, that reach over both."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            first, last = low // (step * factor), -(-high // (step * factor))
            if last - first < most:
                return [tick * step * factor for tick in range(first, max(last, first + 1) + 1)]
        step *= 10


def time_ticks(start: int, end: int, words: Language, most: int = 6) -> list[tuple[int, str]]:
    """At most `most` moments (ms) in [start, end) at which an hour, day, month or year begins, each with its label
    in a language."""
    span = end - start
    if span <= 2 * DAY:
        moments = calendar.edges(Interval.HOUR, start, end)
        every = next((hours for hours in (1, 3, 6, 12) if span / (hours * HOUR) < most), 24)
        return [(at, _hour(at)) for at in moments if start <= at < end and at // HOUR % every == 0]
    if span <= 3 * _MONTH:
        moments = [at for at in calendar.edges(Interval.DAY, start, end) if start <= at < end]
        return [(at, words.day_of_year(at)) for at in _thinned(moments, most)]
    moments = [at for at in calendar.edges(Interval.MONTH, start, end) if start <= at < end]
    years = [at for at in moments if datetime.fromtimestamp(at // 1000, UTC).month == 1]
    if len(years) >= 3:
        return [(at, str(datetime.fromtimestamp(at // 1000, UTC).year)) for at in _thinned(years, most)]
    return [(at, words.month(at)) for at in _thinned(moments, most)]


def _thinned(moments: list[int], most: int) -> list[int]:
    return moments[:: -(-len(moments) // most)] if moments else []


def _hour(at: int) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%H:%M")
