"""Access tokens: what a person's own programs show, each with a name and with scopes; we keep a token's hash."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal, get_args

import asyncpg

from pennywren.accounts.people import Person
from pennywren.accounts.tokens import new_token, token_hash
from pennywren.errors import BadInput, Conflict, NotFound
from pennywren.model.clock import DAY, MINUTE
from pennywren.postgres.moments import to_moment, to_ms
from pennywren.postgres.pool import Connection, Pool, connected

Scope = Literal[
    "products:read",
    "products:write",
    "watches:read",
    "watches:write",
    "account:read",
    "account:write",
    "channels:read",
    "channels:write",
    "installs:read",
    "installs:write",
]
"""What a token may do. Neither kind makes tokens, nor deletes the account: that takes a session."""
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
PREFIX: Final = "pennywren_"
"""What every access token begins with: so scanners of published code know one, and we know which table to ask."""
MAX_TOKENS: Final = 20
DEFAULT_DAYS: Final = 90
"""Days that a token lasts where nobody said otherwise."""
MAX_DAYS: Final = 3650
MAX_NAME: Final = 100
_MAX_TOKEN: Final = 200
_USE_NOTED_EVERY: Final = MINUTE
"""Milliseconds between two notes of when a token was last used: a write for every request would cost more than it."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token without the token. Times are ms UTC."""

    id: int
    name: str
    scopes: tuple[Scope, ...]
    created_at: int
    last_used_at: int | None
    """To the minute."""
    expires_at: int | None


async def make(
    connection: Connection, person_id: int, name: str, scopes: Collection[Scope], now: int, days: int | None
) -> tuple[AccessToken, str]:
    """A new token, and its secret part, which is not kept. It ends after `days`, with None never; `now` is ms UTC.

    Raises:
        BadInput: it has no name, or no scope, or lasts too long.
        Conflict: the person has as many as one may have.
    """
    token = PREFIX + new_token()
    return await keep(connection, person_id, name, scopes, now, days, token_hash(token)), token


async def keep(
    connection: Connection,
    person_id: int,
    name: str,
    scopes: Collection[Scope],
    now: int,
    days: int | None,
    hashed: bytes,
) -> AccessToken:
    """Let a token that somebody holds already, of which this is the hash, be one; otherwise like `make`.

    Raises:
        BadInput: it has no name, or no scope, or lasts too long.
        Conflict: the person has as many as one may have.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_NAME or "\0" in name:
        raise BadInput(f"Give the token a name of 1 to {MAX_NAME} characters, so that you know it again.", field="name")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise BadInput(f"Give the token one scope at least, of {', '.join(SCOPES)}.", field="scopes")
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise BadInput(f"A token lasts 1 to {MAX_DAYS} days, or with null for ever.")
    await connection.execute("select from people where id = $1 for no key update", person_id)
    await connection.execute(
        "delete from access_tokens where person_id = $1 and expires_at <= $2", person_id, to_moment(now)
    )
    if len(await list_of(connection, person_id)) >= MAX_TOKENS:
        raise Conflict(f"You have {MAX_TOKENS} access tokens already: revoke one first.")
    row = await connection.fetchrow(
        """
        insert into access_tokens (person_id, token_hash, name, scopes, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6) returning *
        """,
        person_id,
        hashed,
        name,
        [scope for scope in SCOPES if scope in scopes],
        to_moment(now),
        None if days is None else to_moment(now + days * DAY),
    )
    assert row is not None  # an insert returns its row or raises
    return _access_token(row)


async def list_of(connection: Connection, person_id: int) -> list[AccessToken]:
    """The person's tokens, those that are over too, in the order in which they were made."""
    rows = await connection.fetch("select * from access_tokens where person_id = $1 order by id", person_id)
    return [_access_token(row) for row in rows]


async def revoke(connection: Connection, person_id: int, token_id: int) -> None:
    """End a token for good.

    Raises:
        NotFound: the person has none of this id.
    """
    done = await connection.execute("delete from access_tokens where id = $1 and person_id = $2", token_id, person_id)
    if done == "DELETE 0":
        raise NotFound("You have no access token of this id.")


async def holder_of(pool: Pool, token: str, now: int) -> tuple[Person, AccessToken] | None:
    """Whose token this is, and what it may do; None: unknown, revoked or over. `now` is ms UTC.

    Raises:
        Unavailable: the database is not reachable.
    """
    if not token.startswith(PREFIX) or len(token) > _MAX_TOKEN:
        return None
    async with connected(pool) as connection:
        row = await connection.fetchrow(
            """
            select access_tokens.*, people.email::text, people.plan, people.language, people.created_at as born
            from access_tokens join people on people.id = access_tokens.person_id
            where token_hash = $1 and (expires_at is null or expires_at > $2)
            """,
            token_hash(token),
            to_moment(now),
        )
        if row is None:
            return None
        known = _access_token(row)
        if known.last_used_at is None or now - known.last_used_at >= _USE_NOTED_EVERY:
            await connection.execute(
                "update access_tokens set last_used_at = $2 where id = $1", known.id, to_moment(now)
            )
    return Person(row["person_id"], row["email"], row["plan"], row["language"], to_ms(row["born"])), known


def _access_token(row: asyncpg.Record) -> AccessToken:
    used, ends = row["last_used_at"], row["expires_at"]
    return AccessToken(
        row["id"],
        row["name"],
        tuple(row["scopes"]),
        to_ms(row["created_at"]),
        None if used is None else to_ms(used),
        None if ends is None else to_ms(ends),
    )
