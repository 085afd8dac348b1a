"""Connections to PostgreSQL: so many and no more, each with its statements prepared."""

import asyncio

import pytest

from pennywren.accounts import preferences
from pennywren.errors import Unavailable
from pennywren.postgres import pool as pools
from pennywren.postgres.pool import open_pool, transaction

_TIMES = """
select sum(generic_plans + custom_plans)::int as times, count(*) as kept
from pg_prepared_statements where statement like '%from preferences%' and statement not like '%pg_prepared%'
"""


async def test_a_statement_is_prepared_once_a_connection_and_then_used_again(postgres_url: str) -> None:
    pool = await open_pool(postgres_url, size=1)
    try:
        for person in range(5):
            async with transaction(pool) as connection:
                await preferences.get(connection, person)
        async with transaction(pool) as connection:
            found = await connection.fetchrow(_TIMES)
        assert found is not None
        assert (found["times"], found["kept"]) == (5, 1)
    finally:
        await pool.close()


async def test_whoever_finds_all_connections_taken_is_told_to_come_again(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = await open_pool(postgres_url, size=2)
    monkeypatch.setattr(pools, "PATIENCE_S", 0.05)
    try:
        async with transaction(pool), transaction(pool) as connection:
            with pytest.raises(Unavailable) as told:
                async with transaction(pool):
                    pytest.fail("there is a third connection")
            assert told.value.retry_after == 5
            assert await connection.fetchval("select 1") == 1
            assert pool.get_size() == 2
        async with asyncio.timeout(60), transaction(pool) as connection:
            assert await connection.fetchval("select 2") == 2
    finally:
        await pool.close()
