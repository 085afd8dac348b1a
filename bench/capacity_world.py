"""A sample that stands for 500 million products: few of the many that nobody knows, most of those that all know.

Products are drawn by popularity rank, evenly in its logarithm (where the watches are), each with the number of
products that it stands for; and each rank twice, once as a product that somebody watches and once as one that nobody
does, so that no figure hangs on whether a rare watch was drawn. Popularity, watches and the rates of change are those
of the crawl study's workload: popularity as 1 / (rank + 5), watches as its 0.9th power with a lognormal spread, and
four classes of products from "once in four months" to "several times a day", popular ones changing more often.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pennywren.frontier.value import DAY_S

# Share, median changes a day, spread (sigma of the logarithm).
MIXES: Final = {
    "default": ((0.60, 1 / 120, 0.6), (0.25, 1 / 12, 0.5), (0.11, 0.7, 0.5), (0.04, 4.0, 0.4)),
    "calm": ((0.80, 1 / 150, 0.6), (0.15, 1 / 20, 0.5), (0.04, 0.4, 0.5), (0.01, 3.0, 0.4)),
    "hectic": ((0.35, 1 / 60, 0.6), (0.30, 1 / 6, 0.5), (0.23, 1.2, 0.5), (0.12, 6.0, 0.4)),
}
_TILT: Final = 0.8
_OFFSET: Final = 5.0
_WATCH_POWER: Final = 0.9


@dataclass(frozen=True)
class Demand:
    """Who wants what."""

    products: int = 500_000_000
    watches: int = 10_000_000
    """A million users with ten each."""
    reports_a_day: float = 0.0
    mix: str = "default"


@dataclass(frozen=True)
class Sampled:
    """One product of the sample."""

    stands_for: float
    watchers: int
    changes: float
    """Per second."""
    reports: float
    """Per second."""


def draw(demand: Demand, ranks: int, seed: int) -> list[Sampled]:
    """A sample of twice as many products as `ranks`; what they stand for adds up to all products."""
    chance = np.random.default_rng(seed)
    # One rank from each of so many equal parts of the logarithm.
    places = (np.arange(ranks) + chance.random(ranks)) / ranks
    rank = np.exp(places * np.log(demand.products + 1)) - 0.5
    stands_for = (rank + 0.5) * np.log(demand.products + 1) / ranks
    stands_for *= demand.products / stands_for.sum()
    popularity = 1 / (rank + _OFFSET)
    popularity /= (popularity * stands_for).sum()
    expected = popularity**_WATCH_POWER * np.exp(chance.normal(0, 1, ranks))
    expected *= demand.watches / (expected * stands_for).sum()
    changes = _changes(demand.mix, rank / demand.products, chance)
    unwatched = np.exp(-expected)
    watchers = np.maximum(_positive_poisson(expected, chance), 1)
    found: list[Sampled] = []
    for i in range(ranks):
        reports = float(popularity[i] * demand.reports_a_day / DAY_S)
        for share, watching in ((float(unwatched[i]), 0), (1 - float(unwatched[i]), int(watchers[i]))):
            if share > 1e-12:
                found.append(Sampled(float(stands_for[i]) * share, watching, float(changes[i]), reports))
    return found


def _changes(mix: str, quantile: "np.ndarray[tuple[int], np.dtype[np.float64]]", chance: np.random.Generator):
    """A rate for each, per second; `quantile` is 0 for the most popular."""
    share, median, spread = (np.array(column) for column in zip(*MIXES[mix], strict=True))
    tilt = np.exp(np.outer(0.5 - quantile, np.linspace(-_TILT, _TILT, len(share))))
    odds = share * tilt
    odds /= odds.sum(axis=1, keepdims=True)
    of_class = (chance.random(len(quantile))[:, None] > odds.cumsum(axis=1)).sum(axis=1).clip(0, len(share) - 1)
    return median[of_class] * np.exp(chance.normal(0, 1, len(quantile)) * spread[of_class]) / DAY_S


def _positive_poisson(mean: "np.ndarray[tuple[int], np.dtype[np.float64]]", chance: np.random.Generator):
    """Poisson, given that it is not zero: the first arrival, and how many follow it."""
    first = -np.log1p(-chance.random(len(mean)) * -np.expm1(-mean))
    return 1 + chance.poisson(np.maximum(mean - first, 0))
