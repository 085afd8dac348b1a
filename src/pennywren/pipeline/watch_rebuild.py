"""Making the watch index again from PostgreSQL, which owns the subscriptions: all of it, or what was set lately."""

from typing import Final

from redis.exceptions import RedisError

from pennywren.errors import BadSetting, Unavailable
from pennywren.frontier.admission import Admission, admit_all
from pennywren.match import index, shown
from pennywren.match.index import Watch
from pennywren.model.clock import system_clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import WatchSet
from pennywren.pipeline.paging_through import COUNTED_WITHIN_S, Progress, Rows, counting, page_through
from pennywren.postgres.pool import Connection, Pool, open_pool, transaction
from pennywren.record.tiering import warm_up
from pennywren.settings import Settings
from pennywren.store.opening import store_at
from pennywren.store.store import Store

PAGE: Final = 5_000
"""Subscriptions in one page: they stay locked until Redis has them."""

# Locked while the page goes into the index, so that whoever moves a threshold meanwhile comes after it.
_PAGE: Final = """
select id, product_id, offer, place, watch_set from subscriptions
where id > $1 and state in ('active', 'paused') and place is not null order by id limit $2
for share
"""
_MOST_AGAIN: Final = 10_000
_AGAIN: Final = """
select id, product_id, offer, place, watch_set from subscriptions
where armed_at >= now() - interval '10 minutes' and state in ('active', 'paused') and place is not null
order by armed_at desc limit $1
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

    async def read(connection: Connection, last: int) -> Rows:
        return await connection.fetch(_PAGE, last, PAGE)

    async def put_in(rows: Rows) -> int:
        return await _put_in(store, rows, now)

    found = await page_through(pool, 0, read, put_in, counting(total, progress))
    async with transaction(pool) as connection:
        rows = await connection.fetch(_MOST_WATCHED, shown.WATCHED_KEPT, timeout=COUNTED_WITHIN_S)
    await shown.count_watches(store.client, [ProductID.parse(row["product_id"]) for row in rows])
    return found


async def put_again(settings: Settings) -> int:
    """Put the watches of the last ten minutes into the index and their products into the frontier once more.

    A Redis that dies takes along what it has not written to its disk yet, or told the replica that takes over: its last
    second at most, as long as the replica is not far behind. How many watches there are.

    Raises:
        BadSetting: an address that it needs is not set.
        Unavailable: Redis or PostgreSQL does not answer; the next one does it.
    """
    if not (settings.redis_url and settings.postgres_url):
        raise BadSetting("PENNYWREN_REDIS_URL and PENNYWREN_POSTGRES_URL: putting watches again needs them")
    pool = await open_pool(settings.postgres_url, size=1)
    try:
        async with store_at(settings.redis_url) as store, transaction(pool) as connection:
            rows = await connection.fetch(_AGAIN, _MOST_AGAIN)
            products = {ProductID.parse(row["product_id"]) for row in rows}
            await admit_all(store.client, [Admission(product) for product in products])
            return await _put_in(store, rows, system_clock())
    except (RedisError, OSError) as error:
        raise Unavailable("the frontier is not reachable right now") from error
    finally:
        await pool.close()


async def _put_in(store: Store, rows: Rows, now: int) -> int:
    watches = [
        Watch(
            row["id"], ProductID.parse(row["product_id"]), Offer(row["offer"]), row["place"], WatchSet(row["watch_set"])
        )
        for row in rows
    ]
    await warm_up(store, [watch.product for watch in watches], now)
    await index.add(store.client, *watches)
    return len(watches)
