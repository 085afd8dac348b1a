"""Folders and buckets keep files alike."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pennywren.archive import files, folding
from pennywren.archive.events import Event
from pennywren.archive.places import Place, open_place
from pennywren.errors import BadSetting, NotFound
from pennywren.model.clock import DAY
from tests.unit.archive.bucket import serving

NOW = 1_760_000_000_000


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    if request.param == "folder":
        yield open_place(str(tmp_path))
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "name")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "word")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with serving() as (address, _):
        yield open_place(address)


def row(at: int, price: int, version: int) -> Event:
    return Event(
        partition=47,
        ms=at,
        seq=0,
        product="us:B08N5WRWNW",
        offer="buybox",
        kind="first" if version == 1 else "price",
        old=None,
        new=price,
        currency="USD",
        at=at,
        version=version,
        new_low=False,
        lowest_for_days=0,
        source="crawl",
    )


def test_a_file_is_written_read_listed_replaced_and_removed(place: Place) -> None:
    assert place.names("") == {}
    place.write("changes/2026-11-27/one", b"x" * 100)
    place.write("changes/2026-11-27/one", b"y" * 50)
    place.write("days/two", b"")
    assert place.read("changes/2026-11-27/one") == b"y" * 50
    assert place.names("changes") == {"changes/2026-11-27/one": 50}
    assert place.names("") == {"changes/2026-11-27/one": 50, "days/two": 0}
    place.remove("days/two")
    place.remove("days/two")
    assert place.names("days") == {}
    with pytest.raises(NotFound):
        place.read("days/two")


def test_an_archive_is_kept_and_compacted(place: Place) -> None:
    rows = [row(NOW - 90 * DAY, 1599, 1), row(NOW - 3 * DAY, 1299, 2), row(NOW - DAY, 999, 3)]
    for each in rows:
        files.write(place, "changes", [each])
    assert files.read_rows(place) == rows
    done = folding.compact(place, NOW, 30 * DAY)
    assert (done.files_before, done.products) == (3, 1)
    assert [each.kind for each in files.read_rows(place)] == ["snapshot", "price", "price"]


@pytest.mark.parametrize("address", ["ftp://example.org/x", "s3://prices/x?nonsense=1", "gs://prices/x"])
def test_what_is_no_place_is_refused(address: str) -> None:
    with pytest.raises(BadSetting, match="PENNYWREN_ARCHIVE"):
        open_place(address)
