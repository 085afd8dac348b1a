"""Browsers that show a person's notifications."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from pennywren.errors import Conflict, NotFound
from pennywren.postgres.moments import to_ms
from pennywren.postgres.pool import Connection

MAX_BROWSERS: Final = 10


@dataclass(frozen=True, slots=True)
class PushSubscription:
    """A browser's subscription, with the keys that encrypt for it."""

    id: int
    person_id: int
    endpoint: str
    p256dh: str
    auth: str
    name: str | None
    created_at: int
    """ms UTC"""


async def add(
    connection: Connection,
    person_id: int,
    endpoint: str,
    p256dh: str,
    auth: str,
    name: str | None,
    replaces: str | None = None,
) -> PushSubscription:
    """Add a browser; one that is known gets its new keys. What the endpoint and the keys are was checked before.

    `replaces` is the endpoint that the same browser had before: that one ends, and its name goes on unless there is
    another.

    Raises:
        Conflict: the person has as many browsers as one may have.
    """
    await connection.execute("select from people where id = $1 for no key update", person_id)
    known = await list_of(connection, person_id)
    if len([each for each in known if each.endpoint not in (endpoint, replaces)]) >= MAX_BROWSERS:
        raise Conflict(f"{MAX_BROWSERS} of your browsers show notifications already: delete one first.")
    former = next((each for each in known if each.endpoint == replaces and replaces != endpoint), None)
    if former is not None:
        await forget(connection, former.id)
        name = name or former.name
    row = await connection.fetchrow(
        """
        insert into push_subscriptions (person_id, endpoint, p256dh, auth, name) values ($1, $2, $3, $4, $5)
        on conflict (person_id, endpoint) do update
            set p256dh = excluded.p256dh, auth = excluded.auth, name = excluded.name
        returning *
        """,
        person_id,
        endpoint,
        p256dh,
        auth,
        name,
    )
    assert row is not None  # an upsert that updates always returns its row
    return _subscription(row)


async def list_of(connection: Connection, person_id: int) -> list[PushSubscription]:
    """The person's browsers."""
    return await of_people(connection, [person_id])


async def of_people(connection: Connection, person_ids: Sequence[int]) -> list[PushSubscription]:
    """The browsers of these people."""
    rows = await connection.fetch(
        "select * from push_subscriptions where person_id = any($1::bigint[]) order by id", person_ids
    )
    return [_subscription(row) for row in rows]


async def delete(connection: Connection, person_id: int, id_: int) -> None:
    """Send nothing to a browser any more.

    Raises:
        NotFound: the person has none of this id.
    """
    done = await connection.execute("delete from push_subscriptions where id = $1 and person_id = $2", id_, person_id)
    if done == "DELETE 0":
        raise NotFound("You have no browser of this id.")


async def forget(connection: Connection, id_: int) -> None:
    """The push service says that the browser is gone."""
    await connection.execute("delete from push_subscriptions where id = $1", id_)


def _subscription(row: asyncpg.Record) -> PushSubscription:
    return PushSubscription(
        row["id"],
        row["person_id"],
        row["endpoint"],
        row["p256dh"],
        row["auth"],
        row["name"],
        to_ms(row["created_at"]),
    )
