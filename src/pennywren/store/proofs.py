"""Where a product's samples come from, as Redis keeps it beside the product."""

from typing import Any

from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.model.product import ProductID
from pennywren.model.provenance import Proofs, read_proofs
from pennywren.store.connect import Client


async def proofs_of(client: Client, product: ProductID) -> Proofs:
    """What is kept of a product's samples; at most 256 fields.

    Raises:
        Unavailable: Redis does not answer.
    """
    try:
        fields: Any = await client.hgetall(keyspace.proof(product))
    except (RedisError, OSError) as error:
        raise Unavailable("the price store is not reachable right now") from error
    return read_proofs(fields)
