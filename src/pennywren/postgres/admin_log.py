"""What was changed about people by those who run the installation: who, whom, why. It names people by number only."""

from dataclasses import dataclass
from typing import Final, Literal

from pennywren.postgres.moments import to_ms
from pennywren.postgres.pool import Connection

Action = Literal["grant", "revoke", "plan", "block", "unblock", "withdraw"]


@dataclass(frozen=True, slots=True)
class Done:
    """One entry. `at` is ms UTC."""

    at: int
    who: str
    action: Action
    subject: str
    because: str
    effect: str


async def keep(
    connection: Connection, *, who: str, action: Literal["grant", "revoke", "plan"], person_id: int, because: str,
    effect: str,
) -> None:  # fmt: skip
    """Add an entry about a person; there is no way to change what it says."""
    await connection.execute(
        "insert into admin_log (who, action, subject, because, effect) values ($1, $2, $3, $4, $5)",
        who,
        action,
        f"person {person_id}",
        because,
        effect,
    )


_TRAIL: Final = """
(select done_at, who, action, subject, because, effect from admin_log order by id desc limit $1)
union all
(select done_at, who, action, subject, because, effect from trust_log order by id desc limit $1)
order by done_at desc limit $1
"""


async def trail(connection: Connection, count: int) -> list[Done]:
    """The last `count` things that were changed by hand, about people and about trust, the newest first."""
    return [
        Done(to_ms(row["done_at"]), row["who"], row["action"], row["subject"], row["because"], row["effect"])
        for row in await connection.fetch(_TRAIL, count)
    ]


async def forget(connection: Connection, person_id: int) -> None:
    """Let both trails say that somebody left, in place of a person's number."""
    for statement in _FORGET:
        await connection.execute(statement, f"person {person_id}", "somebody who left")


_FORGET: Final = (
    "update admin_log set subject = $2 where subject = $1",
    "update admin_log set who = $2 where who = $1",
    "update trust_log set who = $2 where who = $1",
)
