"""Webhooks: addresses of a person's own programs, and which of their keys sign now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import asyncpg

from pennywren.errors import Conflict, NotFound
from pennywren.postgres.moments import to_moment, to_ms
from pennywren.postgres.pool import Connection

MAX_WEBHOOKS: Final = 5
OVERLAP: Final = timedelta(hours=24)
"""How long a key signs beside those that came after it."""
_MOST_EARLIER: Final = 4
"""Of more rotations than that within OVERLAP the oldest keys end at once, so that a message stays small."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook. Times are ms UTC."""

    id: int
    person_id: int
    url: str
    key_number: int
    earlier_keys_until: tuple[int, ...]
    """Until when the keys before sign, too, the newest first."""
    ended_at: int | None
    """When its receiver said that it is gone."""
    created_at: int

    def key_numbers(self, now: int) -> tuple[int, ...]:
        """The keys that sign at `now` (ms UTC), the newest first."""
        earlier = (number for number, until in enumerate(self.earlier_keys_until, 1) if now < until)
        return (self.key_number, *(self.key_number - number for number in earlier))


async def add(connection: Connection, person_id: int, url: str) -> Webhook:
    """Add an address, which was checked before.

    Raises:
        Conflict: it is there already, or the person has as many as one may have.
    """
    await connection.execute("select from people where id = $1 for no key update", person_id)
    known = await list_of(connection, person_id)
    if any(each.url == url for each in known):
        raise Conflict("This webhook is there already: rotate its secret, or delete it first.")
    if len(known) >= MAX_WEBHOOKS:
        raise Conflict(f"You have {MAX_WEBHOOKS} webhooks already: delete one first.")
    row = await connection.fetchrow("insert into webhooks (person_id, url) values ($1, $2) returning *", person_id, url)
    assert row is not None  # an insert returns its row or raises
    return _webhook(row)


async def rotate(connection: Connection, person_id: int, webhook_id: int, now: int) -> Webhook:
    """Sign with a new key; each one before signs beside it for a day, and an ended webhook begins again.

    Raises:
        NotFound: the person has none of this id.
    """
    row = await connection.fetchrow(
        """
        update webhooks
        set key_number = key_number + 1, earlier_keys_until = (array_prepend($3, earlier_keys_until))[:$4],
            ended_at = null
        where id = $1 and person_id = $2 returning *
        """,
        webhook_id,
        person_id,
        to_moment(now) + OVERLAP,
        _MOST_EARLIER,
    )
    return _found(row)


async def get(connection: Connection, person_id: int, webhook_id: int) -> Webhook:
    """One of the person's webhooks.

    Raises:
        NotFound: the person has none of this id.
    """
    row = await connection.fetchrow("select * from webhooks where id = $1 and person_id = $2", webhook_id, person_id)
    return _found(row)


async def list_of(connection: Connection, person_id: int) -> list[Webhook]:
    """The person's webhooks, ended ones too."""
    rows = await connection.fetch("select * from webhooks where person_id = $1 order by id", person_id)
    return [_webhook(row) for row in rows]


async def of_people(connection: Connection, person_ids: Sequence[int]) -> list[Webhook]:
    """The webhooks of these people that have not ended."""
    rows = await connection.fetch(
        "select * from webhooks where person_id = any($1::bigint[]) and ended_at is null order by id", person_ids
    )
    return [_webhook(row) for row in rows]


async def delete(connection: Connection, person_id: int, webhook_id: int) -> None:
    """Send nothing there any more.

    Raises:
        NotFound: the person has none of this id.
    """
    done = await connection.execute("delete from webhooks where id = $1 and person_id = $2", webhook_id, person_id)
    if done == "DELETE 0":
        raise NotFound("You have no webhook of this id.")


async def end(connection: Connection, webhook_id: int) -> None:
    """Its receiver says that it is gone."""
    await connection.execute("update webhooks set ended_at = now() where id = $1 and ended_at is null", webhook_id)


def _found(row: asyncpg.Record | None) -> Webhook:
    if row is None:
        raise NotFound("You have no webhook of this id.")
    return _webhook(row)


def _webhook(row: asyncpg.Record) -> Webhook:
    ended = row["ended_at"]
    return Webhook(
        row["id"],
        row["person_id"],
        row["url"],
        row["key_number"],
        tuple(to_ms(until) for until in row["earlier_keys_until"]),
        None if ended is None else to_ms(ended),
        to_ms(row["created_at"]),
    )
