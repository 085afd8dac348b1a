"""Sessions: an opaque token in a cookie or in an Authorization header; we keep its hash."""

from dataclasses import dataclass
from typing import Final, Literal

from pennywren.accounts.people import Person, person_of
from pennywren.accounts.tokens import new_token, token_hash
from pennywren.errors import NotFound
from pennywren.model.clock import DAY
from pennywren.postgres.moments import to_moment, to_ms
from pennywren.postgres.pool import Connection, Pool, connected, transaction

SessionKind = Literal["cookie", "bearer"]

LIFETIME: Final[dict[SessionKind, int]] = {"cookie": 30 * DAY, "bearer": 90 * DAY}
"""Milliseconds from sign-in to the end of a session."""
_MAX_TOKEN: Final = 200


@dataclass(frozen=True, slots=True)
class Session:
    """A session as its owner sees it. Times are ms UTC."""

    id: int
    kind: SessionKind
    created_at: int
    expires_at: int
    current: bool
    """Whether it is the one that asks."""


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
    async with connected(pool) as connection:
        row = await connection.fetchrow(
            """
            select people.id, people.email::text, people.plan, people.language, people.created_at,
                   preferences.language as chosen_language
            from sessions join people on people.id = sessions.person_id
                 left join preferences on preferences.person_id = people.id
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


async def list_of(
    connection: Connection,
    person_id: int,
    now: int,
    token: str | None = None,
    *,
    before: int | None = None,
    limit: int = 100,
) -> list[Session]:
    """The person's sessions that are not over, the newest first, at most `limit`; those with ids below `before`.

    `token` is that of whoever asks, `now` ms UTC.
    """
    rows = await connection.fetch(
        """
        select id, kind, created_at, expires_at, token_hash = $3 as current from sessions
        where person_id = $1 and expires_at > $2 and ($4::bigint is null or id < $4) order by id desc limit $5
        """,
        person_id,
        to_moment(now),
        token_hash(token or ""),
        before,
        limit,
    )
    return [
        Session(row["id"], row["kind"], to_ms(row["created_at"]), to_ms(row["expires_at"]), row["current"])
        for row in rows
    ]


async def end(connection: Connection, person_id: int, session_id: int) -> None:
    """End one of the person's sessions.

    Raises:
        NotFound: the person has none of this id.
    """
    done = await connection.execute("delete from sessions where id = $1 and person_id = $2", session_id, person_id)
    if done == "DELETE 0":
        raise NotFound("You have no session of this id.")


async def end_others(connection: Connection, person_id: int, token: str) -> None:
    """End all sessions of a person but the one that asks."""
    await connection.execute(
        "delete from sessions where person_id = $1 and token_hash <> $2", person_id, token_hash(token)
    )


async def revoke_all(pool: Pool, person_id: int) -> int:
    """End all sessions of a person; answers how many there were.

    Raises:
        Unavailable: the database is not reachable.
    """
    async with transaction(pool) as connection:
        ended = await connection.fetch("delete from sessions where person_id = $1 returning 1", person_id)
    return len(ended)
