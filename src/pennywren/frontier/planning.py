"""What follows for the frontier from a look: pure rules, the same for our crawls and for trusted reports."""

from dataclasses import dataclass, field, replace
from math import expm1, inf, log1p

from pennywren.frontier.due import Bounds, Interest, wait_for
from pennywren.frontier.priors import Priors
from pennywren.frontier.rate import Learned, mean_rate, unpack
from pennywren.frontier.score import firm, floor
from pennywren.frontier.value import importance, kappa_s
from pennywren.model.clock import MINUTE, SECOND

_WORTH_MOVING = 10 * MINUTE
_WRONG = 0.1
"""Share of untrusted reports that are wrong."""
_LONGEST_AGE_S = 400 * 86_400.0
_AHEAD_S = 10 * 86_400.0
_MOST_AHEAD = 999


@dataclass(frozen=True, slots=True)
class Subject:
    """One product as the frontier sees it."""

    marketplace: str
    price: int | None
    """In minor units; None where it has none, or none is known."""
    watchers: int
    far: int
    """Of them, those who wait for less than half the price."""
    rate: str | None
    """What was learned, packed (see `rate`)."""
    last_seen: int | None
    """When anybody last looked (ms)."""
    views: float = 0.0
    """Recent views of its history on the website, faded (see `value.faded_view`)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Scores for the frontier and states to keep, one of each if the price is the same, one if it has changed."""

    due_if_same: int
    due_if_changed: int
    rate_if_same: str | None
    rate_if_changed: str | None


@dataclass(slots=True)
class Planner:
    """Knows the threshold, the bounds and the priors of the moment."""

    bounds: Bounds
    threshold: float = 0.0
    priors: Priors = field(default_factory=Priors)

    def learn(self, bounds: Bounds, priors: Priors) -> None:
        """Take over new bounds and priors; how both aims are weighed follows from them."""
        waited_for = priors.waited_for()
        self.bounds = bounds if waited_for is None else replace(bounds, kappa_s=kappa_s(mean_rate(waited_for)))
        self.priors = priors

    def interest(self, of: Subject, learned: Learned | None = None) -> Interest:
        """Why the product is worth looking at, by what was learned."""
        known = unpack(of.rate) if learned is None else learned
        chances = known.chances(self.priors.of(of.marketplace, of.price))
        weighs = importance(of.watchers, of.far, known.reports + of.views)
        return Interest(weighs, chances, known.report_rate(of.watchers))

    def after_look(self, of: Subject, now: int, *, reported: bool = False) -> Plan:
        """What follows from a look at `now` (ms): a crawl, or a report that we trust."""
        known = unpack(of.rate)
        if of.last_seen is None:
            due = self._score(of, known, now)
            return Plan(due, due, of.rate, of.rate)
        elapsed = (now - of.last_seen) / SECOND
        same = known.after(changed=False, elapsed_s=elapsed, reported=reported)
        changed = known.after(changed=True, elapsed_s=elapsed, reported=reported)
        return Plan(self._score(of, same, now), self._score(of, changed, now), same.pack(), changed.pack())

    def better_later(self, of: Subject, due: int, now: int, *, on_floor: bool = False) -> int | None:
        """Where a claimed product should go back to instead of being crawled (a score); None: crawl it now.

        Due times are computed when a product goes back into the frontier; this is where they meet a threshold that
        has moved since. `due` is when it was due (ms). What was claimed from the floor does not go back there.
        """
        if of.last_seen is None:
            return None
        known = unpack(of.rate)
        interest = self.interest(of, known)
        wait = wait_for(interest, self.threshold, self.bounds)
        if wait.seconds == inf:
            return None if on_floor else floor(of.last_seen)
        later = of.last_seen + round((wait.seconds - known.credit_s) * SECOND)
        if later <= max(now, due) + _WORTH_MOVING:
            return None
        return firm(later) - _ahead(interest) if wait.firm else later

    def too_soon(self, of: Subject, now: int) -> int | None:
        """Where a product should go back to that was looked at just now (a score); None if it was not."""
        soonest = (of.last_seen or 0) + round(self.bounds.soonest_s * SECOND)
        return firm(soonest) if soonest > now else None

    def after_signal(self, of: Subject, now: int, *, changed: bool) -> tuple[int, str] | None:
        """What follows from an untrusted report that claims the price to be another, or the same, as we have.

        The odds that we are out of date are multiplied by how much likelier a right report says so than a wrong one;
        the look then seems as old as fits the new odds, and the due time moves by the difference. The price stays.
        Returns a score and a state; None where nobody has looked yet.
        """
        if of.last_seen is None:
            return None
        known = unpack(of.rate)
        interest = self.interest(of, known)
        rate = mean_rate(interest.chances)
        age = (now - of.last_seen) / SECOND + known.credit_s
        stale = min(max(-expm1(-rate * age), 1e-9), 1 - 1e-9)
        odds = stale / (1 - stale) * ((1 - _WRONG) / _WRONG if changed else _WRONG / (1 - _WRONG))
        seems = min(log1p(odds) / rate, _LONGEST_AGE_S)
        credit = max(known.credit_s + seems - age, 0.0)
        credited = Learned(known.unchanged_s, known.weights, known.watched_s, known.reports, credit)
        wait = wait_for(interest, self.threshold, self.bounds)
        return wait.score(of.last_seen, credit), credited.pack()

    def _score(self, of: Subject, learned: Learned, now: int) -> int:
        interest = self.interest(of, learned)
        wait = wait_for(interest, self.threshold, self.bounds)
        return wait.score(now) - (_ahead(interest) if wait.firm else 0)


def _ahead(of: Interest) -> int:
    """Of what is due in the same second that goes first of which more changes are waited for: so many ms."""
    return min(round(of.importance * mean_rate(of.chances) * _AHEAD_S), _MOST_AHEAD)
