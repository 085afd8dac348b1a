"""Feeds of people's alerts: each has one row at most, whose id is signed in its address."""

from pennywren.accounts.people import Person, person_of
from pennywren.postgres.pool import Connection


async def of_person(connection: Connection, person_id: int) -> int | None:
    """The id of a person's feed; None where they have none."""
    return await connection.fetchval("select id from feeds where person_id = $1", person_id)


async def renew(connection: Connection, person_id: int) -> int:
    """A new feed, and so a new address; the one before ends at once."""
    await connection.execute("select from people where id = $1 for no key update", person_id)
    await end(connection, person_id)
    made = await connection.fetchval("insert into feeds (person_id) values ($1) returning id", person_id)
    assert made is not None  # an insert returns its row or raises
    return made


async def end(connection: Connection, person_id: int) -> None:
    """Have no feed any more."""
    await connection.execute("delete from feeds where person_id = $1", person_id)


async def reader_of(connection: Connection, feed_id: int) -> Person | None:
    """Whose feed this is; None if it has ended."""
    row = await connection.fetchrow(
        """
        select people.id, people.email::text, people.plan, people.language, people.created_at,
               preferences.language as chosen_language
        from feeds join people on people.id = feeds.person_id
             left join preferences on preferences.person_id = people.id
        where feeds.id = $1
        """,
        min(feed_id, 2**63 - 1),
    )
    return None if row is None else person_of(row)
