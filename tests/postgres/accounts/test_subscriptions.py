"""Watches of several people at the same time."""

import asyncio

from pennywren.accounts import subscriptions
from pennywren.accounts.people import find_or_add
from pennywren.accounts.subscription import NotificationType, Wish
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import PriceAtOrBelow
from pennywren.postgres import catalogue
from pennywren.postgres.catalogue import CatalogueEntry
from pennywren.postgres.pool import Connection, Pool, transaction

PRODUCT = ProductID("us", "B08N5WRWNW")
WISH = Wish(PRODUCT, Offer.BUYBOX, PriceAtOrBelow(1000), "USD", NotificationType.EMAIL)


async def watch(connection: Connection, email: str) -> int:
    """A person and their watch of the product."""
    person = await find_or_add(connection, email)
    made = await subscriptions.create(connection, person.id, WISH, limits={"free": 1}, armed_at=1_764_067_200_000)
    return made.person_id


async def test_who_watches_what_somebody_else_is_about_to_watch_waits_for_nobody(pool: Pool) -> None:
    await catalogue.upsert(pool, [CatalogueEntry(PRODUCT, "A kettle")])
    async with asyncio.timeout(60), transaction(pool) as one, transaction(pool) as other:
        watching = {await watch(one, "ada@example.com"), await watch(other, "ben@example.com")}
    assert len(watching) == 2
    assert await pool.fetchval("select count(*) from subscriptions where product_id = $1", str(PRODUCT)) == 2


async def test_a_product_that_is_new_to_both_is_in_the_catalogue_once(pool: Pool) -> None:
    async def at_once(email: str) -> None:
        async with transaction(pool) as connection:
            await watch(connection, email)

    await asyncio.gather(*(at_once(f"{number}@example.com") for number in range(5)))
    assert await pool.fetchval("select count(*) from products") == 1
    assert await pool.fetchval("select count(*) from subscriptions") == 5
