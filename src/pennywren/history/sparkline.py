"""A history for a terminal: one line of blocks, and the rows of a table."""

from collections.abc import Sequence
from typing import Final

from pennywren.history.answer import History
from pennywren.history.step import measure_all
from pennywren.model.money import format_amount
from pennywren.model.series import Steps

BLOCKS: Final = "▁▂▃▄▅▆▇█"

Row = tuple[str, str, str, str]
"""When, price, low, high."""


def sparkline(steps: Steps, start: int, end: int, width: int = 60) -> str:
    """[start, end) ms in `width` cells of equal time, each the average of its time; a blank where there is none.

    The lowest cell is the lowest block, the highest one the highest; a price that never moved is drawn midway.
    """
    length = max(end - start, width)
    edges = [start + length * i // width for i in range(width + 1)]
    means = [None if cell is None else cell.mean for cell in measure_all(steps, edges)]
    return blocks(means)


def blocks(values: Sequence[float | None]) -> str:
    """Numbers as blocks; None as a blank."""
    known = [value for value in values if value is not None]
    if not known:
        return " " * len(values)
    low, reach = min(known), max(known) - min(known)
    middle, top = BLOCKS[3], len(BLOCKS) - 1
    return "".join(
        " " if value is None else BLOCKS[round((value - low) / reach * top)] if reach else middle for value in values
    )


def rows(history: History, most: int | None = None) -> list[Row]:
    """An answer as rows of a table, oldest first: the last `most` of them, or all. Amounts are decimals."""
    kept = history.history if most is None else history.history[max(len(history.history) - most, 0) :]
    return [
        (
            point.timestamp,
            format_amount(point.price, history.currency),
            format_amount(point.low, history.currency) if isinstance(point.low, int) else "",
            format_amount(point.high, history.currency) if isinstance(point.high, int) else "",
        )
        for point in kept
    ]
