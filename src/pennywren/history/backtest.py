"""How often a target was met in the past, when last, and how long one who waits for it may have to wait.

How often and when are facts about the price itself. The wait is about the fall that the target asks for: from every day
of the past, how long was it until the price had fallen by the same share? Counted so, a price that has moved to another
level is still foreseen (the level itself foresaw a falling price badly: on the histories that the tests use it gave
0.13 where 0.53 came true). A wait that the history ends before it is over counts for as long as it is known: the
product-limit estimator (Kaplan and Meier, 1958, J. Am. Stat. Assoc. 53, 457-481). With little history the chance is
drawn towards one in ten, as one more month of it would.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pennywren.history.step import Span, spans, value_at
from pennywren.model.clock import DAY
from pennywren.model.series import State, Steps

ENOUGH_DAYS: Final = 30
"""Days in which somebody looked, under which nothing is foretold."""

HORIZON: Final = 30 * DAY
"""The chance is that of being met within so long."""

_PRIOR: Final = 0.1
"""The chance before anything is known, which weighs as one HORIZON of history."""

Wait = tuple[int, bool]
"""How long somebody waited (ms), and whether the wait ended with the target."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """What the past says of a target. Times are ms UTC."""

    since: int
    known_days: int
    """Whole days in which somebody looked."""
    times_met: int
    """How often it came to be met."""
    last_met: int | None
    """The last moment at which it was met; None if it never was."""
    met_now: bool
    offered: bool = True
    """Whether there is an offer now. The fall that a target asks for is one from the price of now: without an offer
    nothing is foretold, since when one comes back is another question."""
    share_of_time: float | None = None
    """For how much of the observed time it was met. This and what follows is None where there is too little history."""
    typical_wait_days: float | None = None
    """None as well where half of those who wait would wait longer than anybody has watched."""
    chance_within_30_days: float | None = None

    @property
    def enough(self) -> bool:
        """Whether there is enough history to foretell anything."""
        return self.known_days >= ENOUGH_DAYS


def backtest(steps: Steps, threshold: int) -> Backtest | None:
    """What the past of an offer says of a target (minor units); None where there was never a price."""
    if not steps.prices or steps.last_seen < steps.prices[0][0]:
        return None
    begin, end = steps.prices[0][0], steps.last_seen
    past, (_, price) = spans(steps, begin, end), value_at(steps, end)
    met_now = price is not None and price <= threshold
    observed = sum(each.end - each.start for each in past if each.state is not State.NOT_OBSERVED)
    met = [each for each in past if each.price is not None and each.price <= threshold]
    starts = [each.start for i, each in enumerate(met) if i == 0 or met[i - 1].end != each.start]
    found = Backtest(
        since=begin,
        known_days=observed // DAY,
        # The last look is an instant, which no span holds.
        times_met=len(starts) + (met_now and not (met and met[-1].end == end)),
        last_met=end if met_now else met[-1].end if met else None,
        met_now=met_now,
        offered=price is not None,
    )
    if not found.enough:
        return found
    found = replace(found, share_of_time=sum(each.end - each.start for each in met) / observed)
    if price is None:
        return found
    if found.met_now:
        return replace(found, typical_wait_days=0.0, chance_within_30_days=1.0)
    waits = _waits(past, threshold / price)
    typical = _median(waits)
    return replace(
        found,
        typical_wait_days=None if typical is None else typical / DAY,
        chance_within_30_days=_chance(waits, (end - begin) / HORIZON),
    )


def _waits(past: Sequence[Span], share: float) -> list[Wait]:
    """From every day with a price, how long until it was at most `share` of that day's: all in O(n log n).

    Gone through backwards, with the prices ahead that are lower than all nearer ones: of those, the nearest that is low
    enough ends the wait.
    """
    begin, end = past[0].start, past[-1].end
    priced = [(each.start, each.end, each.price) for each in past if each.price is not None]
    ahead: list[tuple[int, int]] = []  # (price, start): the farthest and lowest first
    waits: list[Wait] = []
    i = len(priced) - 1
    for at in range(begin + (end - begin - 1) // DAY * DAY, begin - 1, -DAY):
        while i >= 0 and priced[i][0] > at:
            start, _, price = priced[i]
            while ahead and ahead[-1][0] >= price:
                ahead.pop()
            ahead.append((price, start))
            i -= 1
        if i < 0 or priced[i][1] <= at:
            continue  # no price on this day
        low_enough = bisect_right(ahead, priced[i][2] * share, key=_price)
        waits.append((ahead[low_enough - 1][1] - at, True) if low_enough else (end - at, False))
    return waits


def _median(waits: Sequence[Wait]) -> int | None:
    """The time (ms) by which half of the waits are over; None where that is not known."""
    return next((time for time, waiting in _still_waiting(waits) if waiting <= 0.5), None)


def _chance(waits: Sequence[Wait], horizons: float) -> float:
    """The chance that a wait is over within HORIZON; `horizons` is how many of them the history has."""
    waiting = 1.0
    for time, share in _still_waiting(waits):
        if time > HORIZON:
            break
        waiting = share
    return ((1 - waiting) * horizons + _PRIOR) / (horizons + 1)


def _still_waiting(waits: Sequence[Wait]) -> list[tuple[int, float]]:
    """The product-limit estimate: from each moment (ms) on, the share of those who still wait."""
    at_risk, waiting = len(waits), 1.0
    curve: list[tuple[int, float]] = []
    # At the same moment those whose wait ends come before those who are not seen any longer.
    for time, ended in sorted(waits, key=lambda wait: (wait[0], not wait[1])):
        if ended:
            waiting *= 1 - 1 / at_risk
            curve.append((time, waiting))
        at_risk -= 1
    return curve


def _price(point: tuple[int, int]) -> int:
    return point[0]
