"""Where small pictures lie: whole or not at all, and never more than the bound for long."""

import os
from pathlib import Path

import pytest

from pennywren.images.shelf import Shelf

NAMES = [f"{n:016x}" for n in range(40)]


def test_what_was_put_is_found_by_width_and_nothing_else_is(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "images", 1_000)
    shelf.put(NAMES[0], {160: b"small", 320: b"large"})
    assert (shelf.get(NAMES[0], 160), shelf.get(NAMES[0], 320)) == (b"small", b"large")
    assert shelf.get(NAMES[0], 640) is None
    assert shelf.get(NAMES[1], 160) is None


def test_the_longest_unread_go_first_where_there_is_too_much(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 1_000)
    for age, name in enumerate(NAMES[:20]):
        shelf.put(name, {160: bytes(100)})
        os.utime(tmp_path / name[:2] / f"{name}.160.webp", (1e9 - age, 1e9 - age))
    shelf.tidy()
    left = [name for name in NAMES[:20] if shelf.get(name, 160)]
    assert left == NAMES[:8]


def test_however_much_is_put_the_bound_is_kept_without_being_asked(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 500)
    for n in range(65):
        shelf.put(f"{n:016x}", {160: bytes(100)})
    assert sum(file.stat().st_size for file in tmp_path.rglob("*.webp")) <= 500


def test_reading_keeps_a_picture_young(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 150)
    for name in NAMES[:2]:
        shelf.put(name, {160: bytes(100)})
        os.utime(tmp_path / name[:2] / f"{name}.160.webp", (1e9, 1e9))
    shelf.get(NAMES[0], 160)
    shelf.tidy()
    assert (shelf.get(NAMES[0], 160), shelf.get(NAMES[1], 160)) == (bytes(100), None)


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "images").write_text("a file where a folder should be")
    shelf = Shelf(tmp_path / "images", 1_000)
    shelf.put(NAMES[0], {160: b"small"})
    assert shelf.get(NAMES[0], 160) is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "0123456789ABCDEF", "0123456789abcdef/"])
def test_only_names_of_ours_become_paths(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        Shelf(tmp_path, 1_000).get(name, 160)
