"""How likely a claim is right: evidence for and against it, as log-odds that add up.

The weights are a logistic regression over 210,000 claims of the evaluator's worlds, rounded, then checked on other
seeds (docs/decisions/0008-trust.md says what each is worth).
"""

import math
from dataclasses import dataclass
from typing import Final

from pennywren.model.clock import DAY, MINUTE
from pennywren.trust.hearsay import Hearsay, Voice, independent, near
from pennywren.trust.reputation import Reputation

_BASE: Final = 0.2
_AGREEING: Final = 1.3
_AGREEING_MOST: Final = 30.0
_WELL_KNOWN: Final = 200.0
_CHANGE: Final = 0.7
_USUAL_CHANGE: Final = 3.5
"""The usual log-odds against a change since the last look; what is more or less than that speaks."""
_SOONEST: Final = 10 * MINUTE
_VOICE: Final = 1.7
"""That two who do not know each other invent the same price is unlikely: e^1.7 to 1 against it."""
_VOICE_TRUST: Final = 0.8
_AGAINST: Final = 0.2
_REFUTED: Final = 3.0
_REFUTED_HALF: Final = DAY
_OUTSIDE: Final = 0.5
_OUTSIDE_MOST: Final = 4.0
_LEAST_VOLATILITY: Final = 0.05
_SIZE: Final = 0.6


@dataclass(frozen=True, slots=True)
class Past:
    """How the offer's price has behaved."""

    low: int | None
    """The lowest of the last 90 days (minor units)."""
    high: int | None
    volatility: float
    """How far it usually moves at once: the robust standard deviation of the logarithm."""
    changes_per_day: float
    confirmed_at: int
    """When the believed price was last confirmed (ms)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a claim (positive) and against it (negative), in log-odds."""

    reporter: float
    """What crawls said of this reporter before, and how others of its age fare."""
    agreeing: float
    """How often it says what everybody says."""
    change: float
    """Whether a change was to be expected by now."""
    voices: float
    """Others who say the same, one voice a network."""
    against: float
    """Others who meanwhile still see the old price."""
    refuted: float
    """Crawls that found this very price wrong, lately."""
    plausible: float
    """How far the price is out of the product's own range, and how large the move is."""

    @property
    def total(self) -> float:
        """The log-odds that the claim is right."""
        terms = self.reporter + self.agreeing + self.change + self.voices + self.against
        return _BASE + terms + self.refuted + self.plausible

    @property
    def chance(self) -> float:
        """The chance that the claim is right."""
        return chance_of(self.total)


def chance_of(log_odds: float) -> float:
    """The probability with these log-odds."""
    return 1.0 / (1.0 + math.exp(-min(max(log_odds, -30.0), 30.0)))


def weigh(voice: Voice, reputation: Reputation, hearsay: Hearsay, past: Past, believed: int | None) -> Evidence:
    """The evidence over what `voice` claims; `hearsay` has heard it already, `reputation` is its speaker's."""
    same = hearsay.saying(voice.price, voice.at)
    others = [each for each in independent([*same, voice]) if each.network != voice.network]
    first = same[0].at if same else voice.at
    return Evidence(
        reporter=log_odds(voice.trust),
        agreeing=_agreeing(reputation),
        change=_CHANGE * (log_odds(_chance_of_change(past, voice.at)) + _USUAL_CHANGE),
        voices=sum(max(0.0, _VOICE + _VOICE_TRUST * log_odds(each.trust)) for each in others),
        against=-_AGAINST * len(hearsay.agreeing_since(first, voice.at)),
        refuted=-sum(
            _REFUTED * (2.0 + each.again) * 0.5 ** ((voice.at - each.at) / _REFUTED_HALF)
            for each in hearsay.refuted
            if near(voice.price, each.price)
        ),
        plausible=_plausible(voice.price, believed, past),
    )


def log_odds(chance: float) -> float:
    """The logarithm of the odds of a probability strictly between 0 and 1."""
    return math.log(chance / (1.0 - chance))


def move(price: int | None, believed: int | None) -> float:
    """The move from the believed price as a logarithm; 0 where either is absent."""
    return math.log(price / believed) if price and believed else 0.0


def _agreeing(reputation: Reputation) -> float:
    """Says much of a stranger, little of somebody whose claims crawls have judged often: then `reporter` says it."""
    known = 1.0 + reputation.outcomes / _WELL_KNOWN
    return _AGREEING * math.log(min(reputation.agreeing, _AGREEING_MOST)) / known


def _chance_of_change(past: Past, now: int) -> float:
    age = max(now - past.confirmed_at, _SOONEST) / DAY
    return min(max(-math.expm1(-past.changes_per_day * age), 1e-3), 0.999)


def _plausible(price: int | None, believed: int | None, past: Past) -> float:
    if price is None:
        return 0.0
    below = math.log(past.low / price) if past.low else 0.0
    above = math.log(price / past.high) if past.high else 0.0
    outside = max(below, above, 0.0) / max(past.volatility, _LEAST_VOLATILITY)
    return -min(_OUTSIDE * outside, _OUTSIDE_MOST) - _SIZE * abs(move(price, believed))
