"""The tables of what belongs to a person can be sharded by person, as Citus shards them (decision 0017)."""

from typing import Final

from pennywren.postgres.pool import Pool

BY_PERSON: Final = {
    "alerts",
    "decisions",
    "deliveries",
    "feeds",
    "phones",
    "preferences",
    "push_subscriptions",
    "subscriptions",
    "webhooks",
}
"""Tables that are cut into shards by `person_id`."""

EVERYWHERE: Final = {
    "access_tokens",
    "admins",
    "installs",
    "pairings",
    "pending_watches",
    "people",
    "products",
    "sessions",
    "sign_in_links",
    "suppressed_addresses",
    "withdrawals",
}
"""Tables of which each node has a copy: what is looked for before anybody knows the person, or belongs to all."""

ONE_PLACE: Final = {
    "admin_log",
    "fan_outs",
    "report_keys",
    "report_log",
    "schema_migrations",
    "secrets",
    "sms_spend",
    "trust_log",
}
"""Tables that stay where the coordinator is."""

_KEYS: Final = """
select c.conrelid::regclass::text as of, c.conname as name, c.contype = 'f' as refers,
       case when c.contype = 'f' then c.confrelid::regclass::text end as to,
       array(select attname::text from pg_attribute where attrelid = c.conrelid and attnum = any(c.conkey)) as columns,
       array_position(c.conkey, (select attnum from pg_attribute
                                 where attrelid = c.conrelid and attname = 'person_id')) as ours,
       array_position(c.confkey, (select attnum from pg_attribute
                                  where attrelid = c.confrelid and attname = 'person_id')) as theirs
from pg_constraint c where c.contype in ('p', 'u', 'f') and c.connamespace = 'public'::regnamespace
"""
_UNIQUE: Final = """
select i.indrelid::regclass::text as of, i.indexrelid::regclass::text as name,
       exists (select from pg_attribute
               where attrelid = i.indrelid and attname = 'person_id' and attnum = any(i.indkey)) as is_keyed
from pg_index i join pg_class c on c.oid = i.indrelid
where i.indisunique and c.relnamespace = 'public'::regnamespace
"""
_NOT_NULL: Final = """
select attrelid::regclass::text as of from pg_attribute a join pg_class c on c.oid = a.attrelid
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and attname = 'person_id' and attnotnull
"""


async def test_each_table_has_a_place(pool: Pool) -> None:
    tables = {row["tablename"] for row in await pool.fetch("select * from pg_tables where schemaname = 'public'")}
    assert tables == BY_PERSON | EVERYWHERE | ONE_PLACE


async def test_what_is_sharded_says_whose_it_is(pool: Pool) -> None:
    assert {row["of"] for row in await pool.fetch(_NOT_NULL)} >= BY_PERSON


async def test_each_unique_key_of_a_shard_has_the_person(pool: Pool) -> None:
    # Uniqueness is seen to inside a shard only.
    keys = [row for row in await pool.fetch(_UNIQUE) if row["of"] in BY_PERSON]
    assert {row["of"] for row in keys} == BY_PERSON
    assert [row["name"] for row in keys if not row["is_keyed"]] == []


async def test_each_reference_stays_inside_its_shard_or_leads_to_what_is_everywhere(pool: Pool) -> None:
    leads = [row for row in await pool.fetch(_KEYS) if row["refers"]]
    from_shards = [row for row in leads if row["of"] in BY_PERSON]
    assert {row["to"] for row in from_shards} >= {"alerts", "people", "products", "subscriptions"}
    inside = [row for row in from_shards if row["to"] in BY_PERSON]
    assert [row["name"] for row in inside if row["ours"] is None or row["ours"] != row["theirs"]] == []
    assert {row["to"] for row in from_shards} <= BY_PERSON | EVERYWHERE
    # What is everywhere cannot refer to what is in one shard or place.
    assert {row["to"] for row in leads if row["of"] in EVERYWHERE} <= EVERYWHERE
