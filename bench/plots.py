"""Plots with two logarithmic axes, as SVG, and the exponent with which a cost grows."""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, exp, floor, log, log10
from pathlib import Path

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT, _EDGE = 640, 400, 56
_STYLE = """<style>
svg { --paper: #fff; --ink: #1f2328; --grid: #ddd; }
.c0 { --line: #0a6ebd } .c1 { --line: #c2410c } .c2 { --line: #15803d } .c3 { --line: #7c3aed } .c4 { --line: #b4175e }
@media (prefers-color-scheme: dark) {
svg { --paper: #0d1117; --ink: #e6edf3; --grid: #30363d; }
.c0 { --line: #58a6ff } .c1 { --line: #f0883e } .c2 { --line: #3fb950 } .c3 { --line: #bc8cff } .c4 { --line: #ff7bb0 }
}
text { fill: var(--ink) } .grid { stroke: var(--grid) }
.line { stroke: var(--line); stroke-width: 2; fill: none } .dot { fill: var(--line) }
</style>"""
_COLOURS = 5


def exponent(points: Points) -> float:
    """The slope of the straight line through the logarithms (least squares): 1 grows as the work does."""
    xs, ys = [log(x) for x, _ in points], [log(max(y, 1e-9)) for _, y in points]
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    across = sum((x - x_mean) ** 2 for x in xs)
    return sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / across


def worse_than_n_log_n(points: Points) -> bool:
    """Whether the cost grew by more than n log n from the second largest to the largest, with a fifth for noise."""
    (before, cost), (last, most) = points[-2:]
    return most / cost > 1.2 * (last * log(last)) / (before * log(before))


def draw(path: Path, across: str, curves: Mapping[str, Points]) -> None:
    """Write a plot of several curves, each with its exponent in its name."""
    every = [point for points in curves.values() for point in points]
    left, right = floor(log10(min(x for x, _ in every))), ceil(log10(max(x for x, _ in every)))
    low, high = floor(log10(max(1e-6, min(y for _, y in every)))), ceil(log10(max(y for _, y in every)))
    right, high = max(right, left + 1), max(high, low + 1)

    def place(x: float, y: float) -> tuple[float, float]:
        share_x = (log10(x) - left) / (right - left)
        share_y = (log10(max(y, exp(-14))) - low) / (high - low)
        return _EDGE + share_x * (_WIDTH - 2 * _EDGE), _HEIGHT - _EDGE - share_y * (_HEIGHT - 2 * _EDGE)

    units = "In " + ", ".join(sorted({name.rpartition(", ")[2] for name in curves})) + ", as each line says"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT + 18 * len(curves)}" '
        'font-family="sans-serif" font-size="12">',
        _STYLE,
        '<rect width="100%" height="100%" style="fill: var(--paper)"/>',
        f'<text x="{_EDGE}" y="22" font-size="15">With more {escape(across)}</text>',
        f'<text x="{_EDGE}" y="40">{escape(units)}</text>',
        f'<text x="{_WIDTH - _EDGE}" y="{_HEIGHT - 14}" text-anchor="end">{escape(across)}</text>',
    ]
    for power in range(left, right + 1):
        x, y = place(10**power, 10**low)
        parts.append(f'<path d="M{x:.1f} {_EDGE}V{y:.1f}" class="grid"/>')
        parts.append(f'<text x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle">{_power(power)}</text>')
    for power in range(low, high + 1):
        x, y = place(10**left, 10**power)
        parts.append(f'<path d="M{x:.1f} {y:.1f}H{_WIDTH - _EDGE}" class="grid"/>')
        parts.append(f'<text x="{x - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{_power(power)}</text>')
    for number, (name, points) in enumerate(curves.items()):
        places = [place(*point) for point in points]
        parts.append(f'<g class="c{number % _COLOURS}">')
        parts.append(f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}" class="line"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" class="dot"/>' for x, y in places]
        y = _HEIGHT + 18 * number
        parts.append(f'<path d="M{_EDGE} {y - 4}h24" class="line"/></g>')
        parts.append(f'<text x="{_EDGE + 30}" y="{y}">{escape(name)}: n{_raised(f"{exponent(points):.2f}")}</text>')
    path.write_text("\n".join([*parts, "</svg>"]) + "\n")


def _power(power: int) -> str:
    return f"10{_raised(str(power))}" if power else "1"


def _raised(text: str) -> str:
    return f'<tspan dy="-5" font-size="9">{text}</tspan>'
