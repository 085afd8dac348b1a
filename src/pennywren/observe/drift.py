"""Drift: shops change their pages, and then our readers no longer understand some of them. Pure rules.

A share of unreadable pages is always there (a page cut off, a product without a name). What counts as drift is a share
above the threshold among enough pages of one marketplace and layout.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pennywren.model.clock import HOUR

ENOUGH_PAGES: Final = 20
"""Fewer pages than this say nothing."""
WINDOW_HOURS: Final = 24
"""So many hours are looked at together, this one included."""


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """Pages of one marketplace and layout."""

    marketplace: str
    layout: str
    """The family of places that the page has its prices in (see `PageReading.layout`); `none` where it has none."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many pages of one kind were read, and how many could not be."""

    kind: Kind
    read: int
    unreadable: int

    @property
    def pages(self) -> int:
        """All of them."""
        return self.read + self.unreadable

    @property
    def share(self) -> float:
        """The share that could not be read, 0 to 1."""
        return self.unreadable / self.pages if self.pages else 0.0

    def drifts(self, percent: int) -> bool:
        """Whether somebody should look: more than `percent` of enough pages could not be read."""
        return self.pages >= ENOUGH_PAGES and self.share * 100 > percent


def hours_until(now: int) -> range:
    """The hours (since the epoch) that count at `now` (ms)."""
    this = now // HOUR
    return range(this - WINDOW_HOURS + 1, this + 1)


def field(kind: Kind, *, readable: bool) -> str:
    """Under which name a page of this kind is counted."""
    return f"{kind.marketplace}:{kind.layout}:{'read' if readable else 'unreadable'}"


def tallies(hours: Iterable[Mapping[str, str]]) -> list[Tally]:
    """What was counted in several hours, together, by kind in their order."""
    counts: dict[Kind, list[int]] = {}
    for counted in hours:
        for name, number in counted.items():
            marketplace, layout, word = name.split(":")
            of = counts.setdefault(Kind(marketplace, layout), [0, 0])
            of[word == "unreadable"] += int(number)
    return [Tally(kind, *counts[kind]) for kind in sorted(counts)]
