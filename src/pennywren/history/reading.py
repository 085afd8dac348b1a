"""Reading a history: from the coarsest series that answers exactly, in at most three round trips."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pennywren.errors import BadQuery
from pennywren.history import calendar
from pennywren.history.calendar import Interval
from pennywren.history.plan import plan, runs
from pennywren.history.question import MAX_BUCKETS, Question, Range, resolve
from pennywren.history.step import Measure, combine, measure, measure_all, points, spans
from pennywren.keyspace import Unit
from pennywren.model.clock import Clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.provenance import Ground, Proofs
from pennywren.model.series import Bucket, OfferState, State, Steps
from pennywren.settings import Settings
from pennywren.store.proofs import proofs_of
from pennywren.store.state import ProductState
from pennywren.store.store import Store

RAW_CHANGES: Final = 500
"""Up to so many changes a product's series is read whole: that costs no more than its compactions do."""

MAX_RUNS: Final = 16
"""Stretches of changes that are read side by side: more of them cost more than the changes between them."""

_HEARSAY: Final = frozenset({Ground.CORROBORATED, Ground.NEAR})
_UNITS: Final[dict[Interval, Unit]] = {Interval.DAY: "day", Interval.WEEK: "week"}


@dataclass(frozen=True, slots=True)
class Reading:
    """A history over a range, exact. Times are ms UTC, prices minor units."""

    range: Range
    points: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """For raw: from when on which price could be paid."""
    buckets: list[Measure] = field(default_factory=list[Measure])
    """For all other intervals: the buckets of which something is known."""
    whole: Measure | None = None
    """The range as one bucket; None where nothing is known of it."""
    no_offer: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    not_observed: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    unverified: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """For raw: which of the points no crawl has seen (yet)."""
    last_seen: int | None = None


