"""A history as a calm SVG chart, made on the server.

The time axis is true and the line steps: a price holds until it changes. While there is no offer the last price
goes on dotted; a price that browsers reported and no crawl has seen is dashes and dots; where nobody looked there is no
line, but a shade. A picture of its own has a legend of what it shows of these. The domain of prices is the range's. No
script, no style element and no style attribute, so a strict Content-Security-Policy holds. In a page the colours are
custom properties of the page over `currentColor`, light and dark; a picture of its own has a palette that is fixed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from pennywren.history.axis import price_ticks, time_ticks
from pennywren.history.outliers import ordinary
from pennywren.history.step import Measure, Span, measure, spans
from pennywren.language.speaking import Language, language
from pennywren.model.clock import DAY
from pennywren.model.series import State, Steps

_LEFT: Final = 64
_RIGHT: Final = 16
_TOP: Final = 20
_BOTTOM: Final = 28
_BEYOND: Final = 3
_DASHES: Final = {
    "absent": ' stroke-dasharray="1 4"',
    "rumour": ' stroke-dasharray="7 3 1.5 3"',
    "target": ' stroke-dasharray="6 4"',
}
_ENGLISH: Final = language("en")
_LETTER: Final = 6.6
"""Width of a letter of the legend, at most on average."""
_SWATCH: Final = 26
_LABEL: Final = 84
"""Width that a label of the time axis needs, with the space beside it."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a chart, as values of SVG attributes."""

    ink: str
    line: str
    grid: str
    low: str
    high: str
    ground: str | None
    """What the picture stands on; None where it lies on a page."""
    font: str


