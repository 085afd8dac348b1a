"""How long alerts take: one histogram, counted for `GET /metrics` from the beginning and for the status page by time.

Counted is the time from when a crawl of ours saw the price to when a channel accepted the first message about it, of
alerts that follow a change and were not held as their reader wished. Alerts of one message count each. Beside the
histogram stand those that could not be delivered: they took for ever.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
_FAILED: Final = len(TIME_TO_ALERT.buckets) + 1
"""Stands for a bucket behind the last one: what was not delivered."""
_HOUR_S: Final = 3600.0
_HOURS, _DAYS = 24, 30
_HOURS_KEPT_S: Final = 2 * 86_400
_DAYS_KEPT_S: Final = 32 * 86_400


@dataclass(frozen=True, slots=True)
class Promptness:
    """How long the alerts of a span took that were delivered, in seconds; quantiles lie between the limits of their
    bucket."""

    count: int
    """How many were delivered."""
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    in_time: int = 0
    """How many took at most an hour."""
    missed: int = 0
    """How many could not be delivered, or have waited for more than an hour."""

    @property
    def within_hour(self) -> float | None:
        """The share of all that were due that was delivered within the hour."""
        due = self.count + self.missed
        return self.in_time / due if due else None

    def and_waiting(self, waiting: int) -> "Promptness":
        """The same with so many more that have waited for more than an hour."""
        return replace(self, missed=self.missed + waiting)


async def count(client: Client, channel: str, seconds: Sequence[float], now: int) -> None:
    """Count alerts that `channel` has accepted at `now` (ms UTC), each so many seconds after its price was seen.

    Raises:
        Unavailable: Redis does not answer.
    """
    if not seconds:
        return
    try:
        async with client.pipeline(transaction=False) as pipe:
            for each in seconds:
                counters.observe(pipe, TIME_TO_ALERT, each, channel)
            for key, kept in _slots(now):
                for each in seconds:
                    pipe.hincrby(key, str(bisect_left(TIME_TO_ALERT.buckets, each)), 1)
                pipe.expire(key, kept)
            await pipe.execute()
    except (RedisError, OSError) as error:
        raise Unavailable("the counters are not reachable right now") from error


async def count_failed(client: Client, failed: int, now: int) -> None:
    """Count alerts that it is certain at `now` (ms UTC) nobody will be sent.

    Raises:
        Unavailable: Redis does not answer.
    """
    if not failed:
        return
    try:
        async with client.pipeline(transaction=False) as pipe:
            for key, kept in _slots(now):
                pipe.hincrby(key, str(_FAILED), failed)
                pipe.expire(key, kept)
            await pipe.execute()
    except (RedisError, OSError) as error:
        raise Unavailable("the counters are not reachable right now") from error


def _slots(now: int) -> tuple[tuple[str, int], ...]:
    """The keys of this hour and day, and how long (s) each is kept."""
    hour, day = keyspace.time_to_alert("hour", now // HOUR), keyspace.time_to_alert("day", now // DAY)
    return (hour, _HOURS_KEPT_S), (day, _DAYS_KEPT_S)


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
    counts = [0] * (_FAILED + 1)
    for slot in slots:
        for field, number in slot.items():
            counts[min(int(field), _FAILED)] += int(number)
    missed = counts.pop()
    total = sum(counts)
    if not total:
        return Promptness(0, missed=missed)
    within = sum(counts[: bisect_left(TIME_TO_ALERT.buckets, _HOUR_S) + 1])
    p50, p95, p99 = (_quantile(counts, share) for share in (0.5, 0.95, 0.99))
    return Promptness(total, p50, p95, p99, within, missed)


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
