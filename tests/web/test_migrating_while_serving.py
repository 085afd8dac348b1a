"""The schema moves on while a process that does not know of it serves: nobody notices."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from pennywren.postgres import migrate
from tests.web.site import HTML, PRODUCT, Site

OLDEST = "20261127120000"
"""The oldest schema that this code's ordinary requests run on."""
ADDS = (
    "alter table people add column nickname text;",
    "alter table sessions add column nickname text not null default 'x';",
    "alter table subscriptions add column colour text, add column rank bigint not null default 7;",
    "alter table products add column colour text;",
    "create table nicknames (person_id bigint primary key references people (id) on delete cascade);",
)
"""What a later release may do to tables that this one has open: add, to one table in a migration. Who locks two of them
waits for somebody who has the second and wants the first."""
USERS = 4
WISH = {"productID": str(PRODUCT), "threshold": 1500, "notificationType": "EMAIL"}


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """One migration after the other, for a database with the oldest schema: ours, then a later release's."""
    names = sorted(migrate.MIGRATIONS.glob("*.sql"))
    folder = tmp_path / "migrations"
    folder.mkdir()
    for each in names:
        if each.name.partition("_")[0] <= OLDEST:
            shutil.copy(each, folder)
    later = tmp_path / "later"
    later.mkdir()
    for each in names:
        if each.name.partition("_")[0] > OLDEST:
            shutil.copy(each, later)
    for n, statement in enumerate(ADDS):
        (later / f"2099010100000{n}_adds.sql").write_text(f"-- migrate:up\n{statement}\n-- migrate:down\n")
    monkeypatch.setattr(migrate, "MIGRATIONS", folder)
    return iter(sorted(later.iterdir()))


@pytest.fixture
def postgres_url(postgres_server: str, steps: Iterator[Path]) -> str:
    """A database of its own; `site` and all else use it."""
    url = f"{postgres_server.rpartition('/')[0]}/pennywren_steps"
    asyncio.run(_drop(postgres_server))
    migrate.migrate(url)
    return url


async def _drop(server: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute("drop database if exists pennywren_steps with (force)")
    finally:
        await connection.close()


async def use(client: httpx.AsyncClient, answers: Counter[int], until: asyncio.Event) -> None:
    """What people do, over and over."""
    while not until.is_set():
        made = await client.post("/subscriptions", json=WISH)
        answers[made.status_code] += 1
        address = f"/subscriptions/{made.json()['id']}"
        for asked in (
            client.get(f"/products/{PRODUCT}"),
            client.get("/subscriptions"),
            client.get("/account/watches.csv"),
            client.get(f"/products/{PRODUCT}", headers=HTML),
            client.patch(address, json={"threshold": 1400}),
            client.delete(address),
        ):
            answers[(await asked).status_code] += 1


async def test_each_step_and_what_a_later_release_adds_break_nothing_that_runs(
    site: Site, steps: Iterator[Path]
) -> None:
    await site.record(1999)
    answers, enough = Counter[int](), asyncio.Event()
    clients = [await site.person(f"wren{n}@example.org") for n in range(USERS)]

    async def until_answered(more: int) -> None:
        goal = answers.total() + more
        while answers.total() < goal:
            await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as users:
        for client in clients:
            users.create_task(use(client, answers, enough))
        await until_answered(20)
        for step in steps:
            shutil.move(step, migrate.MIGRATIONS)
            await asyncio.to_thread(migrate.migrate, site.resources.settings.postgres_url or "")
            await until_answered(20)
        enough.set()
    for client in clients:
        await client.aclose()
    assert set(answers) == {200, 201, 204}
    async with site.resources.pool.acquire() as connection:
        assert await migrate.missing_migrations(connection) == []
