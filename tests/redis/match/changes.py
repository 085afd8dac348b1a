"""Writing changes into a stream as record.lua does."""

from collections.abc import Mapping
from typing import Any

from pennywren import keyspace
from pennywren.model.product import ProductID
from pennywren.store.connect import Client

PRODUCT = ProductID.parse("us:B08N5WRWNW")
PARTITION = keyspace.partition_of(PRODUCT)


def fields(at: int = 1, old: int | None = 1599, new: int | None = 1299) -> dict[str, str]:
    """The fields of an entry."""
    return {
        "product": str(PRODUCT),
        "offer": "buybox",
        "kind": "price",
        "old": "" if old is None else str(old),
        "new": "" if new is None else str(new),
        "currency": "USD",
        "at": str(at),
        "version": "1",
        "newLow": "0",
        "lowestForDays": "0",
        "source": "crawl",
    }


async def publish(client: Client, entry: Mapping[str, str], partition: int = PARTITION, *, hint: bool = True) -> str:
    """Append an entry, and hint it as the recorder does; its id."""
    entry_id = await client.xadd(keyspace.changes(partition), {**entry})
    if hint:
        await client.zadd(keyspace.ready_changes(), {str(partition): 1}, nx=True)
    return str(entry_id)


async def length(client: Client, partition: int = PARTITION) -> int:
    """How many entries the stream holds."""
    return int(await client.xlen(keyspace.changes(partition)))


async def pending(client: Client, partition: int = PARTITION) -> int:
    """How many entries were read and not handled."""
    info: Any = await client.xpending(keyspace.changes(partition), "match")
    return int(info["pending"])


async def entries(client: Client, key: str) -> list[tuple[str, dict[str, str]]]:
    """What a stream holds, oldest first."""
    found: Any = await client.xrange(key)
    return found
