"""Rebuilding the watch index from PostgreSQL, which owns the subscriptions."""

from typing import Final

from pennywren.match import index, shown
from pennywren.match.index import Watch
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import WatchSet
from pennywren.pipeline.paging_through import COUNTED_WITHIN_S, Progress, Rows, page_through
from pennywren.postgres.pool import Connection, Pool, transaction
from pennywren.record.tiering import warm_up
from pennywren.store.store import Store

PAGE: Final = 1_000
"""Subscriptions in one page: they stay locked until Redis has them."""

# Locked while the page goes into the index, so that whoever moves a threshold meanwhile comes after it.
_PAGE: Final = """
select id, product_id, offer, place, watch_set from subscriptions
where id > $1 and state in ('active', 'paused') and place is not null order by id limit $2
for share
"""
_MOST_WATCHED: Final = """
select product_id from subscriptions where state in ('active', 'paused') and place is not null
group by product_id order by count(*) desc limit $1
"""


async def rebuild_watches(store: Store, pool: Pool, now: int, progress: Progress | None = None) -> int:
    """Put the watch of every subscription that has not ended into the index; how many there are.

    What is watched gets its series (`now` in ms). Runs beside everything else. Watches of subscriptions that are gone
    may stay: PostgreSQL decides, so they tell nobody anything. What is created meanwhile puts its own watch in.

    Raises:
        Unavailable: Redis or PostgreSQL does not answer; doing it again is safe.
    """
    async with transaction(pool) as connection:
        total: int = await connection.fetchval(
            "select count(*) from subscriptions where state in ('active', 'paused') and place is not null",
            timeout=COUNTED_WITHIN_S,
        )
    done = 0

    async def read(connection: Connection, last: int) -> Rows:
        return await connection.fetch(_PAGE, last, PAGE)

    async def put_in(rows: Rows) -> int:
        watches = [
            Watch(
                row["id"],
                ProductID.parse(row["product_id"]),
                Offer(row["offer"]),
                row["place"],
                WatchSet(row["watch_set"]),
            )
            for row in rows
        ]
        await warm_up(store, [watch.product for watch in watches], now)
        await index.add(store.client, *watches)
        return len(watches)

    def told(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress(done, max(total, done))

    found = await page_through(pool, 0, read, put_in, told)
    async with transaction(pool) as connection:
        rows = await connection.fetch(_MOST_WATCHED, shown.WATCHED_KEPT, timeout=COUNTED_WITHIN_S)
    await shown.count_watches(store.client, [ProductID.parse(row["product_id"]) for row in rows])
    return found
