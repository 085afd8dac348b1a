"""Tracking: a product enters the catalogue and the frontier, the urgent lane if somebody waits for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from redis.exceptions import RedisError

from pennywren.errors import Unavailable
from pennywren.frontier.admission import Admission, admit_all
from pennywren.model.product import ProductID
from pennywren.postgres.catalogue import CatalogueEntry, upsert
from pennywren.postgres.pool import Pool
from pennywren.store.connect import Client


@dataclass(frozen=True, slots=True)
class Tracked:
    """What became of one product."""

    product: ProductID
    new: bool
    """Whether it was not tracked yet."""
    urgent: Literal["waiting", "full", "not asked"]
    """Whether it is in the urgent lane; `full`: it comes when it is due, as all others do."""


async def track(client: Client, pool: Pool, products: Sequence[ProductID], *, urgent: bool) -> list[Tracked]:
    """Track products; those that are tracked already keep their place. The answers are in their order.

    What nobody waits for (not `urgent`) begins cold: it is looked at as requests are left over.

    The catalogue comes first: whatever happens in between, `pennywren rebuild` makes the frontier from it.

    Raises:
        Unavailable: PostgreSQL or Redis does not answer; it can be repeated.
    """
    await upsert(pool, [CatalogueEntry(product) for product in products])
    return await follow(client, products, urgent=urgent)


async def follow(client: Client, products: Sequence[ProductID], *, urgent: bool) -> list[Tracked]:
    """The same for products that are in the catalogue.

    Raises:
        Unavailable: Redis does not answer; it can be repeated.
    """
    admissions = [Admission(product, urgent=urgent, begins_cold=not urgent) for product in products]
    try:
        admitted = await admit_all(client, admissions)
    except (RedisError, OSError) as error:
        raise Unavailable("the frontier is not reachable right now") from error
    return [Tracked(product, each.new, each.urgent) for product, each in zip(products, admitted, strict=True)]
