"""What grew, as a table with exponents and a plot."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.plots import Points, draw, exponent, worse_than_n_log_n
from bench.report import Section

_FOLDER: Final = Path(__file__).parent.parent
_TIMES: Final = 20


async def ms(work: Callable[..., Awaitable[Any]], *arguments: Any, **named: Any) -> float:
    """How long it takes, the quickest of some times: what else runs on the machine only ever makes it longer."""
    found: list[float] = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        await work(*arguments, **named)
        found.append((time.perf_counter() - began) * 1000)
    return min(found)


def section(what: str, across: str, curves: Mapping[str, Points], limits: Sequence[str], more: str = "") -> Section:
    """Draw the curves, and say of each how it grew; `more` is said of how it was measured."""
    picture = f"growth-{what.replace(' ', '-')}.svg"
    draw(_FOLDER / picture, across, curves)
    found = Section(
        f"Growth: {what}",
        f"What each costs with more {across}, and the exponent of the straight line through the logarithms. "
        f"Plot: `bench/{picture}`.{more and ' ' + more}",
        ["cost", "from", "to", "n to the", "more than n log n in the end"],
        limits=list(limits),
    )
    for cost, points in curves.items():
        ends = [f"{points[i][1]:,.3g} at {points[i][0]:,}" for i in (0, -1)]
        worse = "yes" if worse_than_n_log_n(points) else "no"
        found.rows.append([cost, *ends, f"{exponent(points):.2f}", worse])
    return found
