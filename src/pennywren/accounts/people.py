"""People: an address, a plan, a language."""

from dataclasses import dataclass
from typing import Literal

import asyncpg

from pennywren.postgres.moments import to_ms
from pennywren.postgres.pool import Connection

Plan = Literal["free", "plus"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in at least once."""

    id: int
    email: str
    plan: Plan
    language: str
    """Of the mails that they did not say anything about."""
    since: int
    """When the account was made (ms UTC)."""
    chosen_language: str | None = None
    """What they want pages to be in; None: as their browser asks."""


async def find_or_add(connection: Connection, email: str, language: str | None = None) -> Person:
    """The person with this address (upper and lower case are one), added if there is none.

    `language` is the one they use now, which they are written to in unless their preferences name another; None where
    nothing says it.
    """
    row = await connection.fetchrow(
        """
        insert into people as known (email, language) values ($1, coalesce($2, 'en'))
        on conflict (email) do update set language = coalesce($2, known.language)
        returning id, email::text, plan, language, created_at
        """,
        email,
        language,
    )
    assert row is not None  # an upsert that updates always returns its row
    return person_of(row)


async def email_of(connection: Connection, person_id: int) -> str | None:
    """A person's address; None if they are gone."""
    return await connection.fetchval("select email::text from people where id = $1", person_id)


def person_of(row: asyncpg.Record) -> Person:
    """A row with id, email, plan, language and created_at, perhaps with chosen_language."""
    since = to_ms(row["created_at"])
    return Person(row["id"], row["email"], row["plan"], row["language"], since, row.get("chosen_language"))