class HistoryReader:
    """Answers questions about histories, exactly, whatever mix of compactions and changes answers them.

    Days and weeks of a charted product come from its compactions. Buckets in which the offer came, went or was
    not observed, buckets without a change, the first and the open one are computed from the changes, and so
    are hours and months (a sum of compacted days would round each of them) and whatever is asked of a product
    of tier raw.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Clock,
        *,
        raw_changes: int = RAW_CHANGES,
        max_runs: int = MAX_RUNS,
    ) -> None:
        self.store = store
        self.clock = clock
        self._gap_after = settings.gap_after * 1000
        self._raw_changes = raw_changes
        self._max_runs = max_runs

    async def read(self, state: ProductState, question: Question) -> Reading:
        """The answer for a product whose `state` was just read.

        Raises:
            BadQuery: more buckets or changes than one answer holds; says what to ask instead.
            Unavailable: Redis does not answer.
        """
        offer = state.offers.get(question.offer)
        asked = resolve(question, None if offer is None else _first_look(offer))
        if offer is None:
            return Reading(asked, not_observed=self._not_observed(Steps(), asked))
        edges = _edges_with_something(asked, offer)
        unit = _UNITS.get(asked.interval)
        if unit and len(edges) > 1 and state.tier == "charted" and state.changes > self._raw_changes:
            reading = await self._from_compactions(state.product, question.offer, offer, unit, asked, edges)
            if reading is not None:
                return reading
        steps = await self.store.steps(state.product, question.offer, asked.start, asked.end)
        if asked.interval is Interval.RAW:
            found = self._reading(
                asked, steps, points=_points(steps, asked), whole=measure(steps, asked.start, asked.end)
            )
            proofs = await proofs_of(self.store.client, state.product)
            return replace(found, unverified=unverified(found, question.offer, steps, proofs))
        buckets = [each for each in measure_all(steps, edges) if each is not None]
        return self._reading(asked, steps, buckets=buckets, whole=combine(buckets))

    async def _from_compactions(
        self, product: ProductID, which: Offer, offer: OfferState, unit: Unit, asked: Range, edges: Sequence[int]
    ) -> Reading | None:
        """Compactions where they are exact, changes elsewhere; None for a product without compactions."""
        kept, outline = await asyncio.gather(
            self.store.buckets(product, which, unit, edges[0], edges[-1]),
            self.store.states(product, which, asked.start, asked.end),
        )
        if kept is None:
            return None
        if offer.first is not None:
            outline = Steps([(offer.first, offer.low or 1)], outline.states, outline.last_seen)
        index = {edge: i for i, edge in enumerate(edges[:-1])}
        found = {index[bucket.start]: bucket for bucket in kept}
        shared = plan(outline, edges, found)
        measures = {i: _of_compaction(found[i], edges[i + 1]) for i in shared.compacted}
        # A compaction does not say when in its bucket a price came: look into the two that the extremes can be in.
        extremes = [
            *sorted(measures, key=lambda i: (measures[i].low, i))[:1],
            *sorted(measures, key=lambda i: (-measures[i].high, i))[:1],
        ]
        stretches = runs(sorted({*shared.exact, *extremes}), self._max_runs)
        parts = await asyncio.gather(
            *(self.store.steps(product, which, edges[first], edges[last + 1]) for first, last in stretches)
        )
        for (first, last), steps in zip(stretches, parts, strict=True):
            told = enumerate(measure_all(steps, edges[first : last + 2]), first)
            measures |= {i: measured for i, measured in told if measured is not None}
        buckets = [measures[i] for i in sorted(measures)]
        return self._reading(asked, outline, buckets=buckets, whole=combine(buckets))

    def _reading(
        self,
        asked: Range,
        outline: Steps,
        *,
        points: list[tuple[int, int]] | None = None,
        buckets: list[Measure] | None = None,
        whole: Measure | None,
    ) -> Reading:
        return Reading(
            range=asked,
            points=points or [],
            buckets=buckets or [],
            whole=whole,
            no_offer=[(s.start, s.end) for s in spans(outline, asked.start, asked.end) if s.state is State.NO_OFFER],
            not_observed=self._not_observed(outline, asked),
            last_seen=outline.last_seen or None,
        )

    def _not_observed(self, outline: Steps, asked: Range) -> list[tuple[int, int]]:
        """Where nobody looked. At the ends of the range a silence counts only if it is a long one."""
        end = min(asked.end, max(self.clock(), asked.start))
        found: list[tuple[int, int]] = []
        for span in spans(outline, asked.start, end):
            at_an_end = span.start == asked.start or span.end == end
            long = not at_an_end or span.end - span.start > self._gap_after
            if span.state is State.NOT_OBSERVED and long:
                found.append((span.start, span.end))
        return found


def unverified(reading: Reading, offer: Offer, steps: Steps, proofs: Proofs) -> list[tuple[int, int]]:
    """The spans of a raw reading, made of `steps`, whose price browsers reported and no crawl has seen (yet)."""
    if not proofs.samples or reading.last_seen is None:
        return []
    others = [start for start, _ in (*reading.no_offer, *reading.not_observed)]
    turns = sorted([at for at, _ in reading.points] + others)
    # The price in force at the begin of a range is shown from there on, and was seen before.
    seen_at = {max(at, reading.range.start): at for at, _ in steps.prices}
    found: list[tuple[int, int]] = []
    for at, _ in reading.points:
        known = proofs.samples.get((offer, seen_at.get(at, at)))
        if known is not None and known.ground in _HEARSAY and known.crawled_at is None:
            end = next((turn for turn in turns if turn > at), reading.last_seen)
            found.append((at, max(end, at)))
    return found


def hearsay(steps: Steps, offer: Offer, proofs: Proofs) -> list[tuple[int, int]]:
    """The spans (ms) of `steps` whose price browsers reported and no crawl has seen (yet), up to the last look."""
    turns = sorted(at for points in (steps.prices, steps.states) for at, _ in points)
    found: list[tuple[int, int]] = []
    for at, _ in steps.prices:
        known = proofs.samples.get((offer, at))
        if known is not None and known.ground in _HEARSAY and known.crawled_at is None:
            found.append((at, next((turn for turn in turns if turn > at), max(steps.last_seen, at))))
    return found


def _first_look(offer: OfferState) -> int:
    """When an offer's history begins: with its first price, or with the look that found none."""
    return offer.since if offer.first is None else offer.first


def _edges_with_something(asked: Range, offer: OfferState) -> list[int]:
    """The edges of the buckets that can hold something: those from the first price to the last look."""
    if offer.first is None:
        return []
    start, end = max(asked.start, offer.first), min(asked.end, offer.last_seen + 1)
    return calendar.edges(asked.interval, start, end) if start < end else []


def _of_compaction(bucket: Bucket, end: int) -> Measure:
    """A bucket through which the offer was there and observed."""
    time = end - bucket.start
    return Measure(
        bucket.start, end, time, round(bucket.avg * time), bucket.min, bucket.start, bucket.max, bucket.start
    )


def _points(steps: Steps, asked: Range) -> list[tuple[int, int]]:
    found = points(steps, asked.start, asked.end)
    if len(found) > MAX_BUCKETS:
        raise BadQuery(
            f"{len(found)} changes are more than the {MAX_BUCKETS} of one answer: "
            "ask for interval=hour or day, or for a shorter range"
        )
    return found
