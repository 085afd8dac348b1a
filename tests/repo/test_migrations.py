"""Migrations run while the old release serves: each locks one table that is in use, and no more."""

import re
from pathlib import Path

from pennywren.postgres.migrate import MIGRATIONS

_MAKEFILE = (Path(__file__).parents[2] / "Makefile").read_text()
NEVER_SERVED = re.findall(r"^NEVER_SERVED := (\d+)$", _MAKEFILE, re.MULTILINE)[0]
_LOCKS = re.compile(r"(?:alter table|references|update|delete from|lock table|index \w+ on)\s+(\w+)")


def locked(migration: str) -> set[str]:
    """The tables that are in use and that a migration locks."""
    up = migration.partition("-- migrate:down")[0].lower()
    return set(_LOCKS.findall(up)) - set(re.findall(r"create table (\w+)", up))


def test_a_migration_locks_one_table_that_is_in_use() -> None:
    # Who locks two of them can meet somebody who has the second and wants the first.
    of = {path.name: locked(path.read_text()) for path in MIGRATIONS.glob("*.sql") if path.stem > f"{NEVER_SERVED}z"}
    assert {name: tables for name, tables in of.items() if len(tables) > 1} == {}


def test_what_counts_as_locked() -> None:
    made = "create table a (id bigint references people (id)); create index a_id on a (id);"
    assert locked(f"{made}\n-- migrate:down\nalter table alerts drop column a;") == {"people"}
    assert locked("alter table people add x int; alter table alerts add x int;") == {"people", "alerts"}
