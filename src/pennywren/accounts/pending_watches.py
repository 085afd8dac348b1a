"""A watch that needs no account: asked for with an address, and made when the link in the mail is confirmed.

The person behind the address is added only then, so that nobody can fill the tables with others' addresses.
"""

from dataclasses import dataclass
from typing import Final

from pennywren.accounts.tokens import new_token, token_hash
from pennywren.errors import NotFound
from pennywren.model.clock import DAY
from pennywren.model.product import ProductID
from pennywren.postgres.moments import to_moment
from pennywren.postgres.pool import Connection, Pool, transaction

LIFETIME: Final = 3 * DAY
"""How long the link in the mail works (ms)."""


@dataclass(frozen=True, slots=True)
class PendingWatch:
    """Who wants to know what: the buy box price at or below `threshold` (minor units), by mail."""

    email: str
    product: ProductID
    threshold: int


async def keep(pool: Pool, wish: PendingWatch, now: int) -> str:
    """Keep a wish; answers the token of its link, of which only the hash is kept. `now` is ms UTC.

    Raises:
        Unavailable: the database is not reachable.
    """
    token = new_token()
    async with transaction(pool) as connection:
        await connection.execute("delete from pending_watches where expires_at < $1", to_moment(now))
        await connection.execute(
            "insert into pending_watches (token_hash, email, product_id, threshold, created_at, expires_at) "
            "values ($1, $2, $3, $4, $5, $6)",
            token_hash(token),
            wish.email,
            str(wish.product),
            wish.threshold,
            to_moment(now),
            to_moment(now + LIFETIME),
        )
    return token


async def find(connection: Connection, token: str, now: int) -> PendingWatch:
    """The wish of a link; the link stays usable, as confirming twice is the same as once. `now` is ms UTC.

    Raises:
        NotFound: no such link, or its days are over.
    """
    row = await connection.fetchrow(
        "select email::text, product_id, threshold from pending_watches where token_hash = $1 and expires_at > $2",
        token_hash(token),
        to_moment(now),
    )
    if row is None:
        raise NotFound("This link is older than three days or was cut off: ask for the watch again.")
    return PendingWatch(row["email"], ProductID.parse(row["product_id"]), row["threshold"])
