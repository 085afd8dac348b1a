"""When a product is due again: the time at which the value of crawling it crosses the threshold.

The due time can be computed when the product goes back into the frontier, so the order of the sorted set is
the optimal order and nothing is ever re-scored in bulk (Olston and Pandey 2008; see `value`).
"""

from dataclasses import dataclass
from math import exp, log
from typing import Final

from pennywren.frontier.rate import RATES, Chances
from pennywren.frontier.value import NOTICE_WITHIN_S, expected
from pennywren.model.clock import DAY, HOUR, MINUTE

_STEPS: Final = 18
"""Halvings of the logarithm of time: the due time comes out within 0.01 % of the span searched."""


@dataclass(frozen=True, slots=True)
class Interest:
    """Why a product is worth looking at."""

    importance: float
    chances: Chances
    """How often it may change (see `rate`)."""
    seen_by_others: float = 0.0
    """Trusted reports per second."""

    def value(self, elapsed_s: float) -> float:
        """V: what a crawl is worth `elapsed_s` seconds after the last look."""
        return expected(RATES, self.chances, self.importance, self.seen_by_others, elapsed_s)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What holds whatever a product is worth, in seconds since its last look."""

    soonest_s: float
    """Never earlier than this (`settings.recrawl_after`)."""
    latest_s: float
    """Never later than this: everything is seen now and then."""


def wait_s(interest: Interest, threshold: float, bounds: Bounds) -> float:
    """Seconds from a look until V crosses the threshold, within the bounds."""
    soonest, latest = bounds.soonest_s, max(bounds.soonest_s, bounds.latest_s)
    if interest.value(soonest) >= threshold:
        return soonest
    if interest.value(latest) < threshold:
        return latest
    early, late = soonest, latest
    # V jumps where the hour is over: a product that is worth it from then on is due just then.
    if early < NOTICE_WITHIN_S < late:
        if interest.value(NOTICE_WITHIN_S) < threshold:
            early = NOTICE_WITHIN_S
        elif interest.value(NOTICE_WITHIN_S - 1e-3) < threshold:
            return NOTICE_WITHIN_S
        else:
            late = NOTICE_WITHIN_S
    low, high = log(early), log(late)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if interest.value(exp(middle)) < threshold:
            low = middle
        else:
            high = middle
    return exp(high)


def latest_s(population: int, per_second: float, share: float = 0.01) -> float:
    """How late the least valuable product may come so that all of them together take `share` of the requests.

    `population` is how many products there are, `per_second` how many requests may leave.
    """
    return max(DAY / 1000, population / max(share * per_second, 1e-9))


def after_trouble(since: int, now: int, *, soonest: int = 5 * MINUTE, latest: int = DAY) -> int:
    """When to try again (ms) what has failed since `since`: the pauses double, from `soonest` to `latest` (ms)."""
    return now + min(max(now - since, soonest), latest)


def after_gone(since: int, now: int) -> int:
    """When to look again (ms) at a page that has been gone since `since`: less and less often, never not at all."""
    return after_trouble(since, now, soonest=12 * HOUR, latest=60 * DAY)
