"""The structure of the chart, not its pixels."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.history.axis import price_ticks, time_ticks
from pennywren.history.chart_palette import LIGHT
from pennywren.history.chart_svg import chart
from pennywren.language.speaking import language
from pennywren.model.clock import DAY, HOUR
from pennywren.model.series import State, Steps

START = 1_764_028_800_000
SVG = "{http://www.w3.org/2000/svg}"


def _drawn(steps: Steps, days: int, title: str = "Kettle") -> ElementTree.Element:
    return ElementTree.fromstring(chart(steps, START, START + days * DAY, "USD", title=title))


def _path(svg: ElementTree.Element, name: str) -> str:
    return next((p.get("d") or "" for p in svg.iter(f"{SVG}path") if p.get("class") == name), "")


def _marks(svg: ElementTree.Element) -> dict[str, float]:
    """How high the tips of the marks of low and high lie: 5 pixels from the price itself."""
    found: dict[str, float] = {}
    for name, tip in (("chart-low", 4), ("chart-high", -4)):
        if place := re.match(r"M[\d.]+ ([\d.]+)h10", _path(svg, name)):
            found[name] = round(float(place[1]) + tip, 1)
    return found


STEPS = Steps(
    [(START, 1000), (START + 2 * DAY, 1500), (START + 6 * DAY, 1200)],
    [
        (START + 3 * DAY, State.NO_OFFER),
        (START + 4 * DAY, State.OFFERED),
        (START + 5 * DAY, State.NOT_OBSERVED),
        (START + 6 * DAY, State.OFFERED),
    ],
    START + 8 * DAY,
)


def test_the_line_steps_over_a_true_time_axis_and_has_gaps() -> None:
    svg = _drawn(STEPS, 10)
    left, inner = 64, 720 - 64 - 16
    x = [f"{round(left + inner * day / 10, 1):g}" for day in range(11)]
    line = _path(svg, "chart-line")
    assert re.fullmatch(rf"M{x[0]} [\d.]+H{x[2]}V[\d.]+H{x[3]}M{x[4]} [\d.]+H{x[5]}M{x[6]} [\d.]+H{x[8]}", line), line
    assert re.fullmatch(rf"M{x[3]} [\d.]+H{x[4]}", _path(svg, "chart-absent"))


def test_one_absurd_price_does_not_flatten_the_rest() -> None:
    points = [(START, 1000), (START + 40 * DAY, 99_900), (START + 41 * DAY, 1100), (START + 60 * DAY, 1200)]
    steps = Steps(points, [], START + 90 * DAY)
    text = chart(steps, START, START + 90 * DAY, "USD", title="Kettle", palette=LIGHT)
    svg = ElementTree.fromstring(text)
    heights = [float(y) for y in re.findall(r"[MV](?:[\d.]+ )?([\d.]+)", _path(svg, "chart-line"))]
    marks = _marks(svg)

    assert min(heights) == marks["chart-high"] < 20, "it leaves the plot at the top"
    assert sorted(heights)[1] - 20 < (260 - 48) / 2, "the others have the room"
    assert ">999.00 · 4 Jan 2026<" in text
    assert "off the axis" in text
    assert "off the axis" not in chart(STEPS, START, START + 9 * DAY, "USD", title="Kettle", palette=LIGHT)


def test_a_long_silence_up_to_now_is_hatched_and_a_short_one_is_not() -> None:
    def shades(days: int) -> int:
        return sum(each.get("class") == "chart-unseen" for each in _drawn(STEPS, days).iter(f"{SVG}path"))

    assert [shades(8 + 6), shades(8 + 8)] == [1, 2]


def test_what_is_known_how_is_drawn_apart_and_explained() -> None:
    rumour, target = [(START + 6 * DAY, START + 8 * DAY)], 900
    svg = ElementTree.fromstring(
        chart(STEPS, START, START + 10 * DAY, "USD", title="Kettle", palette=LIGHT, unverified=rumour, target=target)
    )
    x = [f"{round(64 + 640 * day / 10, 1):g}" for day in range(11)]
    assert _path(svg, "chart-line").count("M") == 2
    assert re.fullmatch(rf"M{x[6]} [\d.]+H{x[8]}", _path(svg, "chart-rumour"))
    across = re.fullmatch(r"M64 ([\d.]+)H704", _path(svg, "chart-target"))
    assert across
    assert 20 < float(across[1]) < 232, "the axis reaches over the target"
    dashes = {
        path.get("class"): path.get("stroke-dasharray")
        for path in svg.iter(f"{SVG}path")
        if "chart" in path.get("class", "")
    }
    assert len({dashes[name] for name in ("chart-line", "chart-rumour", "chart-absent", "chart-target")}) == 4
    legend = [each for each in svg.iter(f"{SVG}text") if each.get("class") == "chart-legend"]
    assert {each.text for each in legend} == {"no offer", "reported, not seen by us", "nobody looked", "target"}
    places = sorted((float(each.get("x", "0")), len(each.text or "")) for each in legend)
    assert all(left + 6 * letters < right for (left, letters), (right, _) in pairwise(places))
    # There is no legend of what is not there, nor in a page, whose own text explains it.
    plain = chart(Steps([(START, 1000)], [], START + DAY), START, START + DAY, "USD", title="", palette=LIGHT)
    assert "chart-legend" not in plain
    assert "chart-legend" not in ElementTree.tostring(_drawn(STEPS, 10)).decode()


def test_with_enough_history_a_band_shows_the_middle_half_of_the_prices() -> None:
    prices = [(START, 1000), (START + 6 * DAY, 1200), (START + 10 * DAY, 1400), (START + 16 * DAY, 1800)]

    def bands(days: int) -> list[ElementTree.Element]:
        svg = ElementTree.fromstring(
            chart(Steps(prices, [], START + days * DAY), START, START + days * DAY, "USD", title="", palette=LIGHT)
        )
        assert (_path(svg, "chart-dots") == "") == (days >= 14), "with little, each change is a dot"
        return [each for each in svg.iter(f"{SVG}rect") if each.get("class") == "chart-typical"]

    (band,) = bands(17)
    edges = {float(band.get("y") or 0), float(band.get("y") or 0) + float(band.get("height") or 0)}
    ticks = price_ticks(1000 - 40, 1800 + 40)
    at = {20 + (260 - 48) * (ticks[-1] - price) / (ticks[-1] - ticks[0]) for price in (1000, 1400)}
    assert {round(edge) for edge in edges} == {round(edge) for edge in at}
    assert bands(13) == []
    flat = Steps([(START, 1000)], [], START + 60 * DAY)
    told = chart(flat, START, START + 60 * DAY, "USD", title="", palette=LIGHT)
    assert "<desc>Only one price in the time shown: $10.00.</desc>" in told
    assert "typical" not in told
    assert "middle half" not in told


@pytest.mark.parametrize("width", [240, 320, 480, 720])
def test_a_legend_leaves_nothing_out_however_narrow_the_picture_is(width: int) -> None:
    text = chart(
        STEPS, START, START + 10 * DAY, "USD", title="", palette=LIGHT, width=width, target=900,
        unverified=[(START + 6 * DAY, START + 8 * DAY)],
    )  # fmt: skip
    svg = ElementTree.fromstring(text)
    legend = [each for each in svg.iter(f"{SVG}text") if each.get("class") == "chart-legend"]
    lowest = max(float(each.get("y") or 0) for each in legend)
    grid = next(svg.iter(f"{SVG}g"))
    top = min(float((path.get("d") or "").split()[1].split("H")[0]) for path in grid.iter(f"{SVG}path"))

    assert len(legend) == 4
    assert lowest < top
    assert all(float(each.get("x") or 0) > 0 for each in legend)


def test_the_smallest_picture_keeps_its_plot_whatever_is_to_be_explained() -> None:
    days = [(0, 1000), (20, 99_900), (21, 1100), (40, 1200)]
    states = [(START + day * DAY, state) for day, state in (
        (25, State.NO_OFFER), (28, State.OFFERED), (30, State.NOT_OBSERVED), (33, State.OFFERED)
    )]  # fmt: skip
    steps = Steps([(START + day * DAY, price) for day, price in days], states, START + 60 * DAY)
    text = chart(
        steps, START, START + 60 * DAY, "USD", title="", palette=LIGHT, width=240, height=120, target=900,
        unverified=[(START + 40 * DAY, START + 60 * DAY)],
    )  # fmt: skip
    svg = ElementTree.fromstring(text)
    grid = next(svg.iter(f"{SVG}g"))
    heights = [float((path.get("d") or "").split()[1].split("H")[0]) for path in grid.iter(f"{SVG}path")]

    assert max(heights) - min(heights) >= 40
    assert any(each.get("class") == "chart-legend" for each in svg.iter(f"{SVG}text"))


def test_what_is_not_drawn_is_not_explained() -> None:
    """An absence before the first price has no line to be told by."""
    steps = Steps(
        [(START + 2 * DAY, 1000)], [(START, State.NO_OFFER), (START + 2 * DAY, State.OFFERED)], START + 9 * DAY
    )
    text = chart(steps, START, START + 9 * DAY, "USD", title="", palette=LIGHT)

    assert "chart-absent" not in text
    assert "no offer" not in text


def test_low_and_high_are_marked_and_described() -> None:
    svg = _drawn(STEPS, 10)
    assert _marks(svg).keys() == {"chart-low", "chart-high"}
    assert _path(svg, "chart-low").split("h")[1] != _path(svg, "chart-high").split("h")[1], "by more than their colour"
    assert {e.text for e in svg.iter(f"{SVG}text")} >= {"10.00 · 25 Nov 2025", "15.00 · 27 Nov 2025", "USD"}
    assert svg.findtext(f"{SVG}title") == "Kettle"
    assert (svg.findtext(f"{SVG}desc") or "").startswith(
        "In the time shown: lowest $10.00 on 25 Nov 2025, highest $15.00 on 27 Nov 2025. Average $"
    )
    assert svg.get("role") == "img"


def test_a_strict_content_security_policy_holds_and_everything_is_escaped() -> None:
    text = chart(STEPS, START, START + 10 * DAY, "USD", title='</title><script>alert("x")</script>&')
    svg = ElementTree.fromstring(text)
    drawn = {e.tag.removeprefix(SVG) for e in svg.iter()}
    assert drawn <= {"svg", "title", "desc", "g", "path", "rect", "text"}
    assert all(name != "style" and not name.startswith("on") for e in svg.iter() for name in e.keys())  # noqa: SIM118
    assert svg.findtext(f"{SVG}title") == '</title><script>alert("x")</script>&'


def test_nothing_known_is_said() -> None:
    svg = _drawn(Steps(), 10)
    assert "No price is known in this time." in {e.text for e in svg.iter(f"{SVG}text")}
    assert _path(svg, "chart-line") == ""


def test_a_single_look_is_drawn() -> None:
    assert _path(_drawn(Steps([(START + DAY, 1000)], [], START + DAY), 10), "chart-line") != ""


def test_ten_thousand_changes_stay_a_small_picture_with_their_extremes() -> None:
    prices = [(START + i * 60_000, 1000 + (i * 7919) % 500) for i in range(10_000)]
    steps = Steps(prices, [], START + 7 * DAY)
    svg = _drawn(steps, 7)
    line = _path(svg, "chart-line")
    heights = [float(found) for found in re.findall(r"V([\d.]+)", line)]
    marks = _marks(svg)
    assert len(line) < 120_000
    assert (max(heights), min(heights)) == (marks["chart-low"], marks["chart-high"])


@given(st.integers(1, 10**10), st.integers(0, 10**10))
def test_price_ticks_are_few_and_reach_over_all_prices(low: int, more: int) -> None:
    ticks = price_ticks(low, low + more)
    assert 2 <= len(ticks) <= 6
    assert ticks[0] <= low
    assert low + more <= ticks[-1]
    assert len({b - a for a, b in pairwise(ticks)}) == 1


@given(st.integers(0, 4_000_000_000_000), st.integers(HOUR, 9000 * DAY))
def test_time_ticks_are_few_and_lie_within(start: int, span: int) -> None:
    ticks = time_ticks(start, start + span, language("en"))
    assert len(ticks) <= 7
    assert all(start <= at < start + span for at, _ in ticks)


@pytest.mark.parametrize(("days", "label"), [(1, "06:00"), (30, "30 Nov"), (200, "Feb 2026"), (2000, "2027")])
def test_time_labels_suit_the_span(days: int, label: str) -> None:
    assert label in [text for _, text in time_ticks(START, START + days * DAY, language("en"))]
