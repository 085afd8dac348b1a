"""Every change is archived, once, whatever dies in between; and nothing is trimmed before that."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pennywren import keyspace
from pennywren.archive import files
from pennywren.archive.events import Event
from pennywren.archive.places import Folder
from pennywren.errors import Conflict, Unavailable
from pennywren.match import hints
from pennywren.model.clock import DAY
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.provenance import Ground, Provenance
from pennywren.model.series import Steps
from pennywren.pipeline.archiving import Archiver
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import rewrite
from pennywren.store.connect import Client
from pennywren.store.snapshots import decode
from pennywren.store.store import Store
from tests.redis.match.changes import PARTITION, fields, publish

NOW = 1_760_000_000_000
KETTLE = ProductID("us", "B08N5WRWNW")
TOASTER = ProductID("us", "B0CVCV33BG")
EVER = 10**14


@pytest.fixture
def place(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "archive")


@pytest.fixture
def archiver(redis_client: Client, place: Folder) -> Archiver:
    return Archiver(redis_client, place, lambda: NOW)


async def record(store: Store, *looks: Look) -> None:
    await Recorder(store, 7 * 86_400, now=NOW).record([LookToRecord(look) for look in looks])


def seen(price: int | None, at: int, product: ProductID = KETTLE) -> Look:
    return Look(product, "USD", {Offer.BUYBOX: price}, at)


def kept(place: Folder) -> list[Event]:
    return files.read_rows(place)


async def pending(client: Client) -> int:
    info: Any = await client.xpending(keyspace.changes(PARTITION), hints.ARCHIVE)
    return int(info["pending"])


class Full(Folder):
    """A folder whose disk is full until somebody makes room."""

    full = True

    def write(self, name: str, data: bytes) -> None:
        if self.full:
            raise Unavailable("the archive cannot be written: no space left on device")
        super().write(name, data)


class Killed(Folder):
    """A folder of an archiver that dies between writing a file and acknowledging what is in it."""

    def write(self, name: str, data: bytes) -> None:
        super().write(name, data)
        raise Unavailable("killed after the file was renamed")


async def test_every_change_is_a_row_of_one_file(store: Store, archiver: Archiver, place: Folder) -> None:
    await record(
        store, seen(1599, NOW - 3 * DAY), seen(1299, NOW - 2 * DAY), seen(None, NOW - DAY), seen(5, NOW, TOASTER)
    )
    assert await archiver.step() == 4
    rows = kept(place)
    assert sorted((row.product, row.kind, row.old, row.new) for row in rows) == [
        (str(KETTLE), "first", None, 1599),
        (str(KETTLE), "out", 1299, None),
        (str(KETTLE), "price", 1599, 1299),
        (str(TOASTER), "first", None, 5),
    ]
    assert len(files.files(place)) == 1
    assert await pending(store.client) == 0
    assert await archiver.step() == 0


async def test_what_is_no_price_change_is_archived_too(store: Store, archiver: Archiver, place: Folder) -> None:
    await record(store, seen(None, NOW - 40 * DAY, TOASTER), seen(1599, NOW - 40 * DAY), seen(1599, NOW - 20 * DAY))
    await archiver.step()
    rows = {(row.product, row.kind): row for row in kept(place)}
    assert rows[str(KETTLE), "state"].unseen_from == NOW - 40 * DAY + 1
    assert rows[str(TOASTER), "state"].new is None
    assert rows[str(TOASTER), "state"].unseen_from is None


async def test_a_rewrite_is_archived_with_the_whole_product(store: Store, archiver: Archiver, place: Folder) -> None:
    await record(store, seen(1599, NOW - DAY), seen(99, NOW))
    await rewrite(store, KETTLE, "USD", {Offer.BUYBOX: Steps([(NOW - DAY, 1599)], [], NOW)}, reason="withdrawal")
    await rewrite(
        store, KETTLE, "USD", {Offer.BUYBOX: Steps([(NOW - DAY, 1599)], [], NOW)}, reason="tier", tier="charted"
    )
    await archiver.step()
    rewrites = {row.source: row.snapshot for row in kept(place) if row.kind == "rewrite"}
    assert "tier" not in rewrites, "it changed nothing of the past"
    assert rewrites["withdrawal"] is not None
    assert decode(rewrites["withdrawal"]).offers[Offer.BUYBOX].prices == [(NOW - DAY, 1599)]


async def test_why_a_price_is_believed_is_archived_with_it(store: Store, archiver: Archiver, place: Folder) -> None:
    proof = Provenance(Ground.CRAWLED_TWICE, 0, NOW - DAY)
    await Recorder(store, 7 * 86_400, now=NOW).record([LookToRecord(seen(1599, NOW), provenance=proof)])
    await archiver.step()
    assert [row.proof for row in kept(place)] == [proof.write()]


async def test_an_archive_that_cannot_be_written_loses_nothing(redis_client: Client, tmp_path: Path) -> None:
    place = Full(tmp_path / "archive")
    archiver = Archiver(redis_client, place, lambda: NOW)
    await publish(redis_client, fields(1))
    with pytest.raises(Unavailable, match="no space left"):
        await archiver.step()
    await publish(redis_client, fields(2))
    assert kept(place) == []
    place.full = False
    assert await archiver.step() == 2
    assert [row.at for row in kept(place)] == [1, 2]


async def test_an_archiver_gives_a_sign_of_life_where_it_could_write(redis_client: Client, tmp_path: Path) -> None:
    place, signs, told = Full(tmp_path / "archive"), list[int](), asyncio.Event()
    told.set()
    archiver = Archiver(redis_client, place, lambda: NOW, sign=lambda: signs.append(len(kept(place))))
    await publish(redis_client, fields(1))
    await archiver.run(told)
    assert signs == []
    place.full = False
    await archiver.run(told)
    assert signs == [1, 1], "after the file, and after the round"


async def test_an_archiver_that_dies_before_it_acknowledges_is_repeated_under_the_same_name(
    redis_client: Client, tmp_path: Path
) -> None:
    for at in (1, 2, 3):
        await publish(redis_client, fields(at))
    dying = Archiver(redis_client, Killed(tmp_path), lambda: NOW)
    with pytest.raises(Unavailable, match="killed"):
        await dying.step()
    assert await pending(redis_client) == 3
    (name,) = [file.name for file in files.files(Folder(tmp_path))]
    await publish(redis_client, fields(4))
    assert await Archiver(redis_client, Folder(tmp_path), lambda: NOW).step() == 4
    assert sorted(file.name for file in files.files(Folder(tmp_path)))[0] == name
    assert len(files.files(Folder(tmp_path))) == 2
    assert [row.at for row in kept(Folder(tmp_path))] == [1, 2, 3, 4]


async def test_a_row_that_two_files_have_counts_once(redis_client: Client, archiver: Archiver, place: Folder) -> None:
    for at in (1, 2, 3):
        await publish(redis_client, fields(at))
    await archiver.step()
    rows = kept(place)
    files.write(place, "changes", rows[:2])
    assert len(files.files(place)) == 2
    assert kept(place) == rows


async def test_an_archiver_that_was_too_slow_writes_nothing(
    redis_client: Client, place: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(redis_client, fields(1))
    slow = Archiver(redis_client, place, lambda: NOW)
    rows_of = slow._rows  # pyright: ignore[reportPrivateUsage]

    async def stopped_for_long(entries: Any) -> Any:
        await redis_client.set(keyspace.reading(PARTITION, hints.ARCHIVE), "another")
        return await rows_of(entries)

    monkeypatch.setattr(slow, "_rows", stopped_for_long)
    with pytest.raises(Conflict):
        await slow.step()
    assert kept(place) == []
    assert await pending(redis_client) == 1


async def test_what_cannot_be_read_holds_up_nothing(redis_client: Client, archiver: Archiver, place: Folder) -> None:
    await publish(redis_client, {**fields(1), "new": "NaN"})
    await publish(redis_client, fields(2))
    await archiver.step()
    assert [row.at for row in kept(place)] == [2]
    assert await redis_client.xlen(keyspace.dead(PARTITION)) == 1


async def test_nothing_is_trimmed_before_it_is_archived(redis_client: Client, archiver: Archiver) -> None:
    for at in (1, 2):
        await publish(redis_client, fields(at))
    await redis_client.xgroup_create(keyspace.changes(PARTITION), hints.GROUP, "$")
    assert await hints.trim(redis_client, EVER) == 0, "no archiver has come by yet"
    await archiver.step()
    assert await hints.trim(redis_client, EVER) == 1


async def test_a_group_that_reads_no_more_holds_up_nothing(redis_client: Client, archiver: Archiver) -> None:
    await publish(redis_client, fields(1))
    await archiver.step()
    await publish(redis_client, fields(2))
    await redis_client.xgroup_create(keyspace.changes(PARTITION), hints.GROUP, "$")
    assert await hints.trim(redis_client, EVER, (hints.GROUP,)) == 0
    assert await hints.trim(redis_client, EVER, (hints.GROUP,), (hints.ARCHIVE,)) == 1
