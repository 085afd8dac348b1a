"""A history as a calm SVG chart, made on the server.

The time axis is true and the line steps: a price holds until it changes. While there is no offer the last price
goes on dotted; a price that browsers reported and no crawl has seen is dashes and dots; where nobody looked there is no
line, but hatching. With enough history a band shows the middle half of the prices; with little, each change is a dot.
A picture of its own has a legend of what it shows of these. The domain of prices is the range's. No
script, no style element and no style attribute, so a strict Content-Security-Policy holds. In a page the colours are
custom properties of the page over `currentColor`, light and dark; a picture of its own has a palette that is fixed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from pennywren.history.axis import price_ticks, time_ticks
from pennywren.history.chart_legend import LETTER, ROW, drawn, rows
from pennywren.history.chart_palette import OF_THE_PAGE, Palette
from pennywren.history.median import quantile_of
from pennywren.history.outliers import ordinary
from pennywren.history.step import Measure, Span, measure, spans
from pennywren.history.summary import ENOUGH_DAYS
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
_LABEL: Final = 84
"""Width that a label of the time axis needs, with the space beside it."""
_LEAST: Final = 40
"""Height that the plot keeps, whatever the legend would take."""
_SILENCE: Final = 7 * DAY
"""So long after the last look (ms) the time since then is shaded, too, as in the chart that a script draws."""
_DOTS: Final = ' stroke-linecap="round"'
"""A look without another one near it has no length, and shows as a dot."""
_MOST_DOTS: Final = 60
_HATCH: Final = 8
"""Pixels from one stroke of a hatching to the next."""


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
    top: int
    """Where the plot begins, below the legend."""

    def x(self, at: int) -> float:
        inner = self.width - _LEFT - _RIGHT
        return round(_LEFT + inner * (at - self.start) / (self.end - self.start), 1)

    def y(self, price: int) -> float:
        """What the axis leaves out lies just beyond its end."""
        inner = self.height - self.top - _BOTTOM
        y = self.height - _BOTTOM - inner * (price - self.low) / (self.high - self.low)
        return round(min(max(y, self.top - _BEYOND), self.height - _BOTTOM + _BEYOND), 1)


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
    typical = _typical(stretches)
    first = next((stretch.start for stretch in stretches if stretch.price is not None), end)
    shown = {
        "typical": typical is not None,
        "absent": any(stretch.state is State.NO_OFFER and stretch.start > first for stretch in stretches),
        "rumour": any(_is_rumour(stretch, unverified) for stretch in stretches),
        "unseen": bool(_unseen(stretches)),
        "target": target is not None,
        "outliers": bool(usual and usual.outside),
    }
    told = [(name, words.say(f"chart.legend.{name}")) for name, is_shown in shown.items() if is_shown]
    room = max((height - _TOP - _BOTTOM - _LEAST) // ROW, 0) + 1
    legend = rows(told, _LEFT, width - _RIGHT)[:room] if palette.ground else []
    top = _TOP + ROW * max(len(legend) - 1, 0)
    frame = _Frame(width, height, start, end, ticks[0], ticks[-1], palette, top)
    line, rumour, dotted = _lines(stretches, frame, unverified)
    if not line and not rumour:
        # Only the last look lies in the range: a moment, which has no length to draw.
        line = f"M{frame.x(whole.low_at)} {frame.y(whole.low)}h2"
    return "".join(
        [
            head,
            "" if typical is None else _band(frame, *typical),
            *(_hatching(stretch, frame) for stretch in _unseen(stretches)),
            *_grid(frame, ticks, currency, words),
            "" if target is None else _across(frame, target),
            _path("chart-absent", dotted, palette.line, _DASHES["absent"]),
            _path("chart-rumour", rumour, palette.line, _DASHES["rumour"]),
            _path("chart-line", line, palette.line, _DOTS),
            _dots(stretches, frame),
            *_extremes(whole, frame, currency, words),
            *drawn(legend, palette, _DASHES),
            "</svg>",
        ]
    )


def _description(whole: Measure | None, currency: str, words: Language) -> str:
    if whole is None:
        return words.say("chart.empty")
    told = extremes(whole, currency, words)
    if whole.low == whole.high:
        return told
    return f"{told} {words.say('chart.average', average=words.money(whole.average, currency))}"


def extremes(whole: Measure, currency: str, words: Language) -> str:
    """The lowest and the highest price of the time shown with their days, or the one that it has, as a sentence."""
    if whole.low == whole.high:
        return words.say("chart.only_price", price=words.money(whole.low, currency))
    return words.say(
        "chart.extremes", low=words.money(whole.low, currency), low_day=words.short_day(whole.low_at),
        high=words.money(whole.high, currency), high_day=words.short_day(whole.high_at),
    )  # fmt: skip


def _lines(stretches: Sequence[Span], frame: _Frame, unverified: Sequence[tuple[int, int]]) -> tuple[str, str, str]:
    """The paths of what was seen, of what was only reported, and of the last price where there was no offer."""
    line, rumour, dotted = _Pen(), _Pen(), _Pen()
    last: int | None = None
    for stretch in stretches:
        begin, until = frame.x(stretch.start), frame.x(stretch.end)
        if stretch.price is not None:
            last = stretch.price
            pen, other = (rumour, line) if _is_rumour(stretch, unverified) else (line, rumour)
            other.lift()
            pen.draw(begin, until, frame.y(last))
        else:
            line.lift()
            rumour.lift()
            if stretch.state is State.NO_OFFER and last is not None:
                dotted.lift()
                dotted.draw(begin, until, frame.y(last))
    return line.path(), rumour.path(), dotted.path()


def _is_rumour(stretch: Span, unverified: Sequence[tuple[int, int]]) -> bool:
    return stretch.price is not None and any(start <= stretch.start < end for start, end in unverified)


def _known_days(stretches: Sequence[Span]) -> float:
    """Days from the first price to the last one."""
    seen = [stretch for stretch in stretches if stretch.price is not None]
    return (seen[-1].end - seen[0].start) / DAY if seen else 0


def _typical(stretches: Sequence[Span]) -> tuple[int, int] | None:
    """The middle half of the prices by time, where enough is known and they differ."""
    if _known_days(stretches) < ENOUGH_DAYS:
        return None
    low, high = (quantile_of(stretches, percent) for percent in (25, 75))
    return None if low is None or high is None or low == high else (low, high)


def _band(frame: _Frame, low: int, high: int) -> str:
    """An area is a hint only; what everybody can tell from the ground are its edges."""
    right, top, bottom = frame.width - _RIGHT, frame.y(high), frame.y(low)
    place = f'x="{_LEFT}" y="{top:g}" width="{right - _LEFT}" height="{bottom - top:g}"'
    edges = f"M{_LEFT} {top:g}H{right}M{_LEFT} {bottom:g}H{right}"
    return (
        f'<rect class="chart-typical" {place} fill="{frame.palette.line}" fill-opacity="0.12"/>'
        f'<path class="chart-typical-edge" d="{edges}" stroke="{frame.palette.grid}" stroke-opacity="0.75"/>'
    )


def _unseen(stretches: Sequence[Span]) -> list[Span]:
    """The times in which nobody looked since the first look, up to now where the last one is long past."""
    seen = [stretch for stretch in stretches if stretch.state is not State.NOT_OBSERVED]
    if not seen:
        return []
    return [
        stretch
        for stretch in stretches
        if stretch.state is State.NOT_OBSERVED
        and seen[0].start < stretch.start
        and (stretch.start < seen[-1].start or stretch.end - stretch.start > _SILENCE)
    ]


def _hatching(stretch: Span, frame: _Frame) -> str:
    """Slanting strokes over the whole height, cut at both ends of the stretch."""
    left, right = frame.x(stretch.start), frame.x(stretch.end)
    top, bottom = frame.top, frame.height - _BOTTOM
    rise = bottom - top
    strokes: list[str] = []
    foot = left - rise
    while foot < right:
        begin, end = max(foot, left), min(foot + rise, right)
        strokes.append(f"M{begin:g} {bottom - (begin - foot):g}L{end:g} {bottom - (end - foot):g}")
        foot = round(foot + _HATCH, 1)
    return f'<path class="chart-unseen" d="{"".join(strokes)}" stroke="{frame.palette.grid}" stroke-opacity="0.75"/>'


def _dots(stretches: Sequence[Span], frame: _Frame) -> str:
    """Each change as a dot, while there are so few of them that nothing can be said of the whole."""
    seen = [stretch for stretch in stretches if stretch.price is not None]
    if frame.end - frame.start >= ENOUGH_DAYS * DAY or len(seen) > _MOST_DOTS:
        return ""
    round_ = "a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0"
    path = "".join(
        f"M{frame.x(each.start) - 2.5:g} {frame.y(each.price):g}{round_}" for each in seen if each.price is not None
    )
    return f'<path class="chart-dots" d="{path}" fill="{frame.palette.halo}" stroke="{frame.palette.line}"/>'


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


def _extremes(whole: Measure, frame: _Frame, currency: str, words: Language) -> list[str]:
    """The lowest and the highest price with their days, marked in a shape and a colour of their own."""
    marks = [("low", whole.low, whole.low_at, 17)]
    if whole.high != whole.low:
        marks.append(("high", whole.high, whole.high_at, -9))
    parts: list[str] = []
    for name, price, at, shift in marks:
        x, y = frame.x(at), frame.y(price)
        text = f"{words.figure(price, currency)} · {words.short_day(at)}"
        half = len(text) * LETTER / 2
        anchor = "start" if x < _LEFT + half else "end" if x > frame.width - _RIGHT - half else "middle"
        if y + shift > frame.height - _BOTTOM:
            shift = -9
        colour = frame.palette.low if name == "low" else frame.palette.high
        shape = f"M{x - 5:g} {y + 4:g}h10l-5 -9z" if name == "high" else f"M{x - 5:g} {y - 4:g}h10l-5 9z"
        parts.append(f'<path class="chart-{name}" d="{shape}" fill="{colour}" stroke="{frame.palette.halo}"/>')
        halo = f' paint-order="stroke" stroke="{frame.palette.halo}" stroke-width="3"'
        parts.append(_text(x, y + shift, text, anchor, frame.palette.ink, f"chart-{name}-label", halo))
    return parts


def _path(name: str, path: str, stroke: str, more: str) -> str:
    return f'<path class="{name}" d="{path}" stroke="{stroke}" stroke-width="2"{more}/>' if path else ""


def _text(x: float, y: float, text: str, anchor: str, ink: str, name: str = "chart-label", more: str = "") -> str:
    return f'<text class="{name}" x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{ink}"{more}>{escape(text)}</text>'
