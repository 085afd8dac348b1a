"""A store with the two clients that it reads with, from an address to their end."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from pennywren.store.connect import connect
from pennywren.store.store import Store


@asynccontextmanager
async def store_at(url: str) -> AsyncGenerator[Store]:
    """The store of the Redis at `url`, as `connect` takes it. Nothing is connected before the first command."""
    client, bytes_client = connect(url), connect(url, decode=False)
    try:
        yield Store(client, bytes_client)
    finally:
        await asyncio.gather(client.aclose(), bytes_client.aclose())