OF_THE_PAGE: Final = Palette(
    ink="currentColor",
    line="var(--chart-line, currentColor)",
    grid="var(--chart-grid, currentColor)",
    low="var(--chart-low, currentColor)",
    high="var(--chart-high, currentColor)",
    ground=None,
    font="inherit",
)
_SILENCE: Final = 7 * DAY
"""So long after the last look (ms) the time since then is shaded, too, as in the chart that a script draws."""
_DOTS: Final = ' stroke-linecap="round"'
"""A look without another one near it has no length, and shows as a dot."""
_FONT: Final = "Inter, system-ui, sans-serif"
LIGHT: Final = Palette("#1f2421", "#1d5f53", "#5b645f", "#1b6b3a", "#a34a1f", "#ffffff", _FONT)
DARK: Final = Palette("#e8ebe6", "#83cdbb", "#a3ada6", "#86d3a0", "#e9a177", "#1d2320", _FONT)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where times (ms) and prices (minor units) come to lie, in pixels."""

    width: int
    height: int
    start: int
    end: int
    low: int
    high: int
    palette: Palette

    def x(self, at: int) -> float:
        inner = self.width - _LEFT - _RIGHT
        return round(_LEFT + inner * (at - self.start) / (self.end - self.start), 1)

    def y(self, price: int) -> float:
        """What the axis leaves out lies just beyond its end."""
        inner = self.height - _TOP - _BOTTOM
        y = self.height - _BOTTOM - inner * (price - self.low) / (self.high - self.low)
        return round(min(max(y, _TOP - _BEYOND), self.height - _BOTTOM + _BEYOND), 1)


def chart(
    steps: Steps,
    start: int,
    end: int,
    currency: str,
    *,
    title: str,
    width: int = 720,
    height: int = 260,
    palette: Palette = OF_THE_PAGE,
    words: Language = _ENGLISH,
    from_zero: bool = False,
    unverified: Sequence[tuple[int, int]] = (),
    target: int | None = None,
    described: str | None = None,
) -> str:
    """The chart of [start, end) ms as one `<svg>` element. `title` may be any text; it is escaped.

    `end` may lie behind the last look: the line ends there. The axis of prices shows what moved, or begins at zero.
    `unverified` has the spans of time whose price no crawl has seen; `target` (minor units) is a line of its own.
    `words` is the language of its labels; `described` says more of what it shows than they would.
    """
    whole = measure(steps, start, end)
    name = escape(title)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="price-chart" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{palette.font}" font-size="12" fill="none">'
        f"<title>{name}</title><desc>{escape(described or _description(whole, currency, words))}</desc>"
    )
    if palette.ground:
        head += f'<rect width="{width}" height="{height}" fill="{palette.ground}"/>'
    if whole is None:
        nothing = described or words.say("chart.empty")
        return f"{head}{_text(width / 2, height / 2, nothing, 'middle', palette.ink)}</svg>"
    stretches = spans(steps, start, end)
    usual = ordinary(stretches)
    low, high = (usual.low, usual.high) if usual and usual.outside else (whole.low, whole.high)
    # A little air above and below; a price that never moved gets a band around it that shows so.
    air = max((high - low) // 20 if high > low else high // 20, 1)
    lowest, highest = (low, high) if target is None else (min(low, target), max(high, target))
    ticks = price_ticks(0 if from_zero else max(lowest - air, 0), highest + air)
    frame = _Frame(width, height, start, end, ticks[0], ticks[-1], palette)
    line, rumour, dotted = _lines(stretches, frame, unverified)
    if not line and not rumour:
        # Only the last look lies in the range: a moment, which has no length to draw.
        line = f"M{frame.x(whole.low_at)} {frame.y(whole.low)}h2"
    unseen = _unseen(stretches, frame)
    shown = {
        "absent": bool(dotted), "rumour": bool(rumour), "unseen": bool(unseen), "target": target is not None,
        "outliers": bool(usual and usual.outside),
    }  # fmt: skip
    return "".join(
        [
            head,
            *unseen,
            *_grid(frame, ticks, currency, words),
            "" if target is None else _across(frame, target),
            _path("chart-absent", dotted, palette.line, _DASHES["absent"]),
            _path("chart-rumour", rumour, palette.line, _DASHES["rumour"]),
            _path("chart-line", line, palette.line, _DOTS),
            *_extremes(whole, frame, currency, words),
            *(_legend(frame, [name for name, is_shown in shown.items() if is_shown], words) if palette.ground else ()),
            "</svg>",
        ]
    )


def _description(whole: Measure | None, currency: str, words: Language) -> str:
    if whole is None:
        return words.say("chart.empty")
    extremes = words.say(
        "chart.extremes", low=words.money(whole.low, currency), low_day=words.short_day(whole.low_at),
        high=words.money(whole.high, currency), high_day=words.short_day(whole.high_at),
    )  # fmt: skip
    return f"{extremes} {words.say('chart.average', average=words.money(whole.average, currency))}"


def _lines(stretches: Sequence[Span], frame: _Frame, unverified: Sequence[tuple[int, int]]) -> tuple[str, str, str]:
    """The paths of what was seen, of what was only reported, and of the last price where there was no offer."""
    line, rumour, dotted = _Pen(), _Pen(), _Pen()
    last: int | None = None
    for stretch in stretches:
        begin, until = frame.x(stretch.start), frame.x(stretch.end)
        if stretch.price is not None:
            last = stretch.price
            is_rumour = any(start <= stretch.start < end for start, end in unverified)
            pen, other = (rumour, line) if is_rumour else (line, rumour)
            other.lift()
            pen.draw(begin, until, frame.y(last))
        else:
            line.lift()
            rumour.lift()
            if stretch.state is State.NO_OFFER and last is not None:
                dotted.lift()
                dotted.draw(begin, until, frame.y(last))
    return line.path(), rumour.path(), dotted.path()


def _unseen(stretches: Sequence[Span], frame: _Frame) -> list[str]:
    """A shade over each time in which nobody looked since the first look, up to now where the last one is long past."""
    seen = [stretch for stretch in stretches if stretch.state is not State.NOT_OBSERVED]
    if not seen:
        return []
    height = frame.height - _TOP - _BOTTOM
    shades: list[str] = []
    for stretch in stretches:
        is_over = stretch.start < seen[-1].start or stretch.end - stretch.start > _SILENCE
        if stretch.state is State.NOT_OBSERVED and seen[0].start < stretch.start and is_over:
            x, width = frame.x(stretch.start), frame.x(stretch.end) - frame.x(stretch.start)
            place = f'x="{x:g}" y="{_TOP}" width="{width:g}" height="{height}"'
            shades.append(f'<rect class="chart-unseen" {place} fill="{frame.palette.ink}" fill-opacity="0.07"/>')
    return shades


class _Pen:
    """Draws steps. Changes within one pixel become one stroke from the lowest to the highest of them."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._at: float | None = None
        self._height = 0.0

    def lift(self) -> None:
        self._at = None

    def draw(self, begin: float, until: float, height: float) -> None:
        if self._at is None:
            self._parts.append(f"M{begin:g} {height:g}")
        elif height != self._height:
            self._parts.append(f"V{height:g}")
        if self._at is None or until > begin:
            self._parts.append(f"H{until:g}")
        self._at, self._height = until, height

    def path(self) -> str:
        return "".join(self._merged())

    def _merged(self) -> list[str]:
        """Of several vertical strokes in a row only the extremes and the last one show."""
        kept: list[str] = []
        climb: list[str] = []
        for part in [*self._parts, ""]:
            if part.startswith("V"):
                climb.append(part)
                continue
            if len(climb) > 3:
                ordered = sorted(climb, key=lambda stroke: float(stroke[1:]))
                climb = [ordered[0], ordered[-1], climb[-1]]
            kept += climb
            climb = []
            kept.append(part)
        return kept


