"""A disk that is full under PostgreSQL: writes are refused, reading goes on, and nothing is torn or lost."""

import os
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from pennywren.errors import Unavailable
from pennywren.local.children import start, stop, wait_until_ready
from pennywren.local.postgres import embedded_postgres
from pennywren.model.clock import system_clock
from pennywren.pipeline.matching import Matcher
from pennywren.postgres.migrate import migrate
from pennywren.workqueue import WorkQueue
from tests.web.site import PRODUCT, Site

_SIZE = 160 << 20
WISH = {"productID": str(PRODUCT), "threshold": 1500, "notificationType": "EMAIL"}


@dataclass
class Disk:
    """A small file system that PostgreSQL has for itself."""

    folder: Path

    def fill(self) -> None:
        """Leave not one free block."""
        with (self.folder / "ballast").open("wb") as ballast:
            left = os.statvfs(self.folder)
            os.posix_fallocate(ballast.fileno(), 0, left.f_bavail * left.f_bsize)

    def make_room(self) -> None:
        (self.folder / "ballast").unlink()


@contextmanager
def _mounted(folder: Path) -> Generator[Disk]:
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "pennywren", str(folder)], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip("no file system of its own: mounting one is for root")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def disk(servers_dir: Path) -> Iterator[Disk]:
    with _mounted(servers_dir / "small-disk") as disk:
        yield disk


@pytest.fixture
def postgres_url(disk: Disk, tmp_path: Path) -> Iterator[str]:
    """PostgreSQL as it is run, on that disk; `site` and all else use it."""
    server = embedded_postgres(disk.folder / "postgres", logs=tmp_path)
    process = start(server.program)
    try:
        wait_until_ready(server.program, process, server.is_ready)
        migrate(server.url)
        yield server.url
    finally:
        stop({process.pid: (server.program, process)}, seconds=10)


async def test_a_full_disk_under_postgres_refuses_writes_and_tears_and_loses_nothing(
    site: Site, disk: Disk, queue_url: str, postgres_url: str
) -> None:
    await site.record(1999)
    pool, queue = site.resources.pool, WorkQueue(queue_url)
    matcher = Matcher(site.resources.store, pool, queue, system_clock, cooldown=timedelta(0))
    async with await site.person("wren@example.org") as owner:
        assert (await owner.post("/subscriptions", json=WISH)).status_code == 201
        disk.fill()

        refused = await owner.post("/tokens", json={"name": "A", "scopes": ["watches:read"]})
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/unavailable")
        assert len((await owner.get("/subscriptions")).json()["subscriptions"]) == 1
        assert (await owner.get(f"/products/{PRODUCT}/history")).status_code == 200
        await site.record(999)
        for _ in range(4):
            with pytest.raises(Unavailable):
                await _drain(matcher)

        disk.make_room()
        await _drain(matcher)
        assert await pool.fetchval("select count(*) from alerts") == 1
        assert (await owner.post("/tokens", json={"name": "A", "scopes": ["watches:read"]})).status_code == 201
    queue.close()
    await _is_whole(postgres_url)


async def _drain(matcher: Matcher) -> None:
    while await matcher.step(0.01):
        pass


async def _is_whole(url: str) -> None:
    """By PostgreSQL's own checks of every table and every index."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("create extension amcheck")
        torn = await connection.fetch(
            "select relname, msg from pg_class cross join verify_heapam(pg_class.oid) "
            "where relkind = 'r' and relnamespace = 'public'::regnamespace"
        )
        assert torn == []
        await connection.fetch(
            "select bt_index_check(pg_index.indexrelid, true) from pg_index "
            "join pg_class on pg_class.oid = pg_index.indexrelid join pg_am on pg_am.oid = relam "
            "where amname = 'btree' and relnamespace = 'public'::regnamespace"
        )
    finally:
        await connection.close()
