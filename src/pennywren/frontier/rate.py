"""Learning how often a product changes from looks that only say "changed since the last look" or "not".

The posterior lives on a grid of rates. A look after `elapsed` seconds that saw no change multiplies the
chance of rate r by e^(-r elapsed), one that saw a change (or several: we cannot tell) by 1 - e^(-r elapsed).
Looks of the first kind add up to one number, the seconds since the last change, kept exactly, however many
there are; only a change needs the weights of the rates anew. So a product that never changed costs five
characters in its hash.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, expm1, log
from typing import Final

from pennywren.frontier.value import DAY_S

_BINS: Final = 14
_SLOWEST: Final = 1 / 300 / DAY_S
_FASTEST: Final = 12 / DAY_S

RATES: Final = tuple(_SLOWEST * (_FASTEST / _SLOWEST) ** (k / (_BINS - 1)) for k in range(_BINS))
"""The grid: from once in 300 days to 12 times a day, per second, evenly spaced in the logarithm."""

Chances = tuple[float, ...]
"""A probability for each of RATES; they add up to 1."""

_FLOOR: Final = -20.0
"""A log-weight this far below the best one says "no". Keeping it from falling further lets a rate come back when a
product begins to behave otherwise."""
_LEVELS: Final = 64 * 64 - 1
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
_VALUES: Final = {digit: value for value, digit in enumerate(_DIGITS)}
_LONGEST_S: Final = 4 * 365 * 86_400


def _normal(weights: Sequence[float]) -> Chances:
    total = sum(weights)
    return tuple(weight / total for weight in weights)


_PRIOR: Final = _normal([rate**-0.35 for rate in RATES])
_PRIORS: Final[dict[str, Chances]] = {}


def prior_of(marketplace: str) -> Chances:
    """What is believed of a product of a marketplace before anybody looked: most change rarely, few often."""
    return _PRIORS.get(marketplace, _PRIOR)


@dataclass(frozen=True, slots=True)
class Learned:
    """What the looks at one product said."""

    unchanged_s: int = 0
    """Seconds watched without a change since the last one."""
    weights: tuple[float, ...] = (0.0,) * _BINS
    """For each of RATES the log-likelihood of all looks up to the last change, the best being 0."""

    def after(self, *, changed: bool, elapsed_s: float) -> "Learned":
        """What is known after one more look, `elapsed_s` seconds after the one before."""
        if elapsed_s <= 0:
            return self
        if not changed:
            return Learned(min(self.unchanged_s + round(elapsed_s), _LONGEST_S), self.weights)
        weights = [w + log(max(-expm1(-r * elapsed_s), 1e-12)) for w, r in zip(self._all(), RATES, strict=True)]
        best = max(weights)
        return Learned(0, tuple(max(w - best, _FLOOR) for w in weights))

    def chances(self, prior: Chances) -> Chances:
        """The posterior."""
        logs = [log(p) + w for p, w in zip(prior, self._all(), strict=True)]
        best = max(logs)
        return _normal([exp(each - best) for each in logs])

    def _all(self) -> list[float]:
        return [w - r * self.unchanged_s for w, r in zip(self.weights, RATES, strict=True)]

    def pack(self) -> str:
        """A short string: the seconds in base 64, and where anything changed a point and two digits a weight."""
        number, digits = self.unchanged_s, ""
        while number or not digits:
            number, digit = divmod(number, 64)
            digits = _DIGITS[digit] + digits
        if not any(self.weights):
            return digits
        levels = (round(w / _FLOOR * _LEVELS) for w in self.weights)
        return digits + "." + "".join(_DIGITS[level // 64] + _DIGITS[level % 64] for level in levels)


def unpack(text: str | None) -> Learned:
    """Read what `pack` wrote; nothing, or what cannot be read, is a product that nobody has looked at."""
    if not text:
        return Learned()
    digits, _, rest = text.partition(".")
    if not set(digits + rest) <= _VALUES.keys() or len(rest) not in (0, 2 * _BINS):
        return Learned()
    seconds = 0
    for digit in digits:
        seconds = seconds * 64 + _VALUES[digit]
    if not rest:
        return Learned(min(seconds, _LONGEST_S))
    levels = [_VALUES[rest[i]] * 64 + _VALUES[rest[i + 1]] for i in range(0, len(rest), 2)]
    return Learned(min(seconds, _LONGEST_S), tuple(level / _LEVELS * _FLOOR for level in levels))


def learn(packed: str | None, *, changed: bool, elapsed_s: float) -> str:
    """The packed state after one more look."""
    return unpack(packed).after(changed=changed, elapsed_s=elapsed_s).pack()


def mean_rate(chances: Chances) -> float:
    """The expected number of changes per second."""
    return sum(p * r for p, r in zip(chances, RATES, strict=True))
