"""Installs of the extension: each has a token of its own, which says nothing of a person unless one pairs it."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from pennywren import keyspace
from pennywren.accounts.tokens import new_token, token_hash
from pennywren.errors import BadInput, NotFound
from pennywren.model.clock import DAY, rfc3339
from pennywren.postgres.moments import to_moment, to_ms
from pennywren.postgres.pool import Connection, Pool, connected, transaction
from pennywren.store.connect import Client
from pennywren.store.round_trip import RoundTrip

_NAME: Final = 16
_FAMILY: Final = 16
_KEY_KEPT: Final = 2 * DAY
_CACHED: Final = DAY
_REVOKED: Final = b"revoked"
_MAX_TOKEN: Final = 200


class Install(msgspec.Struct, frozen=True, array_like=True):
    """An install as its token shows it."""

    id: str
    token_hash: bytes
    born: int
    """When it was made (ms)."""
    family: str
    """Installs that were made from one network on one day are of one family."""

    def is_of(self, token: str) -> bool:
        """Whether this is the install's token."""
        return hmac.compare_digest(self.token_hash, token_hash(token))


@dataclass(frozen=True, slots=True)
class OwnInstall:
    """An install as the person sees it who paired it."""

    id: str
    created_at: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Install).decode


def name_of(token: str) -> str:
    """The id of the install that a token belongs to, if it belongs to any."""
    return token_hash(token).hex()[:_NAME]


async def make_install(client: Client, pool: Pool, network: str, now: int) -> tuple[Install, str]:
    """A new install from `network`, and its token, which is not kept. `client` answers with bytes; `now` is ms UTC.

    Raises:
        Unavailable: Redis or the database is not reachable.
    """
    token = new_token()
    install = Install(name_of(token), token_hash(token), now, await _family(client, network, now))
    async with transaction(pool) as connection:
        await connection.execute(
            "insert into installs (id, token_hash, family, created_at) values ($1, $2, $3, $4)",
            install.id,
            install.token_hash,
            install.family,
            to_moment(now),
        )
    return install, token


async def _family(client: Client, network: str, now: int) -> str:
    """The network under the key of the day: once the key has expired, nobody can tell which network it was."""
    key = keyspace.family_key(rfc3339(now)[:10])
    trip = RoundTrip(client)
    trip.command("SET", key, secrets.token_bytes(32), "NX", "PX", _KEY_KEPT)
    trip.command("GET", key)
    (_, secret) = await trip.send()
    return hmac.digest(secret, network.encode(), "sha256").hex()[:_FAMILY]


def ask(trip: RoundTrip, name: str) -> int:
    """Add to a round trip the question which install this is; `cached` reads its reply."""
    return trip.command("GET", keyspace.install(name))


def cached(reply: object) -> Install | bool | None:
    """Read the reply to `ask`: the install, False where it was revoked, None where the database has to be asked."""
    if not isinstance(reply, bytes):
        return None
    try:
        return False if reply == _REVOKED else _decode(reply)
    except msgspec.DecodeError:
        return None


def keep_cached(trip: RoundTrip, install: Install) -> None:
    """Add to a round trip that an install is known for a day; one that was revoked meanwhile stays so."""
    trip.command("SET", keyspace.install(install.id), _encode(install), "NX", "PX", _CACHED)


async def find_installs(pool: Pool, tokens: Sequence[str]) -> dict[str, Install]:
    """The installs of those of `tokens` that are in use.

    Raises:
        Unavailable: the database is not reachable.
    """
    usable = {token_hash(token): token for token in tokens if len(token) <= _MAX_TOKEN}
    async with connected(pool) as connection:
        rows = await connection.fetch(
            "select id, token_hash, family, created_at from installs"
            " where token_hash = any($1::bytea[]) and revoked_at is null",
            list(usable),
        )
    return {usable[bytes(row["token_hash"])]: _of(row) for row in rows}


async def born_of(pool: Pool, name: str) -> int | None:
    """When the install of this id was made (ms UTC); None where none of this id is in use.

    Raises:
        Unavailable: the database is not reachable.
    """
    async with connected(pool) as connection:
        at = await connection.fetchval("select created_at from installs where id = $1 and revoked_at is null", name)
    return None if at is None else to_ms(at)


async def revoke_install(
    client: Client, pool: Pool, name: str, now: int, *, token: str | None = None, person_id: int | None = None
) -> None:
    """End an install for good: whoever holds its token may, and the person who paired it.

    Raises:
        NotFound: there is none of this id, it has ended, or it is neither theirs.
        Unavailable: Redis or the database is not reachable.
    """
    async with transaction(pool) as connection:
        ended = await connection.fetchval(
            "update installs set revoked_at = $2 where id = $1 and revoked_at is null"
            " and (token_hash = $3 or person_id = $4) returning 1",
            name,
            to_moment(now),
            token_hash(token) if token is not None else None,
            person_id,
        )
        if ended is None:
            raise NotFound("You have no install of this id.")
        trip = RoundTrip(client)
        trip.command("SET", keyspace.install(name), _REVOKED, "PX", 2 * _CACHED)
        trip.command("DEL", keyspace.reporter(name))
        await trip.send()


async def pair_install(connection: Connection, token: str, person_id: int) -> OwnInstall:
    """Whoever holds an install's token and is signed in takes it into their account.

    Raises:
        NotFound: no install in use has this token.
    """
    row = await connection.fetchrow(
        "update installs set person_id = $2 where token_hash = $1 and revoked_at is null returning id, created_at",
        token_hash(token),
        person_id,
    )
    if row is None:
        raise NotFound("No install in use has this token.")
    return OwnInstall(row["id"], to_ms(row["created_at"]))


async def installs_of(
    connection: Connection, person_id: int, *, after: str | None = None, limit: int = 100
) -> list[OwnInstall]:
    """The installs in use that a person has paired, the newest first: those that come `after` one of theirs.

    Raises:
        BadInput: `after` is no install of this person's.
    """
    begin = None
    if after is not None:
        begin = await connection.fetchval(
            "select created_at from installs where id = $1 and person_id = $2", after, person_id
        )
        if begin is None:
            raise BadInput("The cursor must be the `next` of a page of this list: leave it out to begin anew.")
    rows = await connection.fetch(
        """
        select id, created_at from installs where person_id = $1 and revoked_at is null
        and ($2::timestamptz is null or created_at < $2 or (created_at = $2 and id > $3))
        order by created_at desc, id limit $4
        """,
        person_id,
        begin,
        after,
        limit,
    )
    return [OwnInstall(row["id"], to_ms(row["created_at"])) for row in rows]


def _of(row: Any) -> Install:
    return Install(row["id"], bytes(row["token_hash"]), to_ms(row["created_at"]), row["family"])
