"""Streams that stay open, counted over all processes: how many one network may hold at once."""

from typing import Final

from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.model.clock import MINUTE
from pennywren.store.connect import Client
from pennywren.store.scripts import Script

LASTS: Final = MINUTE
"""Milliseconds that a stream counts unless it is counted again."""
_OPEN: Final = Script("open_stream")


async def count_stream(client: Client, network: str, stream: str, most: int) -> bool:
    """Count an open stream for a minute more; False where the network has `most` others.

    While Redis is away nothing can be counted, and nobody is turned away.
    """
    try:
        return bool(await _OPEN.run(client, [keyspace.streams(network)], [stream, most, LASTS]))
    except (RedisError, OSError):
        return True


async def forget_stream(client: Client, network: str, stream: str) -> None:
    """A stream has ended. If Redis is away it stops to count by itself."""
    try:
        await client.zrem(keyspace.streams(network), stream)
    except (RedisError, OSError):
        return
