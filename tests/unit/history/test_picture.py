"""Pictures of charts: what may be asked, and that what is drawn is a picture of that size and theme."""

import asyncio
import re
import struct
import zlib
from xml.etree import ElementTree

import pytest

from pennywren.errors import BadQuery
from pennywren.history.chart_palette import DARK, LIGHT, Palette
from pennywren.history.chart_png import PngRenderer, render_png
from pennywren.history.chart_svg import chart
from pennywren.history.picture import PictureQuestion, parse_picture
from pennywren.language.speaking import language
from pennywren.model.clock import DAY
from pennywren.model.offer import Offer
from pennywren.model.series import State, Steps

START = 1_764_028_800_000
STEPS = Steps(
    [(START, 1000), (START + 2 * DAY, 1500)],
    [(START + 4 * DAY, State.NOT_OBSERVED), (START + 6 * DAY, State.OFFERED)],
    START + 8 * DAY,
)


def _svg(palette: Palette = LIGHT, *, from_zero: bool = False, steps: Steps = STEPS) -> str:
    end = START + 10 * DAY
    return chart(steps, START, end, "USD", title="Kettle", width=400, height=200, palette=palette, from_zero=from_zero)


def _size_and_ground(png: bytes) -> tuple[int, int, bytes]:
    """Width, height, and the colour (RGBA) of the pixel in the corner."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, colours = struct.unpack(">IIBB", png[16:26])
    assert (depth, colours) == (8, 6)
    data, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += length + 12
    return width, height, zlib.decompress(data)[1:5]


def test_everything_may_be_left_out() -> None:
    assert parse_picture({}) == PictureQuestion(Offer.BUYBOX, "1y", "light", 720, 280, from_zero=False)
    asked = {"offer": "NEW", "range": "3m", "theme": "dark", "width": "320", "height": "200", "zero": "1"}
    assert parse_picture(asked) == PictureQuestion(Offer.NEW, "3m", "dark", 320, 200, from_zero=True)
    assert parse_picture({"target": "1299"}).target == 1299
    assert parse_picture({"language": "de"}).language == "de"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("range", "2y", "1m, 3m, 6m, 1y, all"), ("theme", "red", "light, dark"), ("width", "99999999", "240 to 1600"),
     ("width", "239", "240 to 1600"), ("height", "-5", "120 to 900"), ("height", "1e2", "120 to 900"),
     ("width", "٣٢٠", "240 to 1600"), ("zero", "yes", "0, 1"), ("offer", "all", "buybox"),
     ("language", "fr", "en, de"), ("target", "0", "1 to"), ("target", "12.99", "minor units")],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused_with_what_can_be(name: str, value: str, told: str) -> None:
    with pytest.raises(BadQuery, match=told):
        parse_picture({name: value})


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_a_png_has_twice_the_pixels_and_the_ground_of_its_theme(palette: Palette) -> None:
    width, height, ground = _size_and_ground(render_png(_svg(palette)))

    assert (width, height) == (800, 400)
    assert ground == bytes.fromhex((palette.ground or "")[1:] + "ff")


def test_labels_are_drawn_although_no_font_of_the_system_is_used() -> None:
    with_labels = _svg()
    without = "".join(with_labels.split("<text")[:1]) + "</svg>"

    assert len(render_png(with_labels)) > len(render_png(without)) + 2000


def test_a_picture_of_its_own_leans_on_no_page() -> None:
    for palette in (LIGHT, DARK):
        svg = _svg(palette)
        assert "var(" not in svg
        assert "currentColor" not in svg
        ElementTree.fromstring(svg)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_lines_and_text_stand_out_from_the_ground(palette: Palette) -> None:
    """WCAG 1.4.11 asks 3:1 for what must be seen, 1.4.3 asks 4.5:1 for text."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(colour: str, opacity: float = 1) -> float:
        ground = palette.ground or ""
        mixed = [opacity * int(colour[i : i + 2], 16) + (1 - opacity) * int(ground[i : i + 2], 16) for i in (1, 3, 5)]
        drawn = "#" + "".join(f"{round(part):02x}" for part in mixed)
        one, other = sorted((luminance(drawn), luminance(ground)), reverse=True)
        return (one + 0.05) / (other + 0.05)

    assert min(contrast(colour) for colour in (palette.line, palette.low, palette.high)) >= 3
    assert contrast(palette.grid, 0.75) >= 3, "hatching, and the edges of the band"
    assert contrast(palette.ink) >= 4.5


def test_where_nobody_looked_there_is_hatching_and_no_line() -> None:
    shades = [e for e in ElementTree.fromstring(_svg()).iter() if e.get("class") == "chart-unseen"]
    assert len(shades) == 1
    ends = [float(x) for x in re.findall(r"[ML](-?[\d.]+) ", shades[0].get("d") or "")]
    assert min(ends) == pytest.approx(64 + (400 - 64 - 16) * 4 / 10, abs=0.2)
    assert max(ends) == pytest.approx(64 + (400 - 64 - 16) * 6 / 10, abs=0.2)


def test_a_picture_speaks_the_language_that_is_asked_for() -> None:
    end = START + 10 * DAY
    drawn = {
        code: "|".join(
            ElementTree.fromstring(
                chart(STEPS, START, end, "EUR", title="Kessel", palette=LIGHT, words=language(code), target=1200)
            ).itertext()
        )
        for code in ("en", "de")
    }
    assert "|10.00 · 25 Nov 2025|" in drawn["en"]
    assert "|target|" in drawn["en"]
    assert "|27 Nov|" in drawn["en"]
    assert "|10,00 · 25.11.2025|" in drawn["de"]
    assert "|Zielpreis|" in drawn["de"]
    assert "|niemand sah nach" in drawn["de"]
    assert "|27. Nov.|" in drawn["de"]
    assert "In der gezeigten Zeit: niedrigster 10,00\u00a0€ am 25.11.2025" in drawn["de"]


def test_the_axis_begins_at_zero_on_request() -> None:
    def lowest(svg: str) -> float:
        labels = [e.text or "" for e in ElementTree.fromstring(svg).iter() if e.get("text-anchor") == "end"]
        return min(float(label) for label in labels if label != "USD")

    assert lowest(_svg(from_zero=True)) == 0
    assert lowest(_svg()) > 5


async def test_more_than_can_be_drawn_soon_is_turned_away() -> None:
    renderer = PngRenderer(max_waiting=2)
    drawn = await asyncio.gather(*(renderer.render(_svg()) for _ in range(4)))

    assert [png is None for png in drawn] == [False, False, True, True]
    assert await renderer.render(_svg()) is not None
