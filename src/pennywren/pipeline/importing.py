"""Products by the million: into the catalogue and the frontier, in chunks that may be done again."""

from collections.abc import Sequence
from typing import Final

from redis.exceptions import RedisError

from pennywren.errors import Unavailable
from pennywren.frontier.admission import Admission, admit_all
from pennywren.model.product import ProductID
from pennywren.postgres.pool import Pool, transaction
from pennywren.store.connect import Client

CHUNK: Final = 10_000
"""Products that one step takes: enough that a round trip costs nothing, few enough to do again when interrupted."""


async def import_chunk(pool: Pool, client: Client, products: Sequence[ProductID]) -> int:
    """Bring products into the catalogue and, cold, into the frontier; how many the catalogue did not have.

    A million of them shall not keep what is due waiting: they are looked at as requests are left over. Doing it again
    changes nothing: what is known keeps its row and its place. The catalogue comes first, for the frontier is rebuilt
    from it and not the other way round.

    Raises:
        Unavailable: the database or Redis is not reachable; doing it again is safe.
    """
    new = await _into_catalogue(pool, products)
    try:
        await admit_all(client, [Admission(product, begins_cold=True) for product in products])
    except (RedisError, OSError) as error:
        raise Unavailable("the frontier is not reachable right now") from error
    return new


async def _into_catalogue(pool: Pool, products: Sequence[ProductID]) -> int:
    # In the order of ids, so that two imports never wait for each other's rows.
    records = sorted((str(product),) for product in set(products))
    async with transaction(pool) as connection:
        await connection.execute("create temporary table imported (id text) on commit drop")
        await connection.copy_records_to_table("imported", records=records)
        done = await connection.execute("insert into products (id) select id from imported on conflict do nothing")
    return int(done.rpartition(" ")[2])
