"""Leaving: everything of a person is deleted, in every store."""

from pennywren.accounts import subscriptions
from pennywren.match import index
from pennywren.postgres.pool import Pool, transaction
from pennywren.store.store import Store

_PAGE = 1_000


async def forget_person(pool: Pool, store: Store, person_id: int, email: str) -> int:
    """Delete a person with sessions, links, watches, alerts and ways to be reached; how many watches there were.

    PostgreSQL comes first: what its rows say is true, and a watch without a row tells nobody anything.

    Raises:
        Unavailable: a part does not answer; doing it again is safe.
    """
    held: list[subscriptions.Subscription] = []
    async with transaction(pool) as connection:
        while page := await subscriptions.list_of(connection, person_id, after=held[-1].id if held else 0, limit=_PAGE):
            held += page
        await connection.execute("delete from sign_in_links where email = $1", email)
        await connection.execute("delete from pending_watches where email = $1", email)
        await connection.execute("delete from pairings where email = $1", email)
        await connection.execute("delete from people where id = $1", person_id)
    for each in held:
        await index.remove(store.client, each.product, each.offer, each.id)
    return len(held)
