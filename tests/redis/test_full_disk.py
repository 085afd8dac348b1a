"""A disk that is full under Redis's append-only file, or the archive: writes are refused, and nothing is torn."""

import resource
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from pennywren.archive.places import Folder
from pennywren.errors import Unavailable
from pennywren.local.children import start, stop, wait_until_ready
from pennywren.local.redis import embedded_redis
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline import gauges
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.connect import connect
from pennywren.store.store import Store

# A file that grows past its limit is like a disk that is full, once the signal that says so is ignored.
_IGNORING = "import os, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
_ROOM = 64 * 1024
_UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


class Disk:
    """A Redis whose files may grow so far and no further."""

    def __init__(self, store: Store, pid: int) -> None:
        self.store = store
        self._pid = pid

    def fill(self) -> None:
        """No file may be larger than `_ROOM` from now on."""
        resource.prlimit(self._pid, resource.RLIMIT_FSIZE, (_ROOM, resource.RLIM_INFINITY))

    def make_room(self) -> None:
        resource.prlimit(self._pid, resource.RLIMIT_FSIZE, _UNLIMITED)

    async def record(self, first: int, count: int) -> None:
        products = [ProductID("us", f"B{number:09d}") for number in range(first, first + count)]
        looks = [LookToRecord(Look(product, "USD", {Offer.BUYBOX: 1599})) for product in products]
        await Recorder(self.store, 7 * 86_400).record(looks)

    async def record_for_ever(self) -> None:
        """Until it is refused."""
        for first in range(1_000, 10**8, 100):
            await self.record(first, 100)

    async def durable(self) -> float:
        found = {sample.family.name: sample.value for sample in await gauges.server(self.store.client)}
        return found["pennywren_redis_durable"]


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[Disk]:
    redis = embedded_redis("redis", tmp_path / "redis", logs=tmp_path)
    program = replace(redis.program, argv=[sys.executable, "-c", _IGNORING, *redis.program.argv])
    process = start(program)
    client, raw = connect(redis.url), connect(redis.url, decode=False)
    try:
        wait_until_ready(program, process, redis.is_ready)
        await client.config_set("appendfsync", "always")
        yield Disk(Store(client, raw), process.pid)
    finally:
        await client.aclose()
        await raw.aclose()
        stop({process.pid: (program, process)})


async def test_a_full_disk_under_redis_refuses_writes_and_is_told_and_tears_nothing(disk: Disk) -> None:
    await disk.record(0, 10)
    assert await disk.durable() == 1
    await disk.store.client.config_set("appendfsync", "everysec")
    disk.fill()
    with pytest.raises(Unavailable):
        await disk.record_for_ever()
    assert await disk.durable() == 0
    known = await disk.store.product(ProductID("us", "B000000003"))
    assert known is not None, "reading goes on"

    disk.make_room()
    client = disk.store.client
    while await disk.durable() == 0:  # it tries again by itself, ten times a second
        assert await client.ping()
    await disk.record(50_000, 10)
    before = await client.dbsize()
    await client.execute_command("BGREWRITEAOF")
    while (await client.info("persistence"))["aof_rewrite_in_progress"]:
        assert await client.ping()
    assert await client.dbsize() == before


def test_a_full_disk_under_the_archive_leaves_no_half_file(tmp_path: Path) -> None:
    place = Folder(tmp_path / "archive")
    place.write("changes/one", b"x" * 100)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        with pytest.raises(Unavailable, match="cannot be written"):
            place.write("changes/two", b"x" * 5_000)
        with pytest.raises(Unavailable):
            place.write("changes/one", b"y" * 5_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert place.names("changes") == {"changes/one": 100}
    assert list((tmp_path / "archive").rglob("*.unfinished")) == []
    assert place.read("changes/one") == b"x" * 100
