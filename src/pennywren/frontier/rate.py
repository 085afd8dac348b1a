"""Learning how often a product changes from looks that only say "changed since the last look" or "not".

The posterior lives on a grid of rates. A look after `elapsed` seconds that saw no change multiplies the
chance of rate r by e^(-r elapsed), one that saw a change (or several: we cannot tell) by 1 - e^(-r elapsed).
Looks of the first kind add up to one number, the seconds since the last change; only a change needs the
weights of the rates anew. So a product that never changed costs a few characters.

Products change their ways, and changes come in bursts, so what a look said fades: its weight halves in three
weeks. Measured: worth a lot where changes come in bursts or rates drift, and costs next to nothing elsewhere.
Trusted reports are counted in the same state and fade in the same way: so often do others look for free.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, expm1, log
from operator import mul
from typing import Final

from pennywren.frontier.value import DAY_S

_BINS: Final = 18
_SLOWEST: Final = 1 / 300 / DAY_S
_FASTEST: Final = 24 / DAY_S

RATES: Final = tuple(_SLOWEST * (_FASTEST / _SLOWEST) ** (k / (_BINS - 1)) for k in range(_BINS))
"""The grid: from once in 300 days to 24 times a day, per second, evenly spaced in the logarithm."""

Chances = tuple[float, ...]
"""A probability for each of RATES; they add up to 1."""

FADES_S: Final = 30 * DAY_S
"""What was learned has lost all but 1/e of its weight after this."""
_FLOOR: Final = -20.0
"""A log-weight this far below the best one says "no". Keeping it from falling further lets a rate come back when a
product begins to behave otherwise."""
_LEVELS: Final = 64 * 64 - 1
_PARTS: Final = 64
"""Reports are kept in this many parts of one: they fade."""
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
_VALUES: Final = {digit: value for value, digit in enumerate(_DIGITS)}
_TWO_DIGITS: Final = tuple(high + low for high in _DIGITS for low in _DIGITS)
_WEIGHTS: Final = {two: level / _LEVELS * _FLOOR for level, two in enumerate(_TWO_DIGITS)}
_PACKED: Final = re.compile(r"\.".join([r"([\w-]{1,6})"] * 4) + rf"(?:\.([\w-]{{{2 * _BINS}}}))?", re.ASCII)
"""What `Learned.pack` writes; six digits are enough for 2,000 years."""
_REPORTS: Final = 0.05
_REPORTS_OVER_S: Final = 2.5 * DAY_S
"""Before anybody looked we believe in one report in 50 days, and hardly insist on it."""


def normal(weights: Sequence[float]) -> Chances:
    """The weights as chances."""
    total = sum(weights)
    return tuple([weight / total for weight in weights])


PRIOR: Final = normal([rate**-0.35 for rate in RATES])
"""What is believed of any product before anybody looked: most change rarely, few often (see `priors`)."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What the looks at one product said, each as far as it has not faded."""

    unchanged_s: float = 0.0
    """Seconds watched without a change since the last one."""
    weights: tuple[float, ...] = (0.0,) * _BINS
    """For each of RATES the log-likelihood of all looks up to the last change, the best being 0."""
    watched_s: float = 0.0
    """Seconds between looks, by anybody."""
    reports: float = 0.0
    """Trusted reports."""
    credit_s: float = 0.0
    """How much older the last look seems since then, by what untrusted reports say (see `signals`)."""

    def after(self, *, changed: bool, elapsed_s: float, reported: bool = False) -> "Learned":
        """What is known after one more look, `elapsed_s` seconds after the one before; `reported` if it was free."""
        if elapsed_s <= 0:
            return self
        kept = exp(-elapsed_s / FADES_S)
        lasting = FADES_S * (1 - kept)
        watched, reports = self.watched_s * kept + lasting, self.reports * kept + reported
        weights = [w * kept for w in self.weights] if any(self.weights) else self.weights
        unchanged = self.unchanged_s * kept
        if not changed:
            return Learned(unchanged + lasting, tuple(weights), watched, reports)
        logs = [
            w - r * unchanged + log(max(-expm1(-r * elapsed_s), 1e-12)) for w, r in zip(weights, RATES, strict=True)
        ]
        best = max(logs)
        return Learned(0.0, tuple(max(w - best, _FLOOR) for w in logs), watched, reports)

    def chances(self, prior: Chances) -> Chances:
        """The posterior."""
        unchanged = self.unchanged_s
        logs = [p + w - r * unchanged for p, w, r in zip(_logs(prior), self.weights, RATES, strict=True)]
        best = max(logs)
        return normal([exp(each - best) for each in logs])

    def report_rate(self, watchers: int) -> float:
        """nu: trusted reports per second; what people wait for is looked at more often."""
        return (_REPORTS + self.reports) / (_REPORTS_OVER_S * (1 + watchers) ** -0.7 + self.watched_s)

    def pack(self) -> str:
        """A short string: seconds unchanged, watched, of credit, and reports, in base 64 between points; then, where
        anything changed, two digits a weight. 10 to 14 characters, and 37 more after the first change."""
        numbers = (self.unchanged_s, self.watched_s, self.credit_s, self.reports * _PARTS)
        text = ".".join(_digits(round(number)) for number in numbers)
        levels = [round(w / _FLOOR * _LEVELS) for w in self.weights]
        if not any(levels):
            return text
        return text + "." + "".join([_TWO_DIGITS[level] for level in levels])


@lru_cache(maxsize=1024)
def _logs(prior: Chances) -> tuple[float, ...]:
    return tuple(log(p) for p in prior)


def _digits(number: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 64)
        digits = _DIGITS[digit] + digits
    return digits


def _number(digits: str) -> int:
    number = 0
    for digit in digits:
        number = number * 64 + _VALUES[digit]
    return number


@lru_cache(maxsize=1024)
def unpack(text: str | None) -> Learned:
    """Read what `pack` wrote; nothing, or what cannot be read, is a product that nobody has looked at."""
    packed = _PACKED.fullmatch(text or "")
    if packed is None:
        return Learned()
    *numbers, digits = packed.groups()
    unchanged, watched, credit, reports = map(_number, numbers)
    weights = tuple([_WEIGHTS[digits[i : i + 2]] for i in range(0, 2 * _BINS, 2)]) if digits else (0.0,) * _BINS
    return Learned(unchanged, weights, watched, reports / _PARTS, credit)


def mean_rate(chances: Chances) -> float:
    """The expected number of changes per second."""
    return sum(map(mul, chances, RATES))
