"""Pairings: a browser holds a token that is worth nothing until somebody confirms it; then it is an access token.

It is confirmed by the link of a mail, or by its code on a page of ours by who is signed in. So a browser needs no
password, and there is no secret to copy.
"""

import secrets
from dataclasses import dataclass
from typing import Final

import asyncpg

from pennywren.accounts import access_tokens
from pennywren.accounts.access_tokens import AccessToken, Scope
from pennywren.accounts.tokens import new_token, token_hash
from pennywren.errors import NotFound
from pennywren.model.clock import DAY, MINUTE
from pennywren.model.product import ProductID
from pennywren.postgres.moments import to_moment, to_ms
from pennywren.postgres.pool import Connection

LINK_LIFETIME: Final = 3 * DAY
CODE_LIFETIME: Final = 15 * MINUTE
SCOPES: Final[tuple[Scope, ...]] = ("watches:read", "watches:write")
"""What a paired browser may do: it sees and changes watches, and nothing else of the account."""
NAME: Final = "Browser extension"
# No vowels, so that no word comes out, and nothing that looks like something else (RFC 8628, 6.1).
_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
_LENGTH: Final = 8
_GONE: Final = "This link or code is over, was used, or was cut off: ask for another one in the extension."
_COLUMNS: Final = "token_hash, code, email::text, product_id, threshold, expires_at"


@dataclass(frozen=True, slots=True)
class FirstWatch:
    """The watch that a browser asks for along with its pairing: the buy box at or below `threshold` (minor units)."""

    product: ProductID
    threshold: int


@dataclass(frozen=True, slots=True)
class Pairing:
    """A browser that waits. Times are ms UTC."""

    token_hash: bytes
    code: str
    """What the browser shows, so that people can see that it is theirs: `BCDF-GHJK`."""
    email: str | None
    watch: FirstWatch | None
    expires_at: int


@dataclass(frozen=True, slots=True)
class NewPairing:
    """What was just made, with what is not kept: the browser's token, and the link's where there is an address."""

    pairing: Pairing
    token: str
    link: str | None


def as_written(code: str) -> str:
    """A code as people type it, as it is kept."""
    plain = "".join(letter for letter in code.upper() if letter in _LETTERS)
    return f"{plain[:4]}-{plain[4:]}"


async def begin(connection: Connection, email: str | None, watch: FirstWatch | None, now: int) -> NewPairing:
    """Keep a wish to be paired; `now` is ms UTC."""
    await connection.execute("delete from pairings where expires_at < $1", to_moment(now))
    token, link = access_tokens.PREFIX + new_token(), None if email is None else new_token()
    code = as_written("".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)))
    row = await connection.fetchrow(
        f"""
        insert into pairings (token_hash, code, email, link_hash, product_id, threshold, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8) returning {_COLUMNS}
        """,  # noqa: S608 -- a constant of ours
        token_hash(token),
        code,
        email,
        None if link is None else token_hash(link),
        None if watch is None else str(watch.product),
        None if watch is None else watch.threshold,
        to_moment(now),
        to_moment(now + (CODE_LIFETIME if email is None else LINK_LIFETIME)),
    )
    assert row is not None  # an insert returns its row or raises
    return NewPairing(_pairing(row), token, link)


async def of_link(connection: Connection, link: str, now: int) -> Pairing:
    """The pairing that the link of a mail confirms.

    Raises:
        NotFound: it is over, was confirmed, or never was.
    """
    return await _find(connection, "link_hash = $1", token_hash(link), now)


async def of_code(connection: Connection, code: str, now: int) -> Pairing:
    """The pairing that shows a code; one that went to an address is confirmed there only.

    Raises:
        NotFound: likewise.
    """
    return await _find(connection, "email is null and code = $1", as_written(code), now)


async def of_token(connection: Connection, token: str, now: int) -> Pairing:
    """The pairing that a browser waits for.

    Raises:
        NotFound: likewise.
    """
    return await _find(connection, "token_hash = $1", token_hash(token), now)


async def confirm(connection: Connection, pairing: Pairing, person_id: int, now: int) -> AccessToken:
    """The browser's token is an access token of this person from now on; a second time finds no pairing.

    Raises:
        NotFound: somebody else was quicker.
        Conflict: the person has as many access tokens as one may have.
    """
    taken = await connection.fetchval("delete from pairings where token_hash = $1 returning 1", pairing.token_hash)
    if taken is None:
        raise NotFound(_GONE)
    return await access_tokens.keep(connection, person_id, NAME, SCOPES, now, None, pairing.token_hash)


async def _find(connection: Connection, where: str, value: bytes | str, now: int) -> Pairing:
    row = await connection.fetchrow(
        f"select {_COLUMNS} from pairings where {where} and expires_at > $2",  # noqa: S608 -- constants of ours
        value,
        to_moment(now),
    )
    if row is None:
        raise NotFound(_GONE)
    return _pairing(row)


def _pairing(row: asyncpg.Record) -> Pairing:
    product = row["product_id"]
    watch = None if product is None else FirstWatch(ProductID.parse(product), row["threshold"])
    return Pairing(bytes(row["token_hash"]), row["code"], row["email"], watch, to_ms(row["expires_at"]))
