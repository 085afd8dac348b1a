"""Sign-in by a link in a mail: the link is made, and used once within 15 minutes.

Nobody is looked up before the link is used, so a known and an unknown address are one and the same to
whoever asks: the same work, the same answer, the same mail. The person is added when the link is used.
"""

from typing import Final

from pennywren.accounts.addresses import address_key, checked_address
from pennywren.accounts.people import Person, find_or_add
from pennywren.accounts.sessions import SessionKind, start_session
from pennywren.accounts.tokens import new_token, token_hash
from pennywren.errors import NotSignedIn
from pennywren.model.clock import DAY, MINUTE
from pennywren.postgres.moments import to_moment
from pennywren.postgres.pool import Pool, transaction
from pennywren.store.connect import Client
from pennywren.store.limits import spend

LINK_LIFETIME: Final = 15 * MINUTE
PER_ADDRESS: Final = 3
PER_NETWORK: Final = 10
"""Links an hour."""


async def admit_request(client: Client, email: str, network: str) -> str:
    """Check and count a wish for a link; answers the address to send it to.

    Raises:
        BadInput: not an e-mail address.
        RateLimited: 10 an hour from one network, 3 an hour to one address.
    """
    address = checked_address(email)
    await spend(client, "sign-in-network", network, rate_per_hour=PER_NETWORK, burst=PER_NETWORK)
    await spend(client, "sign-in-address", address_key(address), rate_per_hour=PER_ADDRESS, burst=PER_ADDRESS)
    return address


async def make_link(pool: Pool, address: str, now: int) -> str:
    """The token of a fresh link for `address`; only its hash is kept. `now` is ms UTC.

    Raises:
        Unavailable: the database is not reachable.
    """
    token = new_token()
    async with transaction(pool) as connection:
        await connection.execute("delete from sign_in_links where expires_at < $1", to_moment(now - DAY))
        await connection.execute(
            "insert into sign_in_links (token_hash, email, created_at, expires_at) values ($1, $2, $3, $4)",
            token_hash(token),
            address,
            to_moment(now),
            to_moment(now + LINK_LIFETIME),
        )
    return token


async def use_link(
    pool: Pool, token: str, kind: SessionKind, now: int, language: str | None = None
) -> tuple[Person, str]:
    """Use a link up: the person, added if new, and the token of a session that begins. `now` is ms UTC, `language` the
    one that they use, where that is known.

    Raises:
        NotSignedIn: no such link, or it was used, or its 15 minutes are over: all told the same.
        Unavailable: the database is not reachable.
    """
    async with transaction(pool) as connection:
        email = await connection.fetchval(
            """
            update sign_in_links set used_at = $2
            where token_hash = $1 and used_at is null and expires_at > $2
            returning email::text
            """,
            token_hash(token),
            to_moment(now),
        )
        if email is None:
            raise NotSignedIn("This sign-in link was used already or is older than 15 minutes: ask for a new one.")
        person = await find_or_add(connection, email, language)
        return person, await start_session(connection, person.id, kind, now)
