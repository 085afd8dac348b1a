"""What the lines and shades of a chart mean, above it: a picture of its own has no page around it that says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from pennywren.history.chart_palette import Palette

ROW: Final = 17
"""Height of a row of the legend, in pixels."""
LETTER: Final = 6.6
"""Width of a letter of what a chart says, at most on average, in pixels."""
_SAMPLE: Final = 20
_GAP: Final = 6
_APART: Final = 12


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of line or shade, and what it means; `left` is where its sample begins, in pixels."""

    name: str
    told: str
    left: float


def rows(told: Sequence[tuple[str, str]], left: float, right: float) -> list[list[Entry]]:
    """Lay out (name, meaning) from the right end, in as many rows as they need between `left` and `right`."""
    found: list[list[Entry]] = []
    end = left
    for name, text in reversed(told):
        width = _SAMPLE + _GAP + len(text) * LETTER
        if not found or end - width < left:
            found.append([])
            end = right
        end -= width
        found[-1].append(Entry(name, text, end))
        end -= _APART
    return found


def drawn(laid_out: Sequence[Sequence[Entry]], palette: Palette, dashes: dict[str, str]) -> list[str]:
    """The rows as SVG, the first at the top; `dashes` has the attributes of each kind of line."""
    return [
        part
        for number, row in enumerate(laid_out)
        for entry in row
        for part in (
            _sample(entry, 9 + number * ROW, palette, dashes),
            f'<text class="chart-legend" x="{entry.left + _SAMPLE + _GAP:g}" y="{13 + number * ROW}" '
            f'text-anchor="start" fill="{palette.ink}">{escape(entry.told)}</text>',
        )
    ]


def _sample(entry: Entry, middle: int, palette: Palette, dashes: dict[str, str]) -> str:
    left, top = entry.left, middle - 5
    if entry.name == "unseen":
        hatch = "".join(f"M{left + 5 * stroke:g} {top + 10}l5 -10" for stroke in range(4))
        return f'<path d="{hatch}" stroke="{palette.grid}"/>'
    if entry.name == "typical":
        area = f'<rect x="{left:g}" y="{top}" width="{_SAMPLE}" height="10" fill="{palette.line}" fill-opacity="0.12"/>'
        return f'{area}<path d="M{left:g} {top}h{_SAMPLE}m-{_SAMPLE} 10h{_SAMPLE}" stroke="{palette.grid}"/>'
    if entry.name == "outliers":
        arrow = f"M{left + 12:g} {top}v10m-3 -3l3 3l3 -3m-6 -4l3 -3l3 3"
        return f'<path d="{arrow}" stroke="{palette.ink}"/>'
    stroke = palette.ink if entry.name == "target" else palette.line
    return f'<path d="M{left:g} {middle}h{_SAMPLE}" stroke="{stroke}" stroke-width="2"{dashes[entry.name]}/>'
