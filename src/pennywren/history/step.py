"""A price holds until it changes: exact arithmetic over step functions, in O(changes + buckets).

Averages weigh time and count only time in which the offer was there and somebody looked. They are integrated
in integers (minor units x ms) and divided once. The last look is an instant: it weighs nothing, but its price
counts as a low or a high, and stands for the average where nothing else is known.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from pennywren.model.series import State, Steps

_NEVER = 1 << 62


class Span(NamedTuple):
    """A stretch [start, end) ms in which nothing changed. `price` is in minor units, None unless OFFERED."""

    start: int
    end: int
    state: State
    price: int | None


class Measure(NamedTuple):
    """What is known of the prices in [start, end) ms; there is none where nothing is known. Minor units."""

    start: int
    end: int
    time: int
    """Milliseconds in which the offer was there and observed; 0 where only the last look is known."""
    area: int
    """The price, integrated over that time: minor units x ms."""
    low: int
    low_at: int
    """When it was first that low in here (ms)."""
    high: int
    high_at: int

    @property
    def mean(self) -> float:
        """The time-weighted average."""
        return self.area / self.time if self.time else float(self.low)

    @property
    def average(self) -> int:
        """The time-weighted average, rounded half up to a minor unit."""
        return (2 * self.area + self.time) // (2 * self.time) if self.time else self.low


def value_at(steps: Steps, at: int) -> tuple[State, int | None]:
    """What is known at one moment: the state, and the price where it is OFFERED."""
    if at > steps.last_seen:
        return State.NOT_OBSERVED, None
    price = bisect_right(steps.prices, at, key=_time)
    state = bisect_right(steps.states, at, key=_time)
    return _known(
        steps.states[state - 1][1] if state else None,
        steps.prices[price - 1][1] if price else None,
    )


def spans(steps: Steps, start: int, end: int) -> list[Span]:
    """[start, end) in stretches without a change, in order and without a hole; neighbours differ."""
    found: list[Span] = []
    at = start
    for piece in _pieces(steps):
        if piece.start >= end:
            break
        until = min(piece.end, end)
        if until <= at:
            continue
        if piece.start > at:
            _append(found, Span(at, piece.start, State.NOT_OBSERVED, None))
            at = piece.start
        _append(found, Span(at, until, piece.state, piece.price))
        at = until
    if at < end:
        _append(found, Span(at, end, State.NOT_OBSERVED, None))
    return found


def points(steps: Steps, start: int, end: int) -> list[tuple[int, int]]:
    """The moments (ms) in [start, end) from which on another price could be paid, and the price.

    A return of the offer, and the first look after a silence, are such moments. What was in force at `start`
    comes first, stamped with `start`.
    """
    found: list[tuple[int, int]] = []
    held_until, held = None, None
    for piece in _pieces(steps):
        if piece.start >= end:
            break
        if piece.price is None or (piece.end <= start and piece.start < start):
            continue
        if (piece.start, piece.price) != (held_until, held):
            found.append((max(piece.start, start), piece.price))
        held_until, held = piece.end, piece.price
    return found


def measure(steps: Steps, start: int, end: int) -> Measure | None:
    """What is known of the prices in [start, end); None where nothing is."""
    return measure_all(steps, [start, end])[0]


def measure_all(steps: Steps, edges: Sequence[int]) -> list[Measure | None]:
    """The same for each bucket between two neighbouring edges (ms, rising)."""
    tallies: list[_Tally | Measure | None] = [None] * max(len(edges) - 1, 0)
    bucket = 0
    for piece in _pieces(steps):
        if piece.price is None:
            continue
        while bucket < len(tallies) and edges[bucket + 1] <= piece.start:
            bucket += 1
        while bucket < len(tallies) and _touches(piece, edges[bucket]):
            start, end = edges[bucket], edges[bucket + 1]
            if piece.start <= start and piece.end >= end:
                # Nothing else can be in it, and most buckets are such ones.
                time, price = end - start, piece.price
                tallies[bucket] = Measure(start, end, time, time * price, price, start, price, start)
            else:
                tally = tallies[bucket]
                if not isinstance(tally, _Tally):
                    tally = tallies[bucket] = _Tally(piece.price, max(piece.start, start))
                tally.add(piece, start, end)
            if piece.end <= end:
                break
            bucket += 1
    return [
        tally.finish(edges[i], edges[i + 1]) if isinstance(tally, _Tally) else tally for i, tally in enumerate(tallies)
    ]


def combine(measures: Iterable[Measure | None]) -> Measure | None:
    """One measure over several that follow each other in time; None where all are."""
    known = [each for each in measures if each is not None]
    if not known:
        return None
    # The first of several that are as low, or as high.
    low, high = min(known, key=_low), max(known, key=_high)
    return Measure(
        start=known[0].start,
        end=known[-1].end,
        time=sum(each.time for each in known),
        area=sum(each.area for each in known),
        low=low.low,
        low_at=low.low_at,
        high=high.high,
        high_at=high.high_at,
    )


class _Tally:
    """A measure in the making."""

    __slots__ = ("area", "high", "high_at", "low", "low_at", "time")

    def __init__(self, price: int, at: int) -> None:
        self.time = self.area = 0
        self.low = self.high = price
        self.low_at = self.high_at = at

    def add(self, piece: Span, start: int, end: int) -> None:
        assert piece.price is not None
        begin = max(piece.start, start)
        length = min(piece.end, end) - begin
        self.time += length
        self.area += length * piece.price
        if piece.price < self.low:
            self.low, self.low_at = piece.price, begin
        if piece.price > self.high:
            self.high, self.high_at = piece.price, begin

    def finish(self, start: int, end: int) -> Measure:
        return Measure(start, end, self.time, self.area, self.low, self.low_at, self.high, self.high_at)


def _pieces(steps: Steps) -> Iterator[Span]:
    """Everything that is known, in order, up to the last look; that look itself last, as a span without length."""
    price: int | None = None
    state: State | None = None
    began: int | None = None
    next_price = next_state = 0
    while True:
        price_at = steps.prices[next_price][0] if next_price < len(steps.prices) else _NEVER
        state_at = steps.states[next_state][0] if next_state < len(steps.states) else _NEVER
        moment = min(price_at, state_at)
        if moment > steps.last_seen or moment == _NEVER:
            break
        if began is not None:
            yield Span(began, moment, *_known(state, price))
        if price_at == moment:
            price = steps.prices[next_price][1]
            next_price += 1
        if state_at == moment:
            state = steps.states[next_state][1]
            next_state += 1
        began = moment
    if began is not None:
        if began < steps.last_seen:
            yield Span(began, steps.last_seen, *_known(state, price))
        yield Span(steps.last_seen, steps.last_seen, *_known(state, price))


def _known(state: State | None, price: int | None) -> tuple[State, int | None]:
    """Before its first state an offer is OFFERED from its first price on; without a price nothing is known."""
    if state is State.NO_OFFER:
        return State.NO_OFFER, None
    if state is State.NOT_OBSERVED or price is None:
        return State.NOT_OBSERVED, None
    return State.OFFERED, price


def _touches(piece: Span, start: int) -> bool:
    """Whether a piece that does not lie wholly behind the bucket's end reaches into the bucket from `start` on."""
    return piece.end > start or piece.start == start


def _append(found: list[Span], span: Span) -> None:
    if found and found[-1].state is span.state and found[-1].price == span.price:
        span = found.pop()._replace(end=span.end)
    found.append(span)


def _time(point: tuple[int, object]) -> int:
    return point[0]


_low, _high = attrgetter("low"), attrgetter("high")
