"""Taking one sample out of a history, as if the looks that showed it had never been. Pure."""

from dataclasses import dataclass
from typing import TypeVar

from pennywren.model.series import State, Steps

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sample:
    """A stretch in which one price was believed. Times are ms UTC."""

    price: int
    """Minor units."""
    at: int
    """When it was seen first."""
    until: int | None
    """When something else was seen; None if it is still believed."""


def sample_at(steps: Steps, at: int) -> Sample | None:
    """The sample in force at `at` (ms); None where there was no offer, or nobody looked."""
    prices = [point for point in steps.prices if point[0] <= at]
    states = [point for point in steps.states if point[0] <= at]
    if at > steps.last_seen or not prices or (states and states[-1][1] is not State.OFFERED):
        return None
    later = [seen for points in (steps.prices, steps.states) for seen, _ in points if seen > at]
    return Sample(prices[-1][1], max(prices[-1][0], states[-1][0] if states else 0), min(later, default=None))


def without(steps: Steps, sample: Sample) -> Steps:
    """The history without a sample: what was believed before it holds until something else was seen.

    Where nothing was believed before, nothing is known; where nothing was seen after it, the history ends before it.
    """
    prices, states = _outside(steps.prices, sample), _outside(steps.states, sample)
    earlier = [point for point in steps.states if point[0] < sample.at]
    known = bool(steps.prices) and steps.prices[0][0] < sample.at
    before = earlier[-1][1] if earlier else State.OFFERED if known else None
    if sample.until is None:
        while states and states[-1][1] is State.NOT_OBSERVED:
            ended = states.pop()[0]
            return Steps(prices, states, ended - 1)
        return Steps(prices, states, sample.at - 1 if prices or states else 0)
    until = sample.until
    if before not in (None, State.OFFERED) and not any(at == until for at, _ in states):
        states.append((until, State.OFFERED))  # a state that moved had ended the absence before it
    seen_again = next((at for at, state in sorted(states) if at >= until and state is State.OFFERED), None)
    next_price = next((at for at, _ in steps.prices if at >= until), None)
    if seen_again is not None and (next_price is None or seen_again < next_price):
        prices.append((seen_again, sample.price))  # the same price, when it came back: that was another look
    return Steps(_changes(sorted(prices)), _states(sorted(states), prices), steps.last_seen)


def _outside(points: list[tuple[int, T]], sample: Sample) -> list[tuple[int, T]]:
    return [
        point for point in points if point[0] < sample.at or (sample.until is not None and point[0] >= sample.until)
    ]


def _changes(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [point for i, point in enumerate(points) if i == 0 or points[i - 1][1] != point[1]]


def _states(points: list[tuple[int, State]], prices: list[tuple[int, int]]) -> list[tuple[int, State]]:
    """Without states that change nothing: the same again, or OFFERED where the first price says so already."""
    kept: list[tuple[int, State]] = []
    for at, state in points:
        if kept:
            is_news = kept[-1][1] is not state
        elif state is State.OFFERED:
            is_news = False
        else:
            is_news = state is State.NO_OFFER or any(seen < at for seen, _ in prices)
        if is_news:
            kept.append((at, state))
    return kept
