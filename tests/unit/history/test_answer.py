"""Golden answers: the very words of the API."""

import json
from itertools import accumulate
from typing import Any

from pennywren.history.answer import columns_answer, encode, history_answer
from pennywren.history.calendar import Interval
from pennywren.history.question import Range, parse_time
from pennywren.history.reading import Reading
from pennywren.history.step import combine, measure, measure_all, points
from pennywren.model.clock import DAY, rfc3339
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import State, Steps

PRODUCT = ProductID("us", "B08N5WRWNW")
START = 1_764_028_800_000  # 2025-11-25
STEPS = Steps(
    prices=[(START, 1599), (START + DAY + DAY // 4, 1299)],
    states=[(START + 2 * DAY, State.NO_OFFER), (START + 3 * DAY, State.OFFERED)],
    last_seen=START + 3 * DAY + 500,
)


def test_an_answer_in_days() -> None:
    buckets = [each for each in measure_all(STEPS, [START + i * DAY for i in range(6)]) if each is not None]
    reading = Reading(
        Range(Interval.DAY, START, START + 5 * DAY),
        buckets=buckets,
        whole=combine(buckets),
        no_offer=[(START + 2 * DAY, START + 3 * DAY)],
        last_seen=STEPS.last_seen,
    )
    assert json.loads(encode(history_answer(PRODUCT, Offer.BUYBOX, "USD", reading))) == {
        "productID": "us:B08N5WRWNW",
        "offer": "buybox",
        "currency": "USD",
        "interval": "day",
        "startTime": "2025-11-25T00:00:00Z",
        "endTime": "2025-11-30T00:00:00Z",
        "history": [
            {"timestamp": "2025-11-25T00:00:00Z", "price": 1599, "low": 1599, "high": 1599},
            {"timestamp": "2025-11-26T00:00:00Z", "price": 1374, "low": 1299, "high": 1599},
            {"timestamp": "2025-11-28T00:00:00Z", "price": 1299, "low": 1299, "high": 1299},
        ],
        "low": {"price": 1299, "timestamp": "2025-11-26T06:00:00Z"},
        "high": {"price": 1599, "timestamp": "2025-11-25T00:00:00Z"},
        "average": 1486,
        "lastSeen": "2025-11-28T00:00:00.500Z",
        "noOffer": [{"startTime": "2025-11-27T00:00:00Z", "endTime": "2025-11-28T00:00:00Z"}],
        "notObserved": [],
        "unverified": [],
    }


def test_an_answer_in_changes_begins_with_the_price_in_force() -> None:
    start, end = START + DAY, START + 5 * DAY
    reading = Reading(
        Range(Interval.RAW, start, end),
        points=points(STEPS, start, end),
        whole=measure(STEPS, start, end),
        last_seen=STEPS.last_seen,
    )
    answer = json.loads(encode(history_answer(PRODUCT, Offer.NEW, "USD", reading)))
    assert answer["history"] == [
        {"timestamp": "2025-11-26T00:00:00Z", "price": 1599},
        {"timestamp": "2025-11-26T06:00:00Z", "price": 1299},
        {"timestamp": "2025-11-28T00:00:00Z", "price": 1299},
    ]


def test_an_answer_without_anything_known() -> None:
    reading = Reading(Range(Interval.RAW, START, START + DAY))
    answer = json.loads(encode(history_answer(PRODUCT, Offer.USED, "USD", reading)))
    assert answer["history"] == []
    assert [answer[key] for key in ("low", "high", "average", "lastSeen")] == [None] * 4


def _rows(columns: dict[str, Any]) -> dict[str, Any]:
    """An answer in columns as the one in rows, the way `docs/api.md` says it."""
    start = parse_time("startTime", columns["startTime"]) or 0

    def begins(elapsed: list[int]) -> list[int]:
        return list(accumulate(elapsed, initial=start))[1:]

    def spans(of: dict[str, list[int]]) -> list[dict[str, str]]:
        each = zip(begins(of["elapsed"]), of["lasts"], strict=True)
        return [{"startTime": rfc3339(at), "endTime": rfc3339(at + lasts)} for at, lasts in each]

    points = columns.pop("columns")
    times = [rfc3339(at) for at in begins(points.pop("elapsed"))]
    columns["history"] = [
        {"timestamp": at, **{name: values[i] for name, values in points.items()}} for i, at in enumerate(times)
    ]
    return {**columns, **{name: spans(columns[name]) for name in ("noOffer", "notObserved", "unverified")}}


def test_columns_say_the_same_as_rows() -> None:
    start, end = START + DAY, START + 5 * DAY
    buckets = [each for each in measure_all(STEPS, [START + i * DAY for i in range(6)]) if each is not None]
    gaps = [(START + 2 * DAY, START + 3 * DAY), (START + 3 * DAY + 700, START + 4 * DAY)]
    for reading in (
        Reading(Range(Interval.RAW, start, end), points=points(STEPS, start, end), not_observed=gaps, last_seen=end),
        Reading(Range(Interval.DAY, START, end), buckets=buckets, whole=combine(buckets), no_offer=gaps),
        Reading(Range(Interval.RAW, start, end), unverified=gaps[:1]),
    ):
        columns = json.loads(encode(columns_answer(PRODUCT, Offer.BUYBOX, "USD", reading)))
        assert _rows(columns) == json.loads(encode(history_answer(PRODUCT, Offer.BUYBOX, "USD", reading)))
