"""Going through a table page by page, with two pages under way."""

import asyncio

import pytest

from pennywren.errors import Unavailable
from pennywren.pipeline.paging_through import Rows, page_through
from pennywren.postgres.pool import Connection, Pool


async def _read(connection: Connection, last: int) -> Rows:
    """Ten a page, of a hundred."""
    return await connection.fetch("select g as id from generate_series($1::int + 1, least($1 + 10, 100)) g", last)


async def test_each_row_is_carried_once_and_the_next_page_is_read_meanwhile(pool: Pool) -> None:
    carried, told = list[int](), list[int]()
    second_came = asyncio.Event()

    async def carry(rows: Rows) -> int:
        if rows[0]["id"] == 1:
            async with asyncio.timeout(60):
                await second_came.wait()
        second_came.set()
        carried.extend(row["id"] for row in rows)
        return len(rows)

    assert await page_through(pool, 0, _read, carry, told.append) == 100
    assert carried[0] == 11
    assert sorted(carried) == list(range(1, 101))
    assert told == [10] * 10


async def test_what_fails_ends_it_and_is_said_as_it_is(pool: Pool) -> None:
    carried: list[int] = []

    async def carry(rows: Rows) -> int:
        if rows[0]["id"] > 20:
            raise Unavailable("Redis is away")
        carried.append(rows[0]["id"])
        return 1

    with pytest.raises(Unavailable, match="Redis is away"):
        await page_through(pool, 0, _read, carry, lambda _: None)
    assert set(carried) <= {1, 11}
