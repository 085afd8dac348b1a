"""The colours of a chart that the server draws: those of the page it lies in, or fixed ones for its own picture."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a chart, as values of SVG attributes."""

    ink: str
    line: str
    grid: str
    """Of the grid, faint; of hatching and the edges of a band, in full."""
    low: str
    high: str
    halo: str
    """What labels are surrounded with, so that no line runs through them: what the picture stands on."""
    ground: str | None
    """What fills the picture first; None where it lies on a page."""
    font: str


OF_THE_PAGE: Final = Palette(
    ink="currentColor",
    line="var(--chart-line, currentColor)",
    grid="var(--soft, currentColor)",
    low="var(--chart-low, currentColor)",
    high="var(--chart-high, currentColor)",
    halo="var(--ground, Canvas)",
    ground=None,
    font="inherit",
)
_FONT: Final = "Inter, system-ui, sans-serif"
LIGHT: Final = Palette("#1f2421", "#1d5f53", "#5b645f", "#1b6b3a", "#a34a1f", "#ffffff", "#ffffff", _FONT)
DARK: Final = Palette("#e8ebe6", "#83cdbb", "#a3ada6", "#86d3a0", "#e9a177", "#1d2320", "#1d2320", _FONT)
