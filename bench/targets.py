"""How well targets are foretold: real price histories, each cut in time, and what came about after the cut.

`python -m bench targets` prints the figures, for each source and for all of them; it takes about ten seconds.
"""

from collections.abc import Iterable, Sequence
from statistics import mean
from typing import Final

from bench.report import Goal, Section
from pennywren.history.backtest import HORIZON, backtest
from pennywren.history.sources.files import parse_histories
from pennywren.history.sources.found import ProductHistory
from pennywren.history.step import value_at
from pennywren.model.clock import DAY
from pennywren.model.series import Steps
from tests.unit.history.shared_prices import KEEPA_FILES, picknpay_as_products, real_histories

SHARES: Final = (0.99, 0.97, 0.95, 0.9, 0.85, 0.8)
"""Targets, as shares of the price at the cut."""

BANDS: Final = ((0.0, 0.1), (0.1, 0.5), (0.5, 1.01))
"""Chances from and to, of which it is counted how often they came true."""

FARTHEST: Final = 0.12
"""By how much what is foretold and what comes about may differ on average, in any source."""

_CUTS: Final = tuple(part / 20 for part in range(4, 19))
_SHORT_CUTS: Final = (0.5, 0.7)
_PER_DAY: Final = 4

Case = tuple[float, bool]
"""The chance that was foretold, and whether it came true."""


def held_out(histories: Iterable[ProductHistory], cuts: Iterable[float]) -> list[Case]:
    """What is foretold from the part of each history before each cut, and what came about in the 30 days after it."""
    found: list[Case] = []
    for steps in (steps for history in histories for steps in history.offers.values() if steps.prices):
        begin, end = steps.prices[0][0], steps.last_seen
        for cut in cuts:
            now = begin + int((end - begin) * cut)
            _, price = value_at(steps, now)
            if price is None or end - now < HORIZON:
                continue
            states = [each for each in steps.states if each[0] <= now]
            past = Steps([each for each in steps.prices if each[0] <= now], states, now)
            # A price counts only while it could be paid.
            after = [now + i * DAY // _PER_DAY for i in range(1, _PER_DAY * HORIZON // DAY + 1)]
            lowest = min((p for p in (value_at(steps, at)[1] for at in after) if p is not None), default=price + 1)
            for share in SHARES:
                told = backtest(past, int(price * share))
                if told and told.chance_within_30_days is not None and not told.met_now:
                    found.append((told.chance_within_30_days, lowest <= int(price * share)))
    return found


def sources() -> dict[str, list[Case]]:
    """The cases of each source of real histories (PENNYWREN_SHARED)."""
    found = {name: held_out(real_histories(name).histories.values(), _CUTS) for name in KEEPA_FILES}
    shelf = parse_histories(picknpay_as_products(300)).histories.values()
    return {**found, "300 weekly prices of a supermarket": held_out(shelf, _SHORT_CUTS)}


def brier(cases: Sequence[Case]) -> tuple[float, float]:
    """The mean squared error (Brier, 1950) of what was foretold, and of saying the same of everything."""
    base = mean(came for _, came in cases)
    return mean((chance - came) ** 2 for chance, came in cases), base * (1 - base)


def came_true(cases: Sequence[Case]) -> list[float]:
    """How often what was foretold with a chance within each of BANDS came true."""
    return [mean(came for chance, came in cases if low <= chance < high) for low, high in BANDS]


def measure() -> Section:
    """A row for each source, and one for all."""
    section = Section(
        "Targets in the past",
        "Real histories, each cut at 15 moments (two for the supermarket's half year), targets at 99 to 80 % of the "
        "price at the cut: the chance that is foretold from before the cut, and whether the 30 days after it met it.",
        ["histories", "forecasts", "foretold", "came true", "Brier", "of one chance for all",
         *(f"came true of {low:.0%} to {min(high, 1):.0%}" for low, high in BANDS)],
    )  # fmt: skip
    by_source = sources()
    every = [case for cases in by_source.values() for case in cases]
    for name, cases in {**by_source, "all": every}.items():
        error, of_one = brier(cases)
        averages = [mean(chance for chance, _ in cases), mean(came for _, came in cases)]
        figures = [*averages, error, of_one, *came_true(cases)]
        section.rows.append([name, str(len(cases)), *(f"{figure:.3f}" for figure in figures)])
    farthest = max(
        abs(mean(chance for chance, _ in cases) - mean(came for _, came in cases)) for cases in by_source.values()
    )
    error, of_one = brier(every)
    section.goals += [
        Goal("foretold and come true, farthest apart", farthest, FARTHEST, at_most=True, unit=""),
        Goal("Brier of one chance for all over ours", of_one / error, 1),
    ]
    return section
