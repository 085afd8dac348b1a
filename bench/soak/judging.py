"""What grew, from what was taken: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.soak.processes import POSTGRES, Taken

MOST_GROWTH = 0.05
"""Share by which a process may be larger at the end than after the warm-up."""


@dataclass(frozen=True)
class Row:
    """One process that ran from the warm-up to the end."""

    name: str
    before_kb: int
    after_kb: int
    descriptors_before: int
    """The most that it had open in the first part."""
    descriptors_after: int
    """The least that it had open in the last part: above the former, some are never closed."""

    @property
    def growth(self) -> float:
        return self.after_kb / self.before_kb - 1 if self.before_kb else 0.0

    @property
    def keeps_data(self) -> bool:
        """The servers grow with what is recorded, which is what they are for."""
        return self.name == POSTGRES or self.name.startswith("redis-server")

    @property
    def grew(self) -> bool:
        return not self.keeps_data and self.growth > MOST_GROWTH

    @property
    def leaks(self) -> bool:
        return self.descriptors_after > self.descriptors_before


def rows(taken: Mapping[str, Sequence[Taken]], warm: float, end: float) -> list[Row]:
    """Compare the first and the last quarter of the time from `warm` to `end` (s) for each process of both."""
    quarter = (end - warm) / 4
    found: list[Row] = []
    for name, all_of in taken.items():
        first = [each for each in all_of if warm <= each.at < warm + quarter]
        last = [each for each in all_of if each.at >= end - quarter]
        if first and last:
            before, after = (round(median(each.own_kb for each in part)) for part in (first, last))
            most, least = max(each.descriptors for each in first), min(each.descriptors for each in last)
            found.append(Row(name, before, after, most, least))
    return sorted(found, key=lambda row: row.name)
