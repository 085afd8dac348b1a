"""Phone numbers: added by their owner, and used once a code that came by SMS was typed."""

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final

import asyncpg

from pennywren.errors import BadInput, Conflict, NotFound
from pennywren.postgres.moments import to_moment, to_ms
from pennywren.postgres.pool import Connection

MAX_PHONES: Final = 3
CODE_LASTS: Final = timedelta(minutes=10)
MAX_TRIES: Final = 5
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}\Z")


@dataclass(frozen=True, slots=True)
class Phone:
    """A number (E.164) of a person; `verified_at` is ms UTC, None until its code was typed."""

    id: int
    person_id: int
    number: str
    verified_at: int | None


def checked_number(text: str) -> str:
    """A number as E.164 has it: spaces, dashes, dots and brackets are left out.

    Raises:
        BadInput: not an international number.
    """
    number = re.sub(r"[ ().\-\u00a0]", "", text.strip())
    number = "+" + number[2:] if number.startswith("00") else number
    if not _NUMBER.match(number):
        raise BadInput("A phone number begins with + and the country's code, such as +43 660 1234567.")
    return number


def sender_number(text: str) -> str:
    """The number that a message came from, as E.164 has it: some gateways leave the + away.

    Raises:
        BadInput: not an international number.
    """
    text = text.strip()
    return checked_number(text if text.startswith(("+", "00")) else f"+{text}")


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(10**6):06}"


async def add(
    connection: Connection, person_id: int, number: str, now: int, *, code: str | None = None
) -> tuple[Phone, str]:
    """Add a number, or begin anew with one that was not verified: the phone, and the code to send. `now` is ms UTC.

    `code` is a random one if it is not given.

    Raises:
        BadInput: not an international number.
        Conflict: it is verified already, or the person has as many as one may have.
    """
    number = checked_number(number)
    await connection.execute("select from people where id = $1 for no key update", person_id)
    known = await list_of(connection, person_id)
    if any(phone.number == number and phone.verified_at is not None for phone in known):
        raise Conflict("This number is verified already.")
    if len([phone for phone in known if phone.number != number]) >= MAX_PHONES:
        raise Conflict(f"You have {MAX_PHONES} numbers already: delete one first.")
    code = code or new_code()
    row = await connection.fetchrow(
        """
        insert into phones (person_id, number, code_hash, code_ends_at) values ($1, $2, $3, $4)
        on conflict (person_id, number) do update
            set code_hash = excluded.code_hash, code_ends_at = excluded.code_ends_at, code_tries = 0
        returning id, person_id, number, verified_at
        """,
        person_id,
        number,
        _hash(number, code),
        to_moment(now) + CODE_LASTS,
    )
    assert row is not None  # an upsert that updates always returns its row
    return _phone(row), code


async def confirm(connection: Connection, person_id: int, phone_id: int, code: str, now: int) -> Phone | None:
    """Verify a number by the code that was sent to it; None where the code is not the right one (five tries).

    Raises:
        NotFound: the person has no such number.
        Conflict: the code is over, or was tried too often: ask for another one.
    """
    row = await connection.fetchrow(
        "select * from phones where id = $1 and person_id = $2 for update", phone_id, person_id
    )
    if row is None:
        raise NotFound("You have no phone number of this id.")
    if row["verified_at"] is not None:
        return _phone(row)
    if row["code_hash"] is None or row["code_tries"] >= MAX_TRIES or row["code_ends_at"] <= to_moment(now):
        raise Conflict("This code is over: add the number again to get another one.")
    right = hmac.compare_digest(bytes(row["code_hash"]), _hash(row["number"], code.strip()))
    row = await connection.fetchrow(
        """
        update phones set verified_at = case when $2 then $3::timestamptz end, code_tries = code_tries + 1,
                          code_hash = case when $2 then null else code_hash end
        where id = $1 returning *
        """,
        phone_id,
        right,
        to_moment(now),
    )
    assert row is not None  # locked above
    return _phone(row) if right else None


async def list_of(connection: Connection, person_id: int) -> list[Phone]:
    """The person's numbers."""
    rows = await connection.fetch("select * from phones where person_id = $1 order by id", person_id)
    return [_phone(row) for row in rows]


async def verified_of(connection: Connection, person_ids: Sequence[int]) -> list[Phone]:
    """The verified numbers of these people."""
    rows = await connection.fetch(
        "select * from phones where person_id = any($1::bigint[]) and verified_at is not null order by id", person_ids
    )
    return [_phone(row) for row in rows]


async def delete(connection: Connection, person_id: int, phone_id: int) -> None:
    """Forget a number.

    Raises:
        NotFound: the person has none of this id.
    """
    done = await connection.execute("delete from phones where id = $1 and person_id = $2", phone_id, person_id)
    if done == "DELETE 0":
        raise NotFound("You have no phone number of this id.")


def _hash(number: str, code: str) -> bytes:
    # Short codes are guessable by whoever reads the table; they end after ten minutes and five tries.
    return sha256(f"{number}/{code}".encode()).digest()


def _phone(row: asyncpg.Record) -> Phone:
    verified = row["verified_at"]
    return Phone(row["id"], row["person_id"], row["number"], None if verified is None else to_ms(verified))
