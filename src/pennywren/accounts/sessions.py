"""Sessions: an opaque token in a cookie or in an Authorization header; we keep its hash."""

from typing import Final, Literal

from pennywren.accounts.people import Person, person_of
from pennywren.accounts.tokens import new_token, token_hash
from pennywren.model.clock import DAY
from pennywren.postgres.moments import to_moment
from pennywren.postgres.pool import Connection, Pool, transaction

SessionKind = Literal["cookie", "bearer"]

LIFETIME: Final[dict[SessionKind, int]] = {"cookie": 30 * DAY, "bearer": 90 * DAY}
"""Milliseconds from sign-in to the end of a session."""
_MAX_TOKEN: Final = 200


async def start_session(connection: Connection, person_id: int, kind: SessionKind, now: int) -> str:
    """Begin a session; answers its token, which is not kept. `now` is ms UTC."""
    token = new_token()
    await connection.execute(
        "delete from sessions where person_id = $1 and expires_at <= $2", person_id, to_moment(now)
    )
    await connection.execute(
        "insert into sessions (token_hash, person_id, kind, created_at, expires_at) values ($1, $2, $3, $4, $5)",
        token_hash(token),
        person_id,
        kind,
        to_moment(now),
        to_moment(now + LIFETIME[kind]),
    )
    return token


async def signed_in(pool: Pool, token: str, kind: SessionKind, now: int) -> Person | None:
    """Whose session `token` is, or None: unknown, revoked, over, or of the other kind. `now` is ms UTC.

    Raises:
        Unavailable: the database is not reachable.
    """
    if not token or len(token) > _MAX_TOKEN:
        return None
    async with transaction(pool) as connection:
        row = await connection.fetchrow(
            """
            select people.id, people.email::text, people.plan, people.language
            from sessions join people on people.id = sessions.person_id
            where token_hash = $1 and kind = $2 and expires_at > $3
            """,
            token_hash(token),
            kind,
            to_moment(now),
        )
    return None if row is None else person_of(row)


async def revoke(pool: Pool, token: str) -> None:
    """End one session; nothing happens where there is none.

    Raises:
        Unavailable: the database is not reachable.
    """
    async with transaction(pool) as connection:
        await connection.execute("delete from sessions where token_hash = $1", token_hash(token))


async def revoke_all(pool: Pool, person_id: int) -> int:
    """End all sessions of a person; answers how many there were.

    Raises:
        Unavailable: the database is not reachable.
    """
    async with transaction(pool) as connection:
        ended = await connection.fetch("delete from sessions where person_id = $1 returning 1", person_id)
    return len(ended)
