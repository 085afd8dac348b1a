"""What has been said of one offer of a product since a crawl last looked: claims, agreement, and what was refuted.

It is small, bounded, and kept beside the product; it is a value, and speaking makes a new one. `memory` keeps it as
arrays in the order of the fields: new ones go to the end, with a default.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from pennywren.model.clock import DAY, HOUR, MINUTE
from pennywren.trust.reputation import Tenure

HEARD_FOR: Final = 12 * HOUR
"""A claim is heard for so long (ms)."""
AGREED_FOR: Final = 30 * MINUTE
"""Agreement with what is believed speaks against a claim for so long (ms)."""
AGREEMENT_KEPT: Final = HOUR
"""Who agreed is forgotten after so long (ms): by then a crawl would teach nothing of it."""
REFUTED_KEPT: Final = 7 * DAY
"""That a price was refuted is forgotten after so long (ms)."""
ASK_AGAIN: Final = HOUR
"""A crawl that was asked for and is not back within this time (ms) may be asked for again."""
_CLAIMS: Final = 60
_AGREEMENTS: Final = 50
_REFUTED: Final = 12
_NEAR: Final = 0.005
VOICES_PER_ASN: Final = 2


def near(price: int | None, other: int | None, within: float = _NEAR) -> bool:
    """Whether two prices (minor units, None: no offer) are the same but for rounding."""
    if price is None or other is None:
        return price is other
    return abs(price - other) <= within * other


class Voice(Struct, frozen=True, array_like=True):
    """One reporter said one price."""

    price: int | None
    at: int
    reporter: str
    network: str
    trust: float
    """How far it was believed when it spoke."""
    family: str | None = None
    asn: int | None = None
    tenure: Tenure = Tenure.NEW


class Refuted(Struct, frozen=True, array_like=True):
    """A price that crawls have found wrong, how often after the first time, and when last (ms)."""

    price: int | None
    again: int
    at: int


class Hearsay(Struct, frozen=True, array_like=True):
    """What has been said of one offer."""

    claims: tuple[Voice, ...] = ()
    """Who said something else than what is believed, oldest first."""
    agreements: tuple[Voice, ...] = ()
    """Who said the same."""
    refuted: tuple[Refuted, ...] = ()
    visits: float = 0.0
    """Reports a day, as a fading count."""
    visited_at: int = 0
    asked_at: int | None = None
    """When a crawl was asked for (ms) that is not back: it will answer all."""

    hinted_at: int = 0
    """When what was said last brought the product's next crawl forward (ms)."""

    def visited(self, now: int, weight: float = 1.0) -> "Hearsay":
        """With one more report at `now` (ms), whatever it says, or a sign of interest that weighs so much of one."""
        fade = math.exp(-max(0, now - self.visited_at) / DAY) if self.visited_at else 1.0
        return replace(self, visits=self.visits * fade + weight, visited_at=now)

    def with_claim(self, voice: Voice) -> "Hearsay":
        """With one more voice against what is believed; of too many the oldest of the loudest network goes."""
        claims = self.claims if len(self.claims) < _CLAIMS else _without_one(self.claims)
        return replace(self, claims=(*claims, voice))

    def with_agreement(self, voice: Voice) -> "Hearsay":
        """With one more voice for what is believed; after fifty, only one of another network says anything new."""
        agreements = self.agreements
        if len(agreements) >= _AGREEMENTS:
            networks = {each.network for each in agreements}
            if voice.network in networks or len(networks) == len(agreements):
                return self
            agreements = _without_one(agreements)
        return replace(self, agreements=(*agreements, voice))

    def with_refuted(self, prices: Sequence[int | None], seen: int | None, now: int) -> "Hearsay":
        """What is refuted after a crawl saw `seen` at `now` (ms), where `prices` had been claimed."""
        known = [each for each in self.refuted if not near(each.price, seen)]
        for price in prices:
            if near(price, seen):
                continue
            i = next((i for i, each in enumerate(known) if near(price, each.price)), None)
            if i is None:
                known = [*known[1 - _REFUTED :], Refuted(price, 0, now)]
            elif known[i].at != now:
                known[i] = Refuted(known[i].price, known[i].again + 1, now)
        return replace(self, refuted=tuple(known))

    def asked(self, now: int) -> "Hearsay":
        """With a crawl asked for at `now` (ms)."""
        return replace(self, asked_at=now)

    def not_asked(self) -> "Hearsay":
        """With no crawl on its way: it came to nothing, or found no place among what is worth more."""
        return replace(self, asked_at=None)

    def hinted(self, now: int) -> "Hearsay":
        """With the next crawl brought forward at `now` (ms)."""
        return replace(self, hinted_at=now)

    def awaits(self, now: int) -> bool:
        """Whether a crawl is on its way; one that is not back for an hour may be asked for again."""
        return self.asked_at is not None and now - self.asked_at < ASK_AGAIN

    def kept(self, now: int) -> "Hearsay":
        """Without what is too old at `now` (ms) to say anything: nothing is kept longer than it is needed."""
        claims = self.claims
        if claims and claims[0].at <= now - HEARD_FOR:
            claims = tuple(voice for voice in claims if voice.at > now - HEARD_FOR)
        agreements = self.agreements
        if agreements and agreements[0].at <= now - AGREEMENT_KEPT:
            agreements = tuple(voice for voice in agreements if voice.at > now - AGREEMENT_KEPT)
        refuted = tuple(each for each in self.refuted if each.at > now - REFUTED_KEPT)
        return replace(self, claims=claims, agreements=agreements, refuted=refuted)

    def saying(self, price: int | None, now: int) -> list[Voice]:
        """The claims of a price that are still heard, oldest first."""
        return [voice for voice in self.claims if voice.at > now - HEARD_FOR and near(voice.price, price)]

    def agreeing_since(self, start: int, now: int) -> set[str]:
        """The networks that still saw what is believed after `start` (ms), lately."""
        since = max(start, now - AGREED_FOR)
        return {voice.network for voice in self.agreements if voice.at > since}


def _without_one(voices: tuple[Voice, ...]) -> tuple[Voice, ...]:
    """Without the oldest of the network that said most, so that nobody talks others out of what is remembered."""
    ((loudest, _),) = Counter(each.network for each in voices).most_common(1)
    oldest = next(i for i, each in enumerate(voices) if each.network == loudest)
    return (*voices[:oldest], *voices[oldest + 1 :])


def independent(voices: Sequence[Voice]) -> list[Voice]:
    """Those that may count as independent: the most trusted of each network and family, two of each known ASN."""
    return list(_independent(sorted(voices, key=lambda voice: -voice.trust)))


def _independent(voices: Sequence[Voice]) -> Iterator[Voice]:
    taken: set[str] = set()
    of_asn: dict[int, int] = {}
    for voice in voices:
        names = {f"network {voice.network}", f"reporter {voice.reporter}"}
        if voice.family is not None:
            names.add(f"family {voice.family}")
        if taken & names:
            continue
        if voice.asn is not None:
            if of_asn.get(voice.asn, 0) >= VOICES_PER_ASN:
                continue
            of_asn[voice.asn] = of_asn.get(voice.asn, 0) + 1
        taken |= names
        yield voice
