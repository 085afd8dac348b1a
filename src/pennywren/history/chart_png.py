"""A chart as a PNG: mails and many forums show no SVG.

resvg draws it, with the one font that lies beside this module, so that every machine draws the same picture.
"""

import asyncio
from importlib.resources import as_file, files
from typing import Final

import resvg_py

_FONT_FAMILY: Final = "Inter"
_MAX_WAITING: Final = 16
"""Charts that may wait to be drawn in one process: about a second's work. More are turned away at once."""


def render_png(svg: str, *, scale: float = 2.0) -> bytes:
    """Draw a chart of `chart_svg` with a fixed palette, `scale` times as large as it says; takes about 20 ms.

    Raises:
        ValueError: this is no SVG.
    """
    with as_file(files("pennywren.history") / "fonts" / "Inter-Regular.ttf") as font:
        return resvg_py.svg_to_bytes(
            svg_string=svg,
            zoom=scale,
            skip_system_fonts=True,
            font_files=[str(font)],
            font_family=_FONT_FAMILY,
            sans_serif_family=_FONT_FAMILY,
        )


class PngRenderer:
    """Draws in a thread, one chart after the other; says so when more wait than can be drawn soon."""

    def __init__(self, max_waiting: int = _MAX_WAITING) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._max_waiting = max_waiting

    async def render(self, svg: str, *, scale: float = 2.0) -> bytes | None:
        """The picture; None when too many wait already."""
        if self._waiting >= self._max_waiting:
            return None
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(render_png, svg, scale=scale)
        finally:
            self._waiting -= 1
