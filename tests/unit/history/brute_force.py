"""What a history means, one millisecond at a time and in fractions: the judge of the step functions."""

from dataclasses import dataclass
from fractions import Fraction

from hypothesis import strategies as st

from pennywren.model.series import State, Steps


def state_and_price(steps: Steps, at: int) -> tuple[State, int | None]:
    """What is known at one moment, the last look included."""
    prices = [price for t, price in steps.prices if t <= at]
    states = [state for t, state in steps.states if t <= at]
    if at > steps.last_seen:
        return State.NOT_OBSERVED, None
    state = states[-1] if states else State.OFFERED
    if state is State.NO_OFFER:
        return state, None
    if state is State.NOT_OBSERVED or not prices:
        return State.NOT_OBSERVED, None
    return State.OFFERED, prices[-1]


@dataclass
class Brute:
    """The answer for one stretch of time; None where nothing is known."""

    average: Fraction
    low: int
    high: int
    low_at: int
    high_at: int
    time: int


def brute(steps: Steps, start: int, end: int) -> Brute | None:
    """Look at every millisecond of [start, end)."""
    seen = [(at, state_and_price(steps, at)[1]) for at in range(start, end)]
    known = [(at, price) for at, price in seen if price is not None]
    if not known:
        return None
    lasting = [price for at, price in known if at < steps.last_seen]
    low, high = min(price for _, price in known), max(price for _, price in known)
    return Brute(
        average=Fraction(sum(lasting), len(lasting)) if lasting else Fraction(known[-1][1]),
        low=low,
        high=high,
        low_at=next(at for at, price in known if price == low),
        high_at=next(at for at, price in known if price == high),
        time=len(lasting),
    )


@st.composite
def histories(draw: st.DrawFn, span: int = 60) -> Steps:
    """Any history within `span` ms: states may come before the first price, and with or without one."""
    times = sorted(draw(st.sets(st.integers(0, span), max_size=12)))
    prices: list[tuple[int, int]] = []
    states: list[tuple[int, State]] = []
    for at in times:
        what = draw(st.sampled_from(["price", "state", "both"]))
        if what != "state":
            price = draw(st.integers(1, 6))
            if not prices or prices[-1][1] != price:
                prices.append((at, price))
        if what != "price":
            states.append((at, draw(st.sampled_from(list(State)))))
    changed = max([at for at, _ in prices] + [at for at, _ in states], default=0)
    return Steps(prices, states, changed + draw(st.integers(0, 15)) if prices or states else 0)
