"""Going through all of a table, page by page, with two pages under way."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import asyncpg

from pennywren.postgres.pool import Connection, Pool, transaction

Rows = Sequence[asyncpg.Record]
Progress = Callable[[int, int], None]
"""Told after each page: rows done, and of how many (an estimate)."""
Key = TypeVar("Key", int, str)

COUNTED_WITHIN_S: Final = 900
"""To know how many there are PostgreSQL goes through all of them: minutes, where they are hundreds of millions."""
_UNDER_WAY: Final = 2


def counting(total: int, progress: Progress | None) -> Callable[[int], None]:
    """Adds up what `page_through` tells, for `progress`; `total` grows where there are more than were counted."""
    done = 0

    def told(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress(done, max(total, done))

    return told


async def page_through(
    pool: Pool,
    begin: Key,
    read: Callable[[Connection, Key], Awaitable[Rows]],
    carry: Callable[[Rows], Awaitable[int]],
    told: Callable[[int], None],
) -> int:
    """Hand each page that `read` finds after an `id`, from `begin` on, to `carry`; the sum of what that answers.

    While Redis works on one page, the next is read and prepared. A page is carried in the transaction that it was read
    in: what was locked with it is let go afterwards. `told` hears of how many rows each page had.

    Raises:
        Unavailable: PostgreSQL does not answer; or what `carry` raises.
    """
    last, answered = begin, 0
    one_reads = asyncio.Lock()

    async def work() -> None:
        nonlocal last, answered
        while True:
            async with transaction(pool) as connection:
                async with one_reads:
                    rows = await read(connection, last)
                    if not rows:
                        return
                    last = rows[-1]["id"]
                answer = await carry(rows)
            answered += answer
            told(len(rows))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(_UNDER_WAY):
                group.create_task(work())
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return answered
