"""What it is worth to crawl a product now.

A product has an importance mu (people who wait for it), changes at a rate delta, is seen by others for free
at a rate nu (trusted reports), and was last seen t seconds ago. All rates are per second.

For a loss L(t) that grows while nobody looks, one Lagrangian step over renewal cycles says: crawl when
V(t) = L(t) T(t) - integral of L(s) e^(-nu s) over 0..t reaches the threshold lambda that all products share,
with T(t) = (1 - e^(-nu t)) / nu. For nu = 0 this is the rule of Olston and Pandey, "Recrawl scheduling based
on information longevity" (WWW 2008), which gives the schedule of Cho and Garcia-Molina (TODS 2003); the form
with free observations is derived in the project's crawl study, after Azar, Horvitz, Lubetzky, Peres and
Shahaf (PNAS 2018) and Kolobov, Peres, Lu and Horvitz (NeurIPS 2019).
"""

from collections.abc import Sequence
from math import exp, expm1
from typing import Final

DAY_S: Final = 86_400.0
NOTICE_WITHIN_S: Final = 3_540.0
"""D: a change should be noticed within the hour, a minute of which passes until a product's turn has come."""
KAPPA_S: Final = 1.8 * DAY_S
"""How much noticing a change within D weighs beside a second of freshness, until the rates are known (seconds)."""
NOTICED: Final = 0.75
"""The same as a multiple of the mean time between changes, over what people wait for. The best of both aims at once
lies near 1.4, and the sum hardly moves from 0.7 to 1.6; this keeps 95 % of the best freshness (`docs/decisions/
0007-frontier.md`)."""
UNWATCHED: Final = 0.01
"""The importance of a product that nobody waits for: its history is kept alive all the same."""
VIEW_HALVES_S: Final = 7 * DAY_S
"""A view of the website weighs half after so long."""
FAR_OFF: Final = 0.3
"""What somebody counts who waits for less than half the price."""


def importance(watchers: int, far: int = 0, views: float = 0.0) -> float:
    """mu: what a product weighs beside others.

    `far` of its `watchers` wait for a price so low that the next change will hardly be the one; `views` are the recent
    ones that we know of: trusted reports, and views of its history.
    """
    return watchers - (1 - FAR_OFF) * far + UNWATCHED * (1 + views)


def faded_view(ago_s: float) -> float:
    """What the last view of a product's history weighs beside one of now, `ago_s` seconds after it."""
    return 0.5 ** (max(ago_s, 0.0) / VIEW_HALVES_S)


def time_unseen(nu: float, t: float) -> float:
    """T(t): the expected time until somebody else looks, cut off at t (seconds)."""
    x = nu * t
    return t if x < 1e-7 else -expm1(-x) / nu


def freshness(delta: float, nu: float, t: float) -> float:
    """V(t)/mu for the loss 1 - e^(-delta t), the chance that what we show is out of date (seconds).

    Grows with t from 0 to 1/(delta + nu): what changes all the time or is seen by others anyway can never be
    worth much.
    """
    both = delta + nu
    return max(0.0, -expm1(-both * t) / both - exp(-delta * t) * time_unseen(nu, t))


def within(delta: float, nu: float, t: float, limit: float = NOTICE_WITHIN_S) -> float:
    """V(t)/mu for the loss delta per second once t has passed `limit`: changes noticed too late (no unit)."""
    return delta * time_unseen(nu, limit) if t >= limit else 0.0


def blend(delta: float, nu: float, t: float, limit: float = NOTICE_WITHIN_S, kappa_s: float = KAPPA_S) -> float:
    """V(t)/mu for both aims at once (seconds): fresh, and noticed within the hour."""
    return freshness(delta, nu, t) + kappa_s * within(delta, nu, t, limit)


def kappa_s(rate: float) -> float:
    """kappa where what people wait for changes `rate` times a second: both aims weigh by what they can reach at best.

    A second of freshness is one for each who waits; noticed within D are `rate` changes a second for each.
    """
    return min(max(NOTICED / rate, DAY_S / 10), 30 * DAY_S)


def expected(
    rates: Sequence[float],
    chances: Sequence[float],
    mu: float,
    nu: float,
    t: float,
    limit: float = NOTICE_WITHIN_S,
    kappa: float = KAPPA_S,
) -> float:
    """V(t) where delta is known only as chances of each of `rates`: the mean of V, not V of the mean."""
    return mu * sum(p * blend(delta, nu, t, limit, kappa) for delta, p in zip(rates, chances, strict=True))
