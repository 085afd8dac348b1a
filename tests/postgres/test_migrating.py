"""Migrations and who uses the tables: neither waits long for the other."""

import asyncio
import shutil
from pathlib import Path

import asyncpg
import pytest

from pennywren.errors import Unavailable
from pennywren.postgres import migrate

ADDS = "-- migrate:up\nalter table people add column nickname text;\n-- migrate:down\n"


async def test_a_migration_that_waits_for_a_lock_gives_way_and_is_tried_again(
    postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{postgres_server.rpartition('/')[0]}/pennywren_locks"
    migrate.migrate(url)
    shutil.copytree(migrate.MIGRATIONS, tmp_path / "migrations")
    (tmp_path / "migrations" / "20990101000000_adds.sql").write_text(ADDS)
    monkeypatch.setattr(migrate, "MIGRATIONS", tmp_path / "migrations")
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", 200)
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("select * from people")  # a lock that any reader has until its transaction ends
            with pytest.raises(Unavailable, match="lock timeout"):
                await asyncio.to_thread(migrate.migrate, url, patience=0)
            trying = asyncio.create_task(asyncio.to_thread(migrate.migrate, url))
        await trying
        assert await connection.fetchval("select count(nickname) from people") == 0
    finally:
        await connection.close()
