"""Strangers' pictures: told by their first bytes, made small, and nothing but pixels goes on."""

from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pennywren.images import resizing
from pennywren.images.resizing import WIDTHS, NotAPicture, resize, sniff

RED = (200, 30, 30)


def made(kind: str, size: tuple[int, int], mode: str = "RGB", **more: object) -> bytes:
    colour = {"RGB": RED, "L": 90, "RGBA": (*RED, 0), "P": 3, "CMYK": (0, 200, 200, 30), "LA": (90, 0), "I;16": 9}[mode]
    out = BytesIO()
    Image.new(mode, size, colour).save(out, kind, **more)  # pyright: ignore[reportArgumentType]
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "LA"), ("PNG", "I;16"),
     ("GIF", "P"), ("WEBP", "RGBA")],
)  # fmt: skip
def test_every_usual_kind_fits_into_each_width(kind: str, mode: str) -> None:
    for width, data in resize(made(kind, (900, 450), mode)).items():
        assert sniff(data) == "WEBP"
        with Image.open(BytesIO(data)) as picture:
            assert picture.size == (width, width // 2)


def test_a_small_picture_is_not_made_larger() -> None:
    with Image.open(BytesIO(resize(made("PNG", (40, 90)))[WIDTHS[-1]])) as picture:
        assert picture.size == (40, 90)


def test_what_is_transparent_becomes_white() -> None:
    with Image.open(BytesIO(resize(made("PNG", (50, 50), "RGBA"))[160])) as picture:
        assert picture.convert("RGB").getpixel((25, 25)) == (255, 255, 255)


def test_what_else_is_in_the_file_stays_behind_and_the_picture_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    exif[0x010E] = "a secret of the photographer"
    small = resize(made("JPEG", (400, 200), exif=exif))[320]
    assert b"secret" not in small
    with Image.open(BytesIO(small)) as picture:
        assert picture.size == (160, 320)
        assert not picture.getexif()


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBP"]),
)
def test_whatever_else_comes_is_refused_with_a_reason(data: bytes, begin: bytes) -> None:
    with pytest.raises(NotAPicture):
        resize(begin + data)


@given(st.integers(0, 2_000), st.integers(1, 255))
def test_a_broken_picture_is_refused_or_read_but_never_a_fault(at: int, change: int) -> None:
    good = made("PNG", (60, 60), "P")
    broken = bytearray(good)
    broken[at % len(good)] ^= change
    made_of_it: dict[int, bytes] = {}
    with suppress(NotAPicture):
        made_of_it = resize(bytes(broken))
    assert set(made_of_it) in (set(), set(WIDTHS))


def test_a_picture_of_too_many_pixels_is_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resizing, "MAX_PIXELS", 99)
    with pytest.raises(NotAPicture, match="10 x 10"):
        resize(made("PNG", (10, 10)))


def test_a_vector_graphic_or_a_page_is_no_picture() -> None:
    assert sniff(b"<svg xmlns='http://www.w3.org/2000/svg'/>") is None
    assert sniff(b"<!doctype html>") is None
