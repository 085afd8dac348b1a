"""Colours against what they lie on (WCAG 2.2): text 4.5:1, lines, fields and marks 3:1, in both themes."""

import re
from pathlib import Path

import pytest

WEB = Path(__file__).parents[3] / "src" / "pennywren" / "web"
THEMES = ("light", "dark")


def tokens(sheet: Path) -> dict[str, dict[str, str]]:
    """The custom properties of a style sheet, and what the dark theme makes of them; a fallback stands for itself."""
    text = sheet.read_text(encoding="utf-8")
    light, _, rest = text.partition("@media (prefers-color-scheme: dark)")
    dark = rest.partition("\n}\n")[0]
    pattern = re.compile(r"--([\w-]+): (?:var\(--[\w-]+, )?(#[0-9a-f]{6})")
    first = dict(pattern.findall(light))
    return {"light": first, "dark": first | dict(pattern.findall(dark))}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


SITE = tokens(WEB / "static" / "style.css")
CHART = tokens(WEB / "client" / "chart" / "chart.css")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("text", ["ink", "soft", "accent", "good", "bad"])
def test_text_can_be_read_on_every_ground(theme: str, text: str) -> None:
    for ground in ("ground", "raised", "sunk"):
        assert contrast(SITE[theme][text], SITE[theme][ground]) >= 4.5, ground


@pytest.mark.parametrize("theme", THEMES)
def test_buttons_and_fields_stand_out(theme: str) -> None:
    of = SITE[theme]
    assert contrast(of["on-accent"], of["accent"]) >= 4.5
    assert contrast(of["accent"], of["accent-soft"]) >= 4.5
    assert contrast(of["field"], of["raised"]) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("line", ["pw-s0", "pw-s1", "pw-s2", "pw-s3", "pw-low", "pw-high", "pw-soft"])
def test_lines_and_marks_of_the_chart_stand_out_by_themselves_and_in_the_page(theme: str, line: str) -> None:
    assert contrast(CHART[theme][line], CHART[theme]["pw-ground"]) >= 3
    for ground in ("ground", "raised"):
        assert contrast(CHART[theme][line], SITE[theme][ground]) >= 3
