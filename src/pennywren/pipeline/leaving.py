"""Leaving: everything of a person is deleted, in every store."""

from typing import Final

import asyncpg

from pennywren import keyspace
from pennywren.accounts import phones
from pennywren.accounts.subscription import Subscription
from pennywren.accounts.subscriptions import list_of
from pennywren.errors import Unavailable
from pennywren.match import index
from pennywren.notify import spending, suppressed
from pennywren.postgres import admin_log
from pennywren.postgres.pool import Connection, Pool, transaction
from pennywren.postgres.secrets import get_or_create
from pennywren.store.round_trip import RoundTrip
from pennywren.store.store import Store
from pennywren.trust.networks import NETWORK_KEY, person_name

PATIENCE_S: Final = 15
"""Seconds that a deletion waits for messages that are on their way: longer than any but a mail server in trouble."""

_PAGE: Final = 1_000


async def forget_person(pool: Pool, store: Store, person_id: int, email: str) -> int:
    """Delete a person with sessions, links, watches, alerts, ways to be reached and what their word was worth.

    How many watches there were.

    PostgreSQL comes first: what its rows say is true, and a watch without a row tells nobody anything. Nothing is sent
    to a person who is deleted: a message on its way is waited for (`notify.deliveries.hold_people`).

    Raises:
        Unavailable: a part does not answer, or a message has been on its way for long; doing it again is safe.
    """
    try:
        async with transaction(pool) as connection:
            held = await _delete(connection, person_id, email)
    except asyncpg.LockNotAvailableError as error:
        raise Unavailable("a message to you is on its way: try again in a minute", retry_after=60) from error
    for each in held:
        await index.remove(store.client, each.product, each.offer, each.id)
    trip = RoundTrip(store.client)
    trip.command("DEL", keyspace.reporter(person_name(await get_or_create(pool, NETWORK_KEY), person_id)))
    await trip.send()
    return len(held)


async def _delete(connection: Connection, person_id: int, email: str) -> list[Subscription]:
    await connection.execute(f"set local lock_timeout = '{PATIENCE_S}s'")
    # Preferences first, as a delivery locks them: so the two never wait for each other in a circle.
    await connection.execute("select from preferences where person_id = $1 for update", person_id)
    # From here on nothing is sent to the person, and no watch of theirs is added.
    await connection.execute("select from people where id = $1 for update", person_id)
    held: list[Subscription] = []
    while page := await list_of(connection, person_id, after=held[-1].id if held else 0, limit=_PAGE):
        held += page
    # Nothing is sent to who has no account; why nothing was sent before is nobody's business any more.
    await suppressed.lift(connection, "email", email)
    for phone in await phones.list_of(connection, person_id):
        await suppressed.lift(connection, "sms", phone.number)
    await spending.forget(connection, person_id)
    await admin_log.forget(connection, person_id)
    await connection.execute("delete from sign_in_links where email = $1", email)
    await connection.execute("delete from pending_watches where email = $1", email)
    await connection.execute("delete from pairings where email = $1", email)
    await connection.execute("delete from people where id = $1", person_id)
    return held
