"""Rebuilding the frontier from the catalogue in PostgreSQL, which says what is tracked."""

from typing import Final

from redis.exceptions import RedisError

from pennywren.errors import Unavailable
from pennywren.frontier.admission import Admission, admit_all
from pennywren.model.clock import SECOND
from pennywren.model.product import ProductID
from pennywren.pipeline.paging_through import COUNTED_WITHIN_S, Progress, Rows, counting, page_through
from pennywren.postgres.moments import to_ms
from pennywren.postgres.pool import Connection, Pool, transaction
from pennywren.store.connect import Client

PAGE: Final = 25_000
"""Products in one page: some 24 of each partition, which enter it in one step of half a millisecond."""

_PAGE: Final = """
    select id, last_seen,
        last_seen is null and not exists (select from subscriptions where product_id = products.id) as cold
    from products where id > $1 and retired_at is null order by id limit $2
"""


async def rebuild_frontier(client: Client, pool: Pool, recrawl_after: int, progress: Progress | None = None) -> int:
    """Bring every product of the catalogue into the frontier; how many it did not have.

    Runs beside everything else: what is in the frontier or leased keeps its place. What is missing comes in the order
    in which it was last seen, `recrawl_after` seconds after that; the next crawl finds its proper time. What nobody has
    looked at, and nobody waits for, begins cold.

    Raises:
        Unavailable: Redis or PostgreSQL does not answer; doing it again is safe.
    """
    async with transaction(pool) as connection:
        total: int = await connection.fetchval(
            "select count(*) from products where retired_at is null", timeout=COUNTED_WITHIN_S
        )

    async def read(connection: Connection, last: str) -> Rows:
        return await connection.fetch(_PAGE, last, PAGE)

    async def admit(rows: Rows) -> int:
        admissions = [
            Admission(
                ProductID.parse(row["id"]),
                None if row["last_seen"] is None else to_ms(row["last_seen"]) + recrawl_after * SECOND,
                begins_cold=row["cold"],
            )
            for row in rows
        ]
        try:
            return sum(each.new for each in await admit_all(client, admissions))
        except (RedisError, OSError) as error:
            raise Unavailable("the frontier is not reachable right now") from error

    return await page_through(pool, "", read, admit, counting(total, progress))