def _grid(frame: _Frame, ticks: Sequence[int], currency: str, words: Language) -> list[str]:
    right, bottom = frame.width - _RIGHT, frame.height - _BOTTOM
    ink = frame.palette.ink
    parts = [f'<g class="chart-grid" stroke="{frame.palette.grid}" stroke-opacity="0.25">']
    parts += [f'<path d="M{_LEFT} {frame.y(tick):g}H{right}"/>' for tick in ticks]
    parts.append("</g>")
    parts += [_text(_LEFT - 8, frame.y(tick) + 4, words.figure(tick, currency), "end", ink) for tick in ticks]
    parts += [
        _text(frame.x(at), bottom + 18, label, "middle", ink)
        for at, label in time_ticks(frame.start, frame.end, words, max((right - _LEFT) // _LABEL, 2))
        if frame.x(at) < right - 20
    ]
    parts.append(_text(_LEFT - 8, 10, currency, "end", ink))
    return parts


def _across(frame: _Frame, target: int) -> str:
    """The line of a target, from edge to edge."""
    path = f"M{_LEFT} {frame.y(target):g}H{frame.width - _RIGHT}"
    return f'<path class="chart-target" d="{path}" stroke="{frame.palette.ink}"{_DASHES["target"]}/>'


def _legend(frame: _Frame, names: Sequence[str], words: Language) -> list[str]:
    """What the kinds of lines and shades mean, in the corner above the chart; as many as there is room for."""
    parts: list[str] = []
    right = float(frame.width - _RIGHT)
    for name in reversed(names):
        told = words.say(f"chart.legend.{name}")
        left = right - len(told) * _LETTER
        if left - _SWATCH < _LEFT:
            break
        place = f"M{left - _SWATCH:g} 9h{_SWATCH - 6}"
        if name == "unseen":
            shade = f'x="{left - _SWATCH:g}" y="4" width="{_SWATCH - 6}" height="10"'
            parts.append(f'<rect {shade} fill="{frame.palette.ink}" fill-opacity="0.14"/>')
        elif name == "outliers":
            arrow = f"M{left - 14:g} 4v10m-3 -3l3 3l3 -3m-6 -4l3 -3l3 3"
            parts.append(f'<path d="{arrow}" stroke="{frame.palette.ink}"/>')
        else:
            stroke = frame.palette.ink if name == "target" else frame.palette.line
            parts.append(f'<path d="{place}" stroke="{stroke}" stroke-width="2"{_DASHES[name]}/>')
        parts.append(_text(left, 13, told, "start", frame.palette.ink, "chart-legend"))
        right = left - _SWATCH - 12
    return parts


def _extremes(whole: Measure, frame: _Frame, currency: str, words: Language) -> list[str]:
    marks = [("low", whole.low, whole.low_at, 15)]
    if whole.high != whole.low:
        marks.append(("high", whole.high, whole.high_at, -7))
    parts: list[str] = []
    for name, price, at, shift in marks:
        x, y = frame.x(at), frame.y(price)
        anchor = "start" if x < _LEFT + 60 else "end" if x > frame.width - _RIGHT - 60 else "middle"
        if y + shift > frame.height - _BOTTOM:
            shift = -7
        colour = frame.palette.low if name == "low" else frame.palette.high
        parts.append(f'<circle class="chart-{name}" cx="{x:g}" cy="{y:g}" r="3.5" fill="{colour}"/>')
        parts.append(
            _text(x, y + shift, words.figure(price, currency), anchor, frame.palette.ink, f"chart-{name}-label")
        )
    return parts


def _path(name: str, path: str, stroke: str, more: str) -> str:
    return f'<path class="{name}" d="{path}" stroke="{stroke}" stroke-width="2"{more}/>' if path else ""


def _text(x: float, y: float, text: str, anchor: str, ink: str, name: str = "chart-label") -> str:
    return f'<text class="{name}" x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{ink}">{escape(text)}</text>'
