"""Rebuilding the watch index from PostgreSQL, which owns the subscriptions."""

from collections.abc import Callable
from typing import Final

from pennywren.match import index
from pennywren.match.index import Watch
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import WatchSet
from pennywren.postgres.pool import Pool, transaction
from pennywren.record.tiering import warm_up
from pennywren.store.store import Store

PAGE: Final = 1_000
"""Subscriptions in one page."""

# Locked while the page goes into the index, so that whoever moves a threshold meanwhile comes after it.
_PAGE: Final = """
select id, product_id, offer, place, watch_set from subscriptions
where id > $1 and state in ('active', 'paused') and place is not null order by id limit $2
for share
"""

Progress = Callable[[int, int], None]
"""Told after each page: subscriptions done, and of how many (an estimate)."""


async def rebuild_watches(store: Store, pool: Pool, now: int, progress: Progress | None = None) -> int:
    """Put the watch of every subscription that has not ended into the index; how many there are.

    What is watched gets its series (`now` in ms). Runs beside everything else. Watches of subscriptions that are gone
    may stay: PostgreSQL decides, so they tell
    nobody anything. What is created meanwhile puts its own watch in.

    Raises:
        Unavailable: Redis or PostgreSQL does not answer; doing it again is safe.
    """
    async with transaction(pool) as connection:
        total: int = await connection.fetchval("select count(*) from subscriptions where state in ('active', 'paused')")
    done, last = 0, 0
    while True:
        async with transaction(pool) as connection:
            rows = await connection.fetch(_PAGE, last, PAGE)
            if not rows:
                return done
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
        done, last = done + len(rows), rows[-1]["id"]
        if progress:
            progress(done, max(total, done))
