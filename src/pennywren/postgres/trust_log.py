"""What operators changed about trust, for good: who, when, why, and what it did."""

from dataclasses import dataclass

from pennywren.postgres.moments import to_ms
from pennywren.postgres.pool import Connection, Pool, transaction


@dataclass(frozen=True, slots=True)
class Logged:
    """One entry. `at` is ms UTC."""

    at: int
    who: str
    action: str
    """`withdraw`, `block`, `unblock`."""
    subject: str
    """A price, a reporter, a network."""
    because: str
    effect: str
    """What it did, in words."""


async def keep_in_log(
    connection: Connection, *, who: str, action: str, subject: str, because: str, effect: str
) -> None:
    """Add an entry; there is no way to change one."""
    await connection.execute(
        "insert into trust_log (who, action, subject, because, effect) values ($1, $2, $3, $4, $5)",
        who,
        action,
        subject,
        because,
        effect,
    )


async def read_log(pool: Pool, limit: int) -> list[Logged]:
    """The last entries, the newest first.

    Raises:
        Unavailable: the database is not reachable.
    """
    async with transaction(pool) as connection:
        rows = await connection.fetch("select * from trust_log order by id desc limit $1", limit)
    return [
        Logged(to_ms(row["done_at"]), row["who"], row["action"], row["subject"], row["because"], row["effect"])
        for row in rows
    ]
