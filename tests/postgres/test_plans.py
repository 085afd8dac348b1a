"""No statement goes through a whole table that grows with people, products or reports."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import asyncpg
import pytest

from pennywren.postgres.migrate import migrate
from pennywren.postgres.pool import STATEMENTS
from tests.postgres.statements import Statement, statements
from tests.postgres.test_sharding import BY_PERSON

ROWS = {"people": 100_000, "products": 100_000, "subscriptions": 100_000, "alerts": 100_000}
OTHERS = 10_000
GROWN = 10_000_000
"""Rows that the planner is told there are."""

SMALL = {"schema_migrations", "secrets", "report_keys", "admins", "admin_log", "trust_log", "imported"}
"""Tables that stay small: what is done by hand, and what an import has just brought."""

OPEN = {"fan_outs_open"}
"""Indexes of nothing but work that is still to be done: they stay small, and are read from one end to the other."""

WHOLE = {
    "select count(*) from": "a progress bar wants to know how much there is",
    "select product_id from subscriptions where state in": "a rebuild has just gone through all of them",
    "select (select count(*) from people) as people": "an administrator asked how many there are",
}
"""Statements that are about a whole table, by how they begin."""

_BY_COLUMN = {
    "person_id": "1 + g % 20000",
    "subscription_id": "g",
    "alert_id": "g",
    "offer": "'buybox'",
    "notification_type": "'EMAIL'",
    "watch_set": "'watch'",
    "kind": "'cookie'",
    "about": "'change'",
    "outcome": "'delivered'",
    "state": "'active'",
    "currency": "'USD'",
    "threshold": "1 + g % 10000",
    "channel": "'email'",
    "email": "format('%s@example.com', g)",
    "product_id": "format('us:%s', g)",
    "last_seen": "now() - g * interval '1 s'",
    "scopes": "'{read}'",
    "name": "'a name'",
    "since": "now()",
    "decided_at": "now() - g * interval '10 minutes'",
}
_BY_TABLE = {
    ("subscriptions", "kind"): "'priceAtOrBelow'",
    ("alerts", "state"): "case when g % 100 = 0 then 'held' when g % 100 = 1 then 'decided' else 'delivered' end",
    ("installs", "id"): "lpad(to_hex(g), 16, '0')",
    ("installs", "person_id"): "g",
    ("suppressed_addresses", "reason"): "'bounced'",
    ("admin_log", "action"): "'plan'",
    ("products", "id"): "format('us:%s', g)",
    ("preferences", "person_id"): "g",
    ("feeds", "person_id"): "g",
    ("fan_outs", "done_at"): "case when g % 1000 > 0 then now() - g * interval '1 s' end",
    ("pairings", "link_hash"): "decode(md5(g::text), 'hex')",
}
_BY_TYPE = {
    "int8": "g",
    "int4": "g",
    "int2": "1",
    "text": "format('%s', g)",
    "bytea": "decode(md5(g::text), 'hex')",
    "timestamptz": "now() - g * interval '1 s'",
    "date": "current_date - g",
    "jsonb": "'{}'",
    "bool": "false",
}
_SET = re.compile(r"\s*(set|listen|declare|create\s+temp\w*)\b|.*\b(set_config|pg_(try_)?advisory_lock)", re.I | re.S)
"""What changes the connection that it is sent over."""
_ENDS_BY_ITSELF = re.compile(r"set local |create temporary table .* on commit drop$", re.I | re.S)
_COLUMNS = """
select table_name, column_name, udt_name, is_nullable = 'NO' and column_default is null as needed
from information_schema.columns where table_schema = 'public' and is_identity = 'NO' and is_generated = 'NEVER'
order by table_name, ordinal_position
"""


@pytest.fixture(scope="module")
def grown(postgres_server: str) -> Iterator[str]:
    """A database whose tables are long, and which the planner takes for a hundred times longer."""
    url = f"{postgres_server.rpartition('/')[0]}/pennywren_plans"
    migrate(url)
    asyncio.run(_fill(url))
    yield url
    asyncio.run(_drop(postgres_server, "pennywren_plans"))


async def _fill(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        columns: dict[str, dict[str, str]] = {}
        for row in await connection.fetch(_COLUMNS):
            table, column = row["table_name"], row["column_name"]
            value = _BY_TABLE.get((table, column)) or _BY_COLUMN.get(column)
            if table not in SMALL and (value or row["needed"]):
                columns.setdefault(table, {})[column] = value or _BY_TYPE[row["udt_name"]]
        # Which rows belong together does not matter to a plan.
        await connection.execute("set session_replication_role = replica")
        for table, values in columns.items():
            names, of = ", ".join(values), ", ".join(values.values())
            count = ROWS.get(table, OTHERS)
            await connection.execute(f"insert into {table} ({names}) select {of} from generate_series(1, {count}) g")
        await connection.execute("analyze")
        for table in columns:
            await connection.execute(
                "select pg_restore_relation_stats('schemaname', 'public', 'relname', relname::text, "
                "'relpages', relpages, 'reltuples', $2::real, 'relallvisible', relallvisible) "
                "from pg_class where oid = $1::text::regclass",
                table,
                float(GROWN),
            )
    finally:
        await connection.close()


async def _drop(server: str, name: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()


def _nodes(plan: Any) -> Iterator[Any]:
    yield plan
    for part in plan.get("Plans", []):
        yield from _nodes(part)


def _scanned(plan: Any, *, some: bool = False) -> Iterator[str]:
    """The tables and indexes that are read from one end to the other, where nothing wants only `some` of their rows."""
    some = some or plan["Node Type"] == "Limit"
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    elif "Index Name" in plan and "Index Cond" not in plan and not some:
        yield plan["Index Name"]
    for part in plan.get("Plans", []):
        yield from _scanned(part, some=some)


def _of_people(plan: Any) -> bool:
    """Whether tables that shard by person are read in it."""
    return any(node.get("Relation Name") in BY_PERSON and node["Node Type"] != "ModifyTable" for node in _nodes(plan))


def _compares_people(plan: Any) -> bool:
    return any("person_id = " in str(text) for key, text in plan.items() if key.endswith(("Cond", "Filter")))


def _across(plan: Any) -> Iterator[str]:
    """Where rows of people are put together that may be of two persons, and so of two shards."""
    parts = [part for part in plan.get("Plans", []) if part.get("Parent Relationship") in ("Outer", "Inner")]
    if len(parts) > 1 and all(map(_of_people, parts)):
        inner = next(part for part in parts if part["Parent Relationship"] == "Inner")
        if not _compares_people(plan) and not any(map(_compares_people, _nodes(inner))):
            yield plan["Node Type"]
    for part in plan.get("Plans", []):
        asks = part.get("Parent Relationship") == "SubPlan" and plan.get("Relation Name") in BY_PERSON
        if asks and _of_people(part) and not any(map(_compares_people, _nodes(part))):
            yield "SubPlan"
        yield from _across(part)


async def _plans(url: str, found: list[Statement]) -> dict[Statement, Any]:
    """The plan of each for whatever values its parameters have."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("set plan_cache_mode = force_generic_plan")
        await connection.execute("create temporary table imported (id text)")
        plans: dict[Statement, Any] = {}
        for each in found:
            await connection.execute(f"prepare this as {each.text}")
            count: int = await connection.fetchval(
                "select cardinality(parameter_types) from pg_prepared_statements where name = 'this'"
            )
            values = f"({', '.join(['null'] * count)})" if count else ""
            said = await connection.fetchval(f"explain (format json) execute this{values}")
            plans[each] = json.loads(said)[0]["Plan"]
            await connection.execute("deallocate this")
        return plans
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def plans(grown: str) -> Mapping[Statement, Any]:
    """Of all statements."""
    return asyncio.run(_plans(grown, list(statements())))


def test_there_are_no_more_statements_than_a_connection_keeps_prepared(plans: Mapping[Statement, Any]) -> None:
    assert 150 < len(plans) < STATEMENTS


def test_no_statement_leaves_anything_on_its_connection() -> None:
    """A connection goes from one request to the next as it is (`open_pool`)."""
    assert [each for each in statements(_SET) if not _ENDS_BY_ITSELF.match(each.text)] == []
    assert {each.text.split()[1] for each in statements(_SET)} == {"local", "temporary"}, "the pattern finds some"


def test_no_statement_puts_rows_of_two_persons_together(plans: Mapping[Statement, Any]) -> None:
    across = {
        f"{each.where} {each.text.strip()[:90]}": found for each, plan in plans.items() if (found := [*_across(plan)])
    }
    assert across == {}


def test_no_statement_goes_through_a_whole_table(plans: Mapping[Statement, Any]) -> None:
    through = {
        f"{each.where} {each.text.strip()[:90]}": tables
        for each, plan in plans.items()
        if (tables := {*_scanned(plan)} - SMALL - OPEN) and not each.text.strip().startswith(tuple(WHOLE))
    }
    assert not through, "\n".join(f"{name} {sorted(tables)}" for name, tables in through.items())
