"""Faults that must turn the run red: each does from outside, once, what a broken part would do."""

import asyncio
from typing import Any

import asyncpg

from bench.chaos.prices import LEAST, MOST, Prices
from pennywren import keyspace
from pennywren.match import hints
from pennywren.model.product import ProductID

KINDS = ("xack", "drop", "double")
PATIENCE_S = 240
"""Seconds within which a price that the shop shows is recorded, however slow the machine."""


async def sabotage(kind: str, prices: Prices, product: ProductID, postgres_url: str) -> None:
    """`xack`: a change is acknowledged before anybody was told. `drop`: it is never read. `double`: an alert is decided
    a second time."""
    if kind == "double":
        await _double(postgres_url)
        return
    client, partition = prices.store.client, keyspace.partition_of(product)
    stream, lease = keyspace.changes(partition), keyspace.reading(partition, hints.GROUP)
    await _settled(prices, product)
    if prices.shown[str(product)][-1] < MOST:
        await prices.show(product, MOST)
        await _settled(prices, product)
    # We read the partition, so no matcher does.
    while not await client.set(lease, "sabotage", nx=True, px=3 * PATIENCE_S * 1000):
        await asyncio.sleep(0.05)
    try:
        before: Any = await client.xrevrange(stream, count=1)
        await prices.show(product, LEAST)
        await _settled(prices, product)
        after: Any = await client.xrange(stream, min=f"({before[0][0]}" if before else "-")
        ids = [entry_id for entry_id, fields in after if fields["product"] == str(product)]
        assert ids, "the change is in its stream"
        if kind == "drop":
            await client.xdel(stream, *ids)
        else:
            await client.xreadgroup(hints.GROUP, "sabotage", {stream: ">"})
            await client.xack(stream, hints.GROUP, *ids)
    finally:
        await client.delete(lease)


async def _settled(prices: Prices, product: ProductID) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while product in prices.pending:
            await prices.look()
            await asyncio.sleep(0.1)


async def _double(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute(
            """
            insert into alerts (subscription_id, person_id, change_id, product_id, offer, old_price, new_price,
                                currency, seen_at)
            select subscription_id, person_id, change_id || '/again', product_id, offer, old_price, new_price,
                   currency, seen_at
            from alerts order by id limit 1
            """
        )
    finally:
        await connection.close()
