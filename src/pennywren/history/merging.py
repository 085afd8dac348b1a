"""Bringing an imported past together with what was recorded: our own looks win wherever we looked."""

from dataclasses import replace

from pennywren.history.step import value_at
from pennywren.model.series import State, Steps


def merge(recorded: Steps, imported: Steps, gap: int) -> Steps:
    """What was recorded, with the imported past before its first look, and the imported rest after its last one.

    Between those two nothing is touched, not even where we did not observe. A silence of more than `gap` ms
    between two parts is not observed; over a shorter one the price holds. Merging the same import again
    changes nothing.
    """
    first = _begin(recorded)
    if first is None:
        return imported
    if _begin(imported) is None:
        return recorded
    merged = recorded
    before = _before(imported, first)
    if _begin(before) is not None:
        merged = _join(before, merged, gap)
    return _extend(merged, imported, gap)


def _begin(steps: Steps) -> int | None:
    """The first moment of which something is known."""
    return min((at for points in (steps.prices[:1], steps.states[:1]) for at, _ in points), default=None)


def _before(steps: Steps, at: int) -> Steps:
    return Steps(
        prices=[point for point in steps.prices if point[0] < at],
        states=[point for point in steps.states if point[0] < at],
        last_seen=min(steps.last_seen, at - 1),
    )


def _extend(recorded: Steps, imported: Steps, gap: int) -> Steps:
    """Append what was imported from after the last look of ours.

    Where the two agree about the moment of that look, the import confirms it up to its own next change. Where
    they do not, it does not say since when, and it counts from that change on.
    """
    last = recorded.last_seen
    if imported.last_seen <= last:
        return recorded
    agreed = value_at(imported, last) == value_at(recorded, last)
    later = sorted({at for points in (imported.prices, imported.states) for at, _ in points if at > last})
    if not later:
        return replace(recorded, last_seen=imported.last_seen) if agreed else recorded
    confirmed = replace(recorded, last_seen=later[0] - 1) if agreed else recorded
    return _join(confirmed, _at_moments(imported, later), gap)


def _at_moments(steps: Steps, moments: list[int]) -> Steps:
    """The part of a history that begins with the first of its moments of change, on its own."""
    prices: list[tuple[int, int]] = []
    states: list[tuple[int, State]] = []
    for at in moments:
        state, price = value_at(steps, at)
        if price is not None and (not prices or prices[-1][1] != price):
            prices.append((at, price))
        if not states or states[-1][1] is not state:
            states.append((at, state))
    return Steps(prices, states, steps.last_seen)


def _join(early: Steps, late: Steps, gap: int) -> Steps:
    """Two parts, one wholly before the other."""
    begin = _begin(late)
    assert begin is not None
    silent = begin - early.last_seen > gap
    states = list(early.states)
    if silent:
        states.append((early.last_seen + 1, State.NOT_OBSERVED))
    state = value_at(late, begin)[0]
    if silent or state is not value_at(early, early.last_seen)[0]:
        states.append((begin, state))
    prices = late.prices
    if early.prices and prices and early.prices[-1][1] == prices[0][1]:
        prices = prices[1:]
    return Steps(
        prices=early.prices + prices,
        states=states + [point for point in late.states if point[0] > begin],
        last_seen=late.last_seen,
    )
