"""The answer of `GET /products/{productID}/history`, as JSON. Money is in minor units, time is RFC 3339 in UTC."""

from dataclasses import replace
from itertools import pairwise
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from pennywren.history.calendar import Interval
from pennywren.history.reading import Reading
from pennywren.model.clock import rfc3339
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID


class HistoryPoint(msgspec.Struct, frozen=True, rename="camel"):
    """One bucket, or with interval `raw` one change."""

    timestamp: str
    """When the bucket begins, or the price did."""
    price: int
    """Minor units: the bucket's time-weighted average, rounded half up; with `raw` the price itself."""
    low: int | UnsetType = UNSET
    """The lowest price of the bucket; not with `raw`."""
    high: int | UnsetType = UNSET
    """The highest price of the bucket; not with `raw`."""


class Extreme(msgspec.Struct, frozen=True, rename="camel"):
    """The lowest or the highest price of the range, and when it was there first."""

    price: int
    timestamp: str


class TimeSpan(msgspec.Struct, frozen=True, rename="camel"):
    """From startTime up to, but not including, endTime."""

    start_time: str
    end_time: str


class History(msgspec.Struct, frozen=True, rename="camel"):
    """How one offer's price went over a range of time."""

    product_id: str = msgspec.field(name="productID")
    offer: Offer
    currency: str
    """ISO 4217; all prices are in its minor units."""
    interval: Interval
    """The one that was used."""
    start_time: str
    """The range that was answered: what was asked, out to the edges of its buckets."""
    end_time: str
    history: list[HistoryPoint]
    """Oldest first. Where there was no offer, or nobody looked, there is no point."""
    low: Extreme | None
    high: Extreme | None
    average: int | None
    """Over the range, weighted by time, counting only time in which the offer was there and observed."""
    last_seen: str | None
    """When the price was last confirmed: it is not carried any further."""
    no_offer: list[TimeSpan]
    not_observed: list[TimeSpan]
    unverified: list[TimeSpan] = []
    """With `raw`: where the price rests on what browsers reported, and no crawl of ours has seen it (yet)."""
    stale: bool | msgspec.UnsetType = msgspec.UNSET
    """True where a replica answered because its primary is away: the latest prices may be missing."""


class PointColumns(msgspec.Struct, frozen=True, rename="camel"):
    """The points of a history, a list for each of their fields."""

    elapsed: list[int]
    """Milliseconds from the point before to each one; to the first from startTime."""
    price: list[int]
    low: list[int] | UnsetType = UNSET
    high: list[int] | UnsetType = UNSET


class SpanColumns(msgspec.Struct, frozen=True, rename="camel"):
    """Spans of time, likewise."""

    elapsed: list[int]
    """Milliseconds from the begin of the span before to that of each one; to the first from startTime."""
    lasts: list[int]
    """How long each is, in milliseconds."""


class HistoryColumns(msgspec.Struct, frozen=True, rename="camel"):
    """The same as a History, with `layout=columns`: smaller, and quicker to read for who draws it."""

    product_id: str = msgspec.field(name="productID")
    offer: Offer
    currency: str
    interval: Interval
    start_time: str
    end_time: str
    columns: PointColumns
    low: Extreme | None
    high: Extreme | None
    average: int | None
    last_seen: str | None
    no_offer: SpanColumns
    not_observed: SpanColumns
    unverified: SpanColumns
    stale: bool | msgspec.UnsetType = msgspec.UNSET


_ENCODER: Final = msgspec.json.Encoder()


def history_answer(
    product: ProductID, offer: Offer, currency: str, reading: Reading, *, stale: bool = False
) -> History:
    """Put a reading into the words of the API; `stale` where a replica was read."""
    whole = reading.whole
    return History(
        product_id=str(product),
        offer=offer,
        currency=currency,
        interval=reading.range.interval,
        start_time=rfc3339(reading.range.start),
        end_time=rfc3339(reading.range.end),
        history=[HistoryPoint(rfc3339(at), price) for at, price in reading.points]
        + [HistoryPoint(rfc3339(each.start), each.average, each.low, each.high) for each in reading.buckets],
        low=whole and Extreme(whole.low, rfc3339(whole.low_at)),
        high=whole and Extreme(whole.high, rfc3339(whole.high_at)),
        average=whole and whole.average,
        last_seen=None if reading.last_seen is None else rfc3339(reading.last_seen),
        no_offer=_time_spans(reading.no_offer),
        not_observed=_time_spans(reading.not_observed),
        unverified=_time_spans(reading.unverified),
        stale=stale or msgspec.UNSET,
    )


def columns_answer(
    product: ProductID, offer: Offer, currency: str, reading: Reading, *, stale: bool = False
) -> HistoryColumns:
    """The same in columns."""
    rows = history_answer(product, offer, currency, replace(reading, points=[], buckets=[]), stale=stale)
    start, buckets = reading.range.start, reading.buckets
    times = [at for at, _ in reading.points] + [each.start for each in buckets]
    prices = [price for _, price in reading.points] + [each.average for each in buckets]
    return HistoryColumns(
        product_id=rows.product_id,
        offer=offer,
        currency=currency,
        interval=rows.interval,
        start_time=rows.start_time,
        end_time=rows.end_time,
        columns=PointColumns(
            _elapsed(start, times),
            prices,
            [each.low for each in buckets] if buckets else UNSET,
            [each.high for each in buckets] if buckets else UNSET,
        ),
        low=rows.low,
        high=rows.high,
        average=rows.average,
        last_seen=rows.last_seen,
        no_offer=_span_columns(start, reading.no_offer),
        not_observed=_span_columns(start, reading.not_observed),
        unverified=_span_columns(start, reading.unverified),
        stale=rows.stale,
    )


def encode(history: History | HistoryColumns) -> bytes:
    """The answer's JSON."""
    return _ENCODER.encode(history)


def _elapsed(start: int, times: list[int]) -> list[int]:
    return [at - before for before, at in pairwise([start, *times])]


def _span_columns(start: int, spans: list[tuple[int, int]]) -> SpanColumns:
    return SpanColumns(_elapsed(start, [begin for begin, _ in spans]), [end - begin for begin, end in spans])


def _time_spans(spans: list[tuple[int, int]]) -> list[TimeSpan]:
    return [TimeSpan(rfc3339(start), rfc3339(end)) for start, end in spans]
