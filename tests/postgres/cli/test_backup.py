"""A whole installation is backed up, moved to other servers, and restored; PostgreSQL by its own tools as well."""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner, Result

from pennywren import keyspace
from pennywren.cli.shell import shell
from pennywren.local.postgres import find_postgres
from pennywren.model.clock import DAY, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.postgres.migrate import migrate
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.connect import connect
from pennywren.store.store import Store
from tests.blocking import blocking

KETTLE = ProductID("us", "B08N5WRWNW")
TOASTER = ProductID("de", "B0CVCV33BG")


@pytest.fixture
def environ(tmp_path: Path, redis_url: str, queue_url: str, postgres_url: str) -> dict[str, str]:
    return {
        "PENNYWREN_DATA_DIR": str(tmp_path / "data"),
        "PENNYWREN_REDIS_URL": redis_url,
        "PENNYWREN_QUEUE_URL": queue_url,
        "PENNYWREN_POSTGRES_URL": postgres_url,
    }


@pytest.fixture
def other_database(postgres_server: str) -> Iterator[str]:
    """An empty, migrated database beside the one of the tests."""
    url = f"{postgres_server.rpartition('/')[0]}/pennywren_moved"
    asyncio.run(_execute(postgres_server, "drop database if exists pennywren_moved"))
    migrate(url)
    yield url
    asyncio.run(_execute(postgres_server, "drop database if exists pennywren_moved"))


def run(environ: dict[str, str], *args: str) -> Result:
    return CliRunner().invoke(shell, args, env=environ)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    connection = await asyncpg.connect(url)
    try:
        names = [
            row["tablename"]
            for row in await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        ]
        return {
            name: sorted((tuple(row) for row in await connection.fetch(f"select * from {name}")), key=str)
            for name in names
        }
    finally:
        await connection.close()


async def _fill(environ: dict[str, str]) -> None:
    """A person with a watch on a product of the catalogue, two histories, and a reporter's reputation."""
    connection = await asyncpg.connect(environ["PENNYWREN_POSTGRES_URL"])
    try:
        person = await connection.fetchval("insert into people (email) values ('wren@example.org') returning id")
        await connection.execute(
            "insert into products (id, title) values ($1, 'A kettle, \"large\"'), ($2, null)", str(KETTLE), str(TOASTER)
        )
        await connection.execute("insert into secrets (name, value) values ('links', 'the key of links')")
        await connection.execute(
            "insert into subscriptions (person_id, product_id, offer, threshold, currency, notification_type) "
            "values ($1, $2, 'buybox', 1200, 'USD', 'EMAIL')",
            person,
            str(KETTLE),
        )
    finally:
        await connection.close()
    now = system_clock()
    client, raw = connect(environ["PENNYWREN_REDIS_URL"]), connect(environ["PENNYWREN_REDIS_URL"], decode=False)
    recorder = Recorder(Store(client, raw), 7 * 86_400, now=now)
    for days, price in ((3, 1599), (2, 1299), (1, None)):
        await recorder.record([LookToRecord(Look(KETTLE, "USD", {Offer.BUYBOX: price}, now - days * DAY))])
    await recorder.record([LookToRecord(Look(TOASTER, "EUR", {Offer.NEW: 2999}, now - DAY))])
    await client.set(keyspace.reporter("5f3a9c0d1e2b4a68"), "known", px=60_000)
    await client.aclose()
    await raw.aclose()


def _points(environ: dict[str, str]) -> object:
    told = json.loads(run(environ, "history", str(KETTLE), "--interval", "raw", "--json").stdout)
    return [(point["timestamp"], point.get("price")) for point in told["history"]]


def test_an_installation_moves_to_other_servers_with_all_it_knows(
    environ: dict[str, str], tmp_path: Path, other_database: str, redis_url: str
) -> None:
    asyncio.run(_fill(environ))
    before, points = asyncio.run(_rows(environ["PENNYWREN_POSTGRES_URL"])), _points(environ)
    folder = tmp_path / "backup"
    made = run(environ, "backup", str(folder), "--json")
    assert made.exit_code == 0, made.stderr
    told = json.loads(made.stdout)
    assert (told["format"], told["products"], told["tables"]["subscriptions"]) == (1, 2, 1)
    assert "not empty" in run(environ, "backup", str(folder)).stderr

    with blocking(redis_url) as client:
        client.flushall()  # the other machine's
    moved = {**environ, "PENNYWREN_POSTGRES_URL": other_database, "PENNYWREN_DATA_DIR": str(tmp_path / "other")}
    # What runs there already has made a key, which signs nothing that the old machine sent.
    asyncio.run(_execute(other_database, "insert into secrets (name, value) values ('links', 'another')"))
    filled = run(moved, "restore", "--from", str(folder), "--json")
    assert filled.exit_code == 0, filled.stderr
    assert "start again what runs here" in filled.stderr
    done = json.loads(filled.stdout)
    assert (done["products"], done["watches"], done["frontier"]) == (2, 1, 2)
    after = asyncio.run(_rows(other_database))
    assert {name: rows for name, rows in after.items() if name != "schema_migrations"} == {
        name: rows for name, rows in before.items() if name != "schema_migrations"
    }
    assert _points(moved) == points
    with blocking(redis_url, decode=True) as client:
        assert client.get(keyspace.reporter("5f3a9c0d1e2b4a68")) == "known"
        assert 0 < int(client.pttl(keyspace.reporter("5f3a9c0d1e2b4a68"))) <= 60_000  # pyright: ignore[reportArgumentType]
        client.flushall()  # and is lost there as well
    assert json.loads(run(moved, "restore", "--json").stdout)["products"] == 2
    assert _points(moved) == points, "its own archive has what the backup had"
    asyncio.run(_execute(other_database, "insert into people (email) values ('next@example.org')"))

    again = run(moved, "restore", "--from", str(folder))
    assert (again.exit_code, "empty" in again.stderr) == (1, True)


def test_half_a_backup_and_a_strange_one_are_refused(environ: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    assert run(environ, "backup", str(folder)).exit_code == 0
    manifest = folder / "manifest.json"
    told = json.loads(manifest.read_text())
    for change, words in (({"format": 99}, "install a newer one"), ({"schema": "20010101000000"}, "then upgrade")):
        manifest.write_text(json.dumps({**told, **change}))
        refused = run(environ, "restore", "--from", str(folder))
        assert (refused.exit_code, words in refused.stderr) == (2, True)
    manifest.unlink()
    assert "no whole backup" in run(environ, "restore", "--from", str(folder)).stderr


def test_postgres_is_dumped_and_restored_by_its_own_tools(
    environ: dict[str, str], tmp_path: Path, other_database: str
) -> None:
    """The lines of docs/operations.md, with the tools of this PostgreSQL."""
    asyncio.run(_fill(environ))
    tools = find_postgres()
    shell_environ = {**os.environ, "LD_LIBRARY_PATH": str(tools.parent / "lib")}
    dump = tmp_path / "pennywren.dump"
    for argv in (
        ["pg_dump", "--format=custom", f"--file={dump}", environ["PENNYWREN_POSTGRES_URL"]],
        ["pg_restore", "--clean", "--if-exists", "--exit-on-error", f"--dbname={other_database}", str(dump)],
    ):
        ran = subprocess.run(
            [str(tools / argv[0]), *argv[1:]], env=shell_environ, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
    assert asyncio.run(_rows(other_database)) == asyncio.run(_rows(environ["PENNYWREN_POSTGRES_URL"]))
