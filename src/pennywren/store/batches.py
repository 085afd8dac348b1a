"""Many commands in one round trip, for less than a pipeline of redis-py costs: it sets a timer for each reply."""

import asyncio
import math
from collections.abc import Sequence
from typing import Any, Final

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ResponseError

from pennywren.store.cluster import ClusterClient, raise_faults
from pennywren.store.connect import Client

Words = tuple[str | int | float | bytes, ...]
_AT_A_TIME: Final = 100
"""Replies that share a timer."""


async def send_batch(client: Client, commands: Sequence[Words], within: float = 10.0) -> list[Any]:
    """The replies to commands, in order; what Redis refused is an exception in its place.

    Each hundred of them is waited for `within` seconds. What is lost on the way is sent again, as a pipeline does.

    Raises:
        RedisError, OSError: Redis does not answer.
    """
    if isinstance(client, ClusterClient):
        replies = await client.execute_many([(each, {}) for each in commands], transaction=False)
        raise_faults(replies)
        return replies
    pool = client.connection_pool
    connection: AbstractConnection = await pool.get_connection()

    async def lost(_: Exception) -> None:
        await connection.disconnect(nowait=True)

    try:
        return await connection.retry.call_with_retry(lambda: _ask(connection, commands, within), lost)
    finally:
        await pool.release(connection)


async def _ask(connection: AbstractConnection, commands: Sequence[Words], within: float) -> list[Any]:
    await connection.send_packed_command(connection.pack_commands(commands))
    replies: list[Any] = []
    while len(replies) < len(commands):
        async with asyncio.timeout(within):
            for _ in range(min(_AT_A_TIME, len(commands) - len(replies))):
                try:
                    replies.append(await connection.read_response(timeout=math.inf))
                except ResponseError as error:
                    replies.append(error)
    return replies
