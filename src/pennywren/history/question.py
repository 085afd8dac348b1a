"""What is asked of a history, in one canonical form, so that an answer is made and cached once for all who ask it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from pennywren.errors import BadQuery
from pennywren.history import calendar
from pennywren.history.calendar import Interval
from pennywren.model.clock import rfc3339
from pennywren.model.offer import Offer

MAX_BUCKETS: Final = 20_000
LAYOUTS: Final = ("rows", "columns")
ASKED: Final = frozenset({"startTime", "endTime", "interval", "offer", "layout"})
"""The names of what a question is read from."""

_LAST_SECOND: Final = 253_402_300_799
_SECONDS: Final = re.compile(r"[0-9]{1,12}\Z")
_MILLISECONDS: Final = re.compile(r"[0-9]{13,}\Z")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)


class Question(msgspec.Struct, frozen=True, cache_hash=True):
    """One question in canonical form. Times are ms UTC."""

    offer: Offer
    interval: Interval | None
    """None: chosen by how long the history is."""
    start: int | None
    """None: from the first look on."""
    end: int
    columns: bool = False
    """Whether points are wanted as a list for each of their fields."""

    @property
    def key(self) -> str:
        """Names this question in a cache; an answer to it is right for as long as the product's version stays."""
        asked = f"{self.offer}/{self.interval or 'auto'}/{'' if self.start is None else self.start}/{self.end}"
        return f"{asked}/columns" if self.columns else asked


@dataclass(frozen=True, slots=True)
class Range:
    """What a question comes to for one product: [start, end) ms in buckets of `interval`, whose edges they are."""

    interval: Interval
    start: int
    end: int


def parse_question(query: Mapping[str, str], now: int) -> Question:
    """Read `startTime`, `endTime`, `interval`, `offer` and `layout`; each may be left out or empty.

    Times are seconds since 1970 or RFC 3339 (a bare date is its midnight UTC). `startTime` is moved down, and
    `endTime` up, to a bucket's edge. Without a startTime (or with 0) the history begins with the first look;
    without an endTime, or with one in the future, it ends with the current day (UTC), which keeps the question
    the same all day long. Without an interval one is chosen by the span (`calendar.interval_for`). Other
    parameters are passed over.

    Raises:
        BadQuery: says what was wrong, and what to ask instead.
    """
    layout = query.get("layout") or LAYOUTS[0]
    if layout not in LAYOUTS:
        raise BadQuery(f"layout={layout[:20]!r} is not known: there are {', '.join(LAYOUTS)}")
    asked = _asked(query, now)
    return asked if layout == LAYOUTS[0] else msgspec.structs.replace(asked, columns=True)


def _asked(query: Mapping[str, str], now: int) -> Question:
    offer = parse_offer(query.get("offer"))
    named = query.get("interval")
    interval = calendar.parse_interval(named) if named else None
    start = parse_time("startTime", query.get("startTime")) or None
    asked_end = parse_time("endTime", query.get("endTime"))
    today = calendar.ceil(Interval.DAY, now + 1)
    end = today if asked_end is None else min(asked_end, today)
    if start is not None and start >= end:
        if asked_end is not None and start >= asked_end:
            raise BadQuery(f"startTime {rfc3339(start)} does not lie before endTime {rfc3339(asked_end)}")
        raise BadQuery(f"startTime {rfc3339(start)} lies in the future")
    if interval is None and start is not None:
        interval = calendar.interval_for(end - start)
    if interval is None:
        return Question(offer, None, None, calendar.ceil(Interval.DAY, end))
    if start is None:
        return Question(offer, interval, None, calendar.ceil(interval, end))
    found = _snap(interval, start, end)
    return Question(offer, interval, found.start, found.end)


def resolve(question: Question, first: int | None) -> Range:
    """Where a question's range begins and ends for an offer that was first looked at at `first` (ms; None: never).

    Raises:
        BadQuery: too many buckets; says which interval to use.
    """
    start = question.start
    if start is None:
        known = question.end if first is None else first
        start = min(known, question.end - 1)
    return _snap(question.interval or calendar.interval_for(question.end - start), start, question.end)


def _snap(interval: Interval, start: int, end: int) -> Range:
    buckets = calendar.count(interval, start, end)
    if buckets > MAX_BUCKETS:
        fitting = next(each for each in (Interval.DAY, Interval.WEEK, Interval.MONTH) if _fits(each, start, end))
        raise BadQuery(
            f"{buckets} {interval}s are more than the {MAX_BUCKETS} of one answer: "
            f"ask for interval={fitting}, or for a shorter range"
        )
    return Range(interval, calendar.floor(interval, start), calendar.ceil(interval, end))


def _fits(interval: Interval, start: int, end: int) -> bool:
    # Nobody asks for more months than there are: a range ends today at the latest.
    return interval is Interval.MONTH or calendar.count(interval, start, end) <= MAX_BUCKETS


def parse_offer(text: str | None) -> Offer:
    """The offer that is asked for; the buy box if none is named.

    Raises:
        BadQuery: there is no such offer.
    """
    if not text:
        return Offer.BUYBOX
    try:
        return Offer(text.strip().lower())
    except ValueError:
        raise BadQuery(f"offer={text[:20]!r} is not known: there are {', '.join(Offer)}") from None


def parse_time(name: str, text: str | None) -> int | None:
    """Seconds since 1970, a date or RFC 3339 as ms UTC; None where nothing is given.

    Raises:
        BadQuery: none of these; the message begins with `name`.
    """
    if text is None or not (typed := text.strip()):
        return None
    if _SECONDS.match(typed) and int(typed) <= _LAST_SECOND:
        return int(typed) * 1000
    if _MILLISECONDS.match(typed):
        raise BadQuery(
            f"{name}={typed[:24]} looks like milliseconds: give seconds, or a time like 2025-11-25T10:40:00Z"
        )
    # A plus in a query that was not escaped arrives as a space.
    if len(typed) > 6 and typed[-6] == " " and typed.count(":") > 1:
        typed = f"{typed[:-6]}+{typed[-5:]}"
    try:
        if _DATE.match(typed):
            moment = datetime.fromisoformat(typed).replace(tzinfo=UTC)
        elif _DATE_TIME.match(typed):
            moment = datetime.fromisoformat(typed.upper())
        else:
            raise ValueError(typed)
        seconds = moment.timestamp()
    except (ValueError, OverflowError):
        raise BadQuery(
            f"{name}={typed[:40]!r} is not a time: give seconds since 1970, a date like 2025-11-25, "
            "or RFC 3339 like 2025-11-25T10:40:00Z"
        ) from None
    if seconds < 0:
        raise BadQuery(f"{name}={typed[:40]!r} lies before 1970: no price is that old")
    return round(seconds * 1000)
