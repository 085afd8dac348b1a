"""Every family of metrics there is: one list, from which `GET /metrics` is rendered.

Counters and histograms are declared beside the code that counts and named in COUNTED. Gauges are worked out when
somebody asks, by the collectors in COLLECTORS. `docs/operations.md` has a row for each family, and a test for that.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg
from redis.exceptions import RedisError

from pennywren.errors import Unavailable
from pennywren.model.clock import Clock
from pennywren.pipeline import (
    alert_times,
    archiving,
    concluding,
    crawling,
    delivering,
    discovering,
    doubting,
    drifting,
    gauges,
    report_following,
    stage_times,
    teaching,
)
from pennywren.postgres.pool import Pool
from pennywren.record import recording
from pennywren.settings import Settings
from pennywren.store import counters
from pennywren.store.connect import Client
from pennywren.store.counters import Counter, Distribution, Family, Gauge, Histogram, Sample
from pennywren.workqueue import WorkQueue

COUNTED: Final[tuple[Counter | Histogram, ...]] = (
    crawling.CRAWLS,
    drifting.PAGES,
    discovering.DISCOVERED,
    concluding.DOUBTED,
    doubting.DOUBTS,
    recording.OBSERVATIONS,
    delivering.DELIVERIES,
    report_following.REPORTS,
    report_following.PUT_OFF,
    teaching.LESSONS,
    alert_times.TIME_TO_ALERT,
    stage_times.STAGE_TIME,
    archiving.ARCHIVED,
)  # fmt: skip
"""Add a family of yours here, in the order of the pipeline."""

PART_UP: Final = Gauge("pennywren_part_up", "Whether a part answered when it was asked for this page.", ("part",))


@dataclass(frozen=True, slots=True)
class Sources:
    """What collectors may ask."""

    settings: Settings
    client: Client
    pool: Pool
    queue: WorkQueue
    clock: Clock


@dataclass(frozen=True, slots=True)
class Collector:
    """Works out some gauges. Where its part does not answer, they are left out."""

    part: str
    families: tuple[Gauge | Counter, ...]
    collect: Callable[[Sources], Awaitable[Sequence[Sample]]]


COLLECTORS: Final = (
    Collector("redis", gauges.EGRESS, lambda of: gauges.egresses(of.client, of.settings, of.clock())),
    Collector("redis", drifting.GAUGES, lambda of: drifting.gauges(of.client, of.settings.drift_percent, of.clock())),
    Collector("redis", gauges.FRONTIER, lambda of: gauges.frontier(of.client, of.clock())),
    Collector("redis", gauges.CHANGES, lambda of: gauges.changes(of.client, of.clock())),
    Collector("redis", gauges.SERVER, lambda of: gauges.server(of.client)),
    Collector("queue", gauges.QUEUE, lambda of: gauges.queues(of.queue, of.clock())),
    Collector("postgres", gauges.ALERTS, lambda of: gauges.alerts(of.pool)),
    Collector("postgres", gauges.FRESHNESS, lambda of: gauges.freshness(of.pool)),
)
"""Add a collector of yours here."""

FAMILIES: Final[tuple[Family, ...]] = (
    *COUNTED,
    *(family for collector in COLLECTORS for family in collector.families),
    PART_UP,
)

_FAULTS: Final = (Unavailable, RedisError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


async def collect(sources: Sources) -> list[Sample | Distribution]:
    """All values there are now. A part that does not answer takes its own metrics with it, and no others."""
    up = {"redis": True, "queue": True, "postgres": True}
    found: list[Sample | Distribution] = []
    try:
        found += await counters.read(sources.client, COUNTED)
    except _FAULTS:
        up["redis"] = False
    for collector in COLLECTORS:
        if up[collector.part]:
            try:
                found += await collector.collect(sources)
            except _FAULTS:
                up[collector.part] = False
    return found + [Sample(PART_UP, (part,), float(answers)) for part, answers in up.items()]
