"""All tables as files and back, with PostgreSQL's own COPY: for moving a whole installation to other servers."""

import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from pennywren.errors import Unavailable
from pennywren.postgres.pool import Connection

_KEEPS: Final = ("schema_migrations",)
_TABLES: Final = """
select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
  and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
group by c.relname
"""
_NEEDS: Final = """
select c.relname as name, f.relname as needed
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class f on f.oid = k.confrelid
where k.contype = 'f' and c.relnamespace = 'public'::regnamespace and k.conrelid <> k.confrelid
"""
_IDENTITIES: Final = """
select c.relname as name, a.attname as column
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attidentity <> ''
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and its columns that hold something of their own."""

    name: str
    columns: tuple[str, ...]


async def tables(connection: Connection) -> list[Table]:
    """All tables, each after those that it refers to."""
    found = {
        row["name"]: Table(row["name"], tuple(row["columns"]))
        for row in await connection.fetch(_TABLES)
        if row["name"] not in _KEEPS
    }
    needs: dict[str, set[str]] = {name: set() for name in found}
    for row in await connection.fetch(_NEEDS):
        needs[row["name"]].add(row["needed"])
    ordered: list[Table] = []
    while needs:
        free = sorted(name for name, needed in needs.items() if not needed & needs.keys())
        if not free:  # a circle of references: COPY could not fill it anyway
            raise Unavailable(f"the tables {', '.join(sorted(needs))} refer to each other")
        ordered += [found[name] for name in free]
        for name in free:
            del needs[name]
    return ordered


async def schema(connection: Connection) -> str:
    """The newest migration that ran."""
    return str(await connection.fetchval("select max(version) from schema_migrations"))


async def dump(connection: Connection, table: Table) -> bytes:
    """A table's rows as packed CSV, the columns' names first."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed:
        stream: Any = packed
        await connection.copy_from_table(
            table.name, output=stream, columns=list(table.columns), format="csv", header=True
        )
    return out.getvalue()


async def load(connection: Connection, table: Table, data: bytes) -> int:
    """Fill an empty table with what `dump` made; how many rows.

    Raises:
        Unavailable: PostgreSQL refused it; says why.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            header = packed.readline().decode().strip()
            columns = [name.strip('"') for name in header.split(",")]
            source: Any = packed
            status: str = await connection.copy_to_table(table.name, source=source, columns=columns, format="csv")
    except (asyncpg.PostgresError, OSError, EOFError) as error:
        raise Unavailable(f"the table {table.name} could not be filled: {error}") from error
    return int(status.rpartition(" ")[2])


async def advance_identities(connection: Connection) -> None:
    """Let new rows get numbers after those that were filled in."""
    for row in await connection.fetch(_IDENTITIES):
        await connection.execute(
            f"select setval(pg_get_serial_sequence($1, $2), coalesce(max({row['column']}), 0) + 1, false) "  # noqa: S608
            f"from {row['name']}",
            row["name"],
            row["column"],
        )


async def occupied(connection: Connection, of: Sequence[Table], but: Sequence[str]) -> list[str]:
    """Those of the tables that hold rows, without the ones that a fresh installation fills itself."""
    names = [table.name for table in of if table.name not in but]
    return [name for name in names if await connection.fetchval(f"select exists(select from {name})")]  # noqa: S608
