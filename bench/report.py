"""How figures are gathered and written to `bench/RESULTS.md`."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"


@dataclass(frozen=True)
class Goal:
    """A promise: `name` must be at least (or at most) `limit`."""

    name: str
    value: float
    limit: float
    at_most: bool = False
    unit: str = "×"

    @property
    def met(self) -> bool:
        return self.value <= self.limit if self.at_most else self.value >= self.limit

    def __str__(self) -> str:
        verdict = "met" if self.met else "**missed**"
        bound = "at most" if self.at_most else "at least"
        return f"{self.name}: {self.value:.2f} {self.unit} ({bound} {self.limit:g} {self.unit}: {verdict})"


@dataclass
class Section:
    """One measurement: a table, the goals it answers, and what limits each figure."""

    title: str
    how: str
    header: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list[Sequence[str]])
    goals: list[Goal] = field(default_factory=list[Goal])
    limits: list[str] = field(default_factory=list[str])

    def markdown(self) -> str:
        lines = [
            f"## {self.title}",
            "",
            self.how,
            "",
            f"| {' | '.join(self.header)} |",
            f"|{'---|' * len(self.header)}",
        ]
        lines += [f"| {' | '.join(row)} |" for row in self.rows]
        lines += ["", *(f"- {goal}" for goal in self.goals), *(f"- {limit}" for limit in self.limits), ""]
        return "\n".join(lines)


def median_of(values: Sequence[float]) -> float:
    """The median: this kind of machine is noisy."""
    return statistics.median(values)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def write(section: Section) -> None:
    """Put a section into `bench/RESULTS.md`, in place of what was measured of it before."""
    kept = RESULTS.read_text() if RESULTS.exists() else ""
    parts = {part.partition("\n")[0]: part.rstrip() for part in kept.split("\n## ")[1:]}
    title, _, body = section.markdown().removeprefix("## ").partition("\n")
    parts[title] = f"{title}\n\nMeasured on {datetime.now(UTC):%Y-%m-%d} on {_machine()}.\n{body}".rstrip()
    RESULTS.write_text(_HEAD + "".join(f"\n## {part}\n" for part in parts.values()))


_HEAD = """# Results

What `make bench` measured last; `make bench ONLY=record` measures a part of it. The machine is shared and noisy: read
medians, and ratios of one run.
"""


def _machine() -> str:
    info = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((line.split(":", 1)[1].strip() for line in info if "model name" in line), platform.processor())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores of {cpu}, {memory:.0f} GiB, Python {platform.python_version()}"
