"""Named secrets: made by the first process that needs one, the same for all processes from then on."""

import secrets
from typing import Final

from pennywren.postgres.pool import Pool, transaction

_SIZE: Final = 32


async def get_or_create(pool: Pool, name: str) -> bytes:
    """The 32 random bytes that are kept under `name`.

    Raises:
        Unavailable: the database is not reachable.
    """
    async with transaction(pool) as connection:
        await connection.execute(
            "insert into secrets (name, value) values ($1, $2) on conflict (name) do nothing",
            name,
            secrets.token_bytes(_SIZE),
        )
        # A second statement: in READ COMMITTED it sees the row of whoever was first.
        return bytes(await connection.fetchval("select value from secrets where name = $1", name))
