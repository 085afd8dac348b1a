"""Migrations run while the old release serves: each locks one table that is in use, and no more."""

import re
from pathlib import Path

import pytest

from pennywren.postgres.migrate import MIGRATIONS

SERVED = [path for path in sorted(MIGRATIONS.glob("*.sql")) if path.name > "20261127120000z"]
"""Those since this is a rule."""


@pytest.mark.parametrize("path", SERVED, ids=lambda path: path.stem)
def test_a_migration_locks_one_table_that_is_in_use(path: Path) -> None:
    up = path.read_text().partition("-- migrate:down")[0].lower()
    made = set(re.findall(r"create table (\w+)", up))
    locked = re.findall(r"(?:alter table|references|update|delete from|lock table|index \w+ on)\s+(\w+)", up)
    assert len(set(locked) - made) <= 1, "one table in a migration: who locks two can meet somebody the other way round"
