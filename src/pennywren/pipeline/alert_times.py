"""How long alerts take: one histogram, counted for `GET /metrics` from the beginning and for the status page by time.

Counted is the time from when a crawl of ours saw the price to when a channel accepted the first message about it, of
alerts that follow a change and were not held as their reader wished. Alerts of one message count each.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf
from typing import Final

from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.model.clock import DAY, HOUR
from pennywren.store import counters
from pennywren.store.connect import Client
from pennywren.store.counters import Histogram

TIME_TO_ALERT: Final = Histogram(
    "pennywren_time_to_alert_seconds",
    "From when a crawl of ours saw a price to when a channel accepted the message about it.",
    ("channel",),
    (0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400),
)
_HOUR_S: Final = 3600.0
_HOURS, _DAYS = 24, 30
_HOURS_KEPT_S: Final = 2 * 86_400
_DAYS_KEPT_S: Final = 32 * 86_400


@dataclass(frozen=True, slots=True)
class Promptness:
    """How long the alerts of a span took, in seconds; quantiles lie between the limits of their bucket."""

    count: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    within_hour: float | None = None
    """The share that took at most an hour."""


async def count(client: Client, channel: str, seconds: Sequence[float], now: int) -> None:
    """Count alerts that `channel` has accepted at `now` (ms UTC), each so many seconds after its price was seen.

    Raises:
        Unavailable: Redis does not answer.
    """
    if not seconds:
        return
    hour, day = keyspace.time_to_alert("hour", now // HOUR), keyspace.time_to_alert("day", now // DAY)
    try:
        async with client.pipeline(transaction=False) as pipe:
            for each in seconds:
                counters.observe(pipe, TIME_TO_ALERT, each, channel)
                field = str(bisect_left(TIME_TO_ALERT.buckets, each))
                pipe.hincrby(hour, field, 1)
                pipe.hincrby(day, field, 1)
            pipe.expire(hour, _HOURS_KEPT_S)
            pipe.expire(day, _DAYS_KEPT_S)
            await pipe.execute()
    except (RedisError, OSError) as error:
        raise Unavailable("the counters are not reachable right now") from error


async def last_day_and_month(client: Client, now: int) -> tuple[Promptness, Promptness]:
    """The alerts of the last 24 hours and of the last 30 days, each with the hour or day that has begun.

    Raises:
        Unavailable: Redis does not answer.
    """
    hours = [keyspace.time_to_alert("hour", now // HOUR - ago) for ago in range(_HOURS + 1)]
    days = [keyspace.time_to_alert("day", now // DAY - ago) for ago in range(_DAYS + 1)]
    try:
        async with client.pipeline(transaction=False) as pipe:
            for key in (*hours, *days):
                pipe.hgetall(key)
            found: list[dict[str, str]] = await pipe.execute()
    except (RedisError, OSError) as error:
        raise Unavailable("the counters are not reachable right now") from error
    return promptness(found[: len(hours)]), promptness(found[len(hours) :])


def promptness(slots: Sequence[dict[str, str]]) -> Promptness:
    """Sum up slots of time: by the number of a bucket, how many fell into it."""
    counts = [0] * (len(TIME_TO_ALERT.buckets) + 1)
    for slot in slots:
        for field, number in slot.items():
            counts[min(int(field), len(counts) - 1)] += int(number)
    total = sum(counts)
    if not total:
        return Promptness(0)
    within = sum(counts[: bisect_left(TIME_TO_ALERT.buckets, _HOUR_S) + 1])
    p50, p95, p99 = (_quantile(counts, share) for share in (0.5, 0.95, 0.99))
    return Promptness(total, p50, p95, p99, within / total)


def _quantile(counts: Sequence[int], share: float) -> float:
    """As Prometheus' histogram_quantile: linear inside a bucket; what is above all limits counts as the last limit."""
    limits = (*TIME_TO_ALERT.buckets, inf)
    rank = share * sum(counts)
    reached = list(accumulate(counts))
    i = bisect_left(reached, rank)
    low = limits[i - 1] if i else 0.0
    if limits[i] == inf:
        return low
    return low + (limits[i] - low) * (rank - (reached[i] - counts[i])) / counts[i]
