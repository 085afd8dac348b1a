"""Many small reads in one round trip, for the one place that makes thousands of them a second."""

import asyncio
import math
from collections.abc import Sequence
from typing import Any

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ResponseError

from pennywren.store.cluster import ClusterClient
from pennywren.store.connect import Client

Words = tuple[str, ...]


async def read_batch(client: Client, commands: Sequence[Words], within: float = 10.0) -> list[Any]:
    """The replies to commands that only read, in order; an error that Redis answers stands in the place of its command.

    A pipeline of redis-py sets a timer for each reply, which costs more than all the rest of a short read: here one
    is set for all of them (`within` seconds). What is lost on the way is sent again, as a pipeline does.

    Raises:
        RedisError, OSError: Redis does not answer.
    """
    if isinstance(client, ClusterClient):
        return await client.execute_many([(each, {}) for each in commands], transaction=False)
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
    async with asyncio.timeout(within):
        for _ in commands:
            try:
                replies.append(await connection.read_response(timeout=math.inf))
            except ResponseError as error:
                replies.append(error)
    return replies
