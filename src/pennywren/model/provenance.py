"""Where a recorded price comes from, as it is kept beside the product: one short text for each sample.

A price that one crawl saw needs no text: it is what is meant where there is none, so that the usual case costs nothing.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pennywren.model.offer import Offer

FORGOTTEN: Final = "forgotten"
"""The field (and word) for samples up to a time (ms) whose provenance is not kept any more."""
_MOST_RANGES: Final = 50


class Ground(StrEnum):
    """On what ground a sample was believed."""

    CRAWL = "crawl"
    """One of our crawls saw it."""
    CRAWLED_TWICE = "crawledTwice"
    """Far from the price before it, so that two crawls had to see the same."""
    VERIFIED = "verified"
    """Reporters said so first, and then a crawl of ours saw it, too."""
    CORROBORATED = "corroborated"
    """Independent reporters said the same of a small move, and no crawl of ours has seen it yet."""
    NEAR = "near"
    """A trusted reporter said so, and it is what a crawl of ours had seen but for rounding."""
    IMPORTED = "imported"
    """From a history that was brought in from elsewhere."""
    FORGOTTEN = "forgotten"
    """Recorded by us; how is not kept so long."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Why one sample is believed."""

    ground: Ground
    reporters: int = 0
    """How many independent reporters said so."""
    first_at: int | None = None
    """When the first of them, or the first of two crawls, did (ms UTC)."""
    crawled_at: int | None = None
    """When a crawl of ours saw it afterwards (ms UTC)."""

    def write(self) -> str:
        """`corroborated 3 1764067200000`, and the time of the crawl behind it where there was one."""
        times = [self.first_at or 0, self.crawled_at or 0]
        words = [self.ground.value, str(self.reporters), *(str(time) for time in times)]
        return " ".join(words).removesuffix(" 0").removesuffix(" 0").removesuffix(" 0")


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A sample that was found false and taken out of the history."""

    price: int
    """Minor units."""
    at: int
    """When it was seen (ms UTC)."""
    until: int | None
    """When the next price was seen; None if it was still believed."""
    withdrawn_at: int
    because: str

    def write(self) -> str:
        """`withdrawn` and the rest as JSON."""
        rest = {"price": self.price, "until": self.until, "withdrawnAt": self.withdrawn_at, "because": self.because}
        return f"withdrawn {json.dumps(rest, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class Proofs:
    """What is kept of a product's samples."""

    samples: Mapping[tuple[Offer, int], Provenance] = field(default_factory=dict[tuple[Offer, int], Provenance])
    withdrawn: Mapping[tuple[Offer, int], Withdrawn] = field(default_factory=dict[tuple[Offer, int], Withdrawn])
    imported: Mapping[Offer, Sequence[tuple[int, int]]] = field(default_factory=dict[Offer, Sequence[tuple[int, int]]])
    """The spans (ms, both ends included) whose samples were imported."""
    forgotten: int = 0
    """Of samples up to this time (ms) more may have been known once."""

    def of(self, offer: Offer, at: int) -> Provenance:
        """The provenance of the sample that begins at `at` (ms)."""
        known = self.samples.get((offer, at))
        if known is not None:
            return known
        if any(start <= at <= end for start, end in self.imported.get(offer, ())):
            return Provenance(Ground.IMPORTED)
        return Provenance(Ground.FORGOTTEN if at <= self.forgotten else Ground.CRAWL)

    def withdrawn_at(self, offer: Offer, at: int) -> list[Withdrawn]:
        """What was recorded for a moment (ms) once and was found false, by when it was seen."""
        return [
            each
            for (of, start), each in sorted(self.withdrawn.items())
            if of is offer and start <= at and (each.until is None or at < each.until)
        ]


_OFFERS: Final = {offer.value: offer for offer in Offer}
_GROUNDS: Final = {ground.value: ground for ground in Ground}


def sample_field(offer: Offer, at: int) -> str:
    """The field of the sample of an offer that begins at `at` (ms): `buybox:1764067200000`."""
    return f"{offer.value}:{at}"


def imported_field(offer: Offer) -> str:
    """The field of an offer's imported spans: `buybox:imported`."""
    return f"{offer.value}:{Ground.IMPORTED.value}"


def write_ranges(ranges: Iterable[tuple[int, int]]) -> str:
    """`1-5,9-12`: sorted, and joined where they touch; of very many, neighbours are joined over what lies between."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    while len(joined) > _MOST_RANGES:
        i = min(range(1, len(joined)), key=lambda i: joined[i][0] - joined[i - 1][1])
        joined[i - 1 : i + 1] = [(joined[i - 1][0], joined[i][1])]
    return ",".join(f"{start}-{end}" for start, end in joined)


def read_proofs(fields: Mapping[str, str]) -> Proofs:
    """Read the hash; what is not understood is passed over, as if nothing were kept of it."""
    samples: dict[tuple[Offer, int], Provenance] = {}
    withdrawn: dict[tuple[Offer, int], Withdrawn] = {}
    imported: dict[Offer, Sequence[tuple[int, int]]] = {}
    for name, text in fields.items():
        word, _, rest = name.partition(":")
        offer = _OFFERS.get(word)
        if offer is None:
            continue
        if rest == Ground.IMPORTED:
            imported[offer] = _read_ranges(text)
        elif rest.isdecimal() and text.startswith("withdrawn "):
            withdrawn[offer, int(rest)] = _read_withdrawn(int(rest), text)
        elif rest.isdecimal() and (found := _read_provenance(text)) is not None:
            samples[offer, int(rest)] = found
    forgotten = fields.get(FORGOTTEN, "0")
    return Proofs(samples, withdrawn, imported, int(forgotten) if forgotten.isdecimal() else 0)


def _read_provenance(text: str) -> Provenance | None:
    word, *rest = text.split(" ")
    if word not in _GROUNDS or not all(number.isdecimal() for number in rest):
        return None
    reporters, first_at, crawled_at = ([int(number) for number in rest] + [0, 0, 0])[:3]
    return Provenance(_GROUNDS[word], reporters, first_at or None, crawled_at or None)


def _read_withdrawn(at: int, text: str) -> Withdrawn:
    rest = json.loads(text.removeprefix("withdrawn "))
    return Withdrawn(rest["price"], at, rest["until"], rest["withdrawnAt"], rest["because"])


def _read_ranges(text: str) -> list[tuple[int, int]]:
    pairs = (part.partition("-") for part in text.split(",") if part)
    return [(int(start), int(end)) for start, _, end in pairs]
