"""What is believed of a product before anybody looked, by marketplace and price class: learned from all the others.

Empirical Bayes: the mean of the posteriors of products that were looked at is a better prior than the one they
began with. Each sweep brings a sample; what it says is mixed in slowly, and where few of a class are known, the
class leans on its marketplace and that on all.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log10
from typing import Final

import msgspec

from pennywren import keyspace
from pennywren.frontier.rate import PRIOR, RATES, Chances, normal
from pennywren.store.connect import Client

_TRUSTED_AS: Final = 50.0
"""A class leans on the wider one as if that had been seen in so many products."""
_REMEMBERED: Final = 3000.0
"""Products of a class that its prior rests on at most: later ones replace earlier ones."""
_LEAST: Final = 1e-4
"""No rate is ever ruled out."""

_WAITED_FOR: Final = "*"
_ENOUGH: Final = 20.0
"""The importance that must have been sampled before its mean says anything."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[float]).decode


def price_class(price: int | None) -> str:
    """The order of magnitude of a price in minor units, in halves: "2.0" is 1.00 to 3.16; "-" where there is none."""
    return "-" if not price or price < 1 else f"{int(log10(price) * 2) / 2:.1f}"


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A product that teaches."""

    marketplace: str
    price: int | None
    importance: float
    chances: Chances
    """The posterior of its rates."""


class Priors:
    """Sums of posteriors by class, and what follows from them."""

    def __init__(self, sums: Mapping[str, list[float]] | None = None) -> None:
        """`sums` as `load` reads them."""
        self._sums = {name: values for name, values in (sums or {}).items() if len(values) == len(RATES)}
        self._known: dict[tuple[str, str], Chances] = {}

    def of(self, marketplace: str, price: int | None) -> Chances:
        """The prior of a product that costs `price`."""
        which = marketplace, price_class(price)
        found = self._known.get(which)
        if found is None:
            found = self._known[which] = self._lean(f"{marketplace}:{which[1]}", self._lean(marketplace, PRIOR))
        return found

    def _lean(self, name: str, wider: Chances) -> Chances:
        sums = self._sums.get(name)
        if sums is None:
            return wider
        return normal([each + _TRUSTED_AS * w + _LEAST for each, w in zip(sums, wider, strict=True)])

    def learned(self, looked_at: Iterable[LookedAt]) -> "Priors":
        """With what a sample of products says mixed in."""
        sums: defaultdict[str, list[float]] = defaultdict(lambda: [0.0] * len(RATES), self._sums)
        for each in looked_at:
            for name, weight in (
                (each.marketplace, 1.0),
                (f"{each.marketplace}:{price_class(each.price)}", 1.0),
                (_WAITED_FOR, each.importance),
            ):
                sums[name] = [a + weight * b for a, b in zip(sums[name], each.chances, strict=True)]
        for name, values in sums.items():
            total = sum(values)
            if total > _REMEMBERED:
                sums[name] = [each * _REMEMBERED / total for each in values]
        return Priors(sums)

    def waited_for(self) -> Chances | None:
        """How often that changes what people wait for, each weighed by its importance; None where none is known."""
        sums = self._sums.get(_WAITED_FOR)
        return normal(sums) if sums and sum(sums) >= _ENOUGH else None

    async def keep(self, client: Client) -> None:
        """Write them for all workers."""
        if self._sums:
            await client.hset(
                keyspace.crawl_priors(),
                mapping={name: _encode([round(each, 3) for each in values]) for name, values in self._sums.items()},
            )


async def load(client: Client) -> Priors:
    """Read what has been learned so far; what cannot be read is as if it were not there."""
    sums: dict[str, list[float]] = {}
    for name, text in (await client.hgetall(keyspace.crawl_priors())).items():
        try:
            sums[str(name)] = _decode(text)
        except msgspec.DecodeError:
            continue
    return Priors(sums)
