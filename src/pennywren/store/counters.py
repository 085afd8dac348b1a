"""What is counted: families of counters and histograms in Redis hashes, so that all processes and forks add up.

A family is declared once, beside the code that counts, and listed in `pipeline/metrics.py`, from where `GET /metrics`
renders it. Counting only queues commands on a pipeline or a round trip that the caller sends anyway. Each family is one
hash (`{metrics}:NAME`); a field is the list of its label values in JSON. Labels must come from small sets: a
marketplace, an outcome, the name of a channel; never a product, a person or a word of a page.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Final

import msgspec
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.store.connect import Client
from pennywren.store.round_trip import RoundTrip

PREFIX: Final = "pennywren_"
_LONGEST_LABEL: Final = 100
_SUM: Final = "sum"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, ...]).decode


@dataclass(frozen=True, slots=True)
class Counter:
    """Something that happens, counted from the beginning of this Redis. The name ends with `_total`."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Histogram:
    """Values, counted by size."""

    name: str
    help: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...]
    """The upper limits, included, in rising order; one without a limit follows by itself."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """Something that is as it is now: worked out when it is asked for, never stored."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


Family = Counter | Histogram | Gauge


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a counter or a gauge."""

    family: Counter | Gauge
    labels: tuple[str, ...]
    value: float


@dataclass(frozen=True, slots=True)
class Distribution:
    """The values of one histogram under one set of labels."""

    family: Histogram
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    """How many fell into each bucket and none below it; the last is what is above all limits."""
    sum: float


def count(pipe: Pipeline | RoundTrip, counter: Counter, *labels: object, by: int = 1) -> None:
    """Queue on `pipe` that it happened `by` times; `labels` in the order of the declaration."""
    key, field = keyspace.metric(counter.name), _field(counter, labels)
    if isinstance(pipe, RoundTrip):
        pipe.command("HINCRBY", key, field, by)
    else:
        pipe.hincrby(key, field, by)


def observe(pipe: Pipeline | RoundTrip, histogram: Histogram, value: float, *labels: object) -> None:
    """Queue on `pipe` that there was one more value."""
    limits = (*histogram.buckets, inf)
    limit = limits[bisect_left(histogram.buckets, value)]
    key = keyspace.metric(histogram.name)
    counted, summed = _field(histogram, labels, _limit(limit)), _field(histogram, labels, _SUM)
    if isinstance(pipe, RoundTrip):
        pipe.command("HINCRBY", key, counted, 1)
        pipe.command("HINCRBYFLOAT", key, summed, value)
    else:
        pipe.hincrby(key, counted, 1)
        pipe.hincrbyfloat(key, summed, value)


async def read(client: Client, families: Sequence[Counter | Histogram]) -> list[Sample | Distribution]:
    """All that was counted, in the order of the families; a counter without labels is 0 before its first time.

    Raises:
        Unavailable: Redis does not answer.
    """
    try:
        async with client.pipeline(transaction=False) as pipe:
            for family in families:
                pipe.hgetall(keyspace.metric(family.name))
            found: list[dict[str, str]] = await pipe.execute()
    except (RedisError, OSError) as error:
        raise Unavailable("the counters are not reachable right now") from error
    counted: list[Sample | Distribution] = []
    for family, fields in zip(families, found, strict=True):
        if isinstance(family, Counter):
            counted += _samples(family, fields)
        else:
            counted += _distributions(family, fields)
    return counted


def _field(family: Counter | Histogram, labels: Sequence[object], *more: str) -> str:
    if len(labels) != len(family.labels):
        raise ValueError(f"{family.name} has the labels {family.labels}: {len(labels)} values were given")
    return _encode([str(label)[:_LONGEST_LABEL] for label in labels] + list(more)).decode()


def _limit(limit: float) -> str:
    return "+Inf" if limit == inf else str(limit)


def _samples(family: Counter, fields: dict[str, str]) -> list[Sample]:
    found = [Sample(family, labels, float(value)) for labels, value in _read_fields(fields, len(family.labels))]
    return found or ([] if family.labels else [Sample(family, (), 0.0)])


def _distributions(family: Histogram, fields: dict[str, str]) -> list[Distribution]:
    counts: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * (len(family.buckets) + 1))
    sums: dict[tuple[str, ...], float] = {}
    for (*labels, what), value in _read_fields(fields, len(family.labels) + 1):
        if what == _SUM:
            sums[tuple(labels)] = float(value)
        else:
            # Buckets may have been other ones when it was counted.
            counts[tuple(labels)][bisect_left(family.buckets, float(what))] += int(value)
    return [Distribution(family, labels, tuple(each), sums.get(labels, 0.0)) for labels, each in sorted(counts.items())]


def _read_fields(fields: dict[str, str], length: int) -> list[tuple[tuple[str, ...], Any]]:
    """Fields with the labels of today's declaration; those of another one are left out."""
    decoded = ((_decode(field), value) for field, value in fields.items())
    return sorted((labels, value) for labels, value in decoded if len(labels) == length)
