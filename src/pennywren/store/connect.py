"""Connections to Redis, and the check that it is one we can use."""

from collections.abc import Callable
from typing import Any, Final, cast

import hiredis
from redis.asyncio import BlockingConnectionPool, Connection, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError, ResponseError

from pennywren.errors import MissingPart, Unavailable

_FREE_WITHIN_S: Final = 20
# redis-py raises these besides its own on a failover (redis-py #4287, #3835).
CONNECTION_FAULTS: Final = (RedisError, OSError, AttributeError, TypeError)


# hiredis says "a tuple of one" where it means "a tuple".
_pack: Callable[[tuple[Any, ...]], bytes] = cast("Any", hiredis).pack_command


class _PackingConnection(Connection):
    """Packs commands in C, as redis-py's blocking connection does; its asyncio one packs them in Python.

    Packing was a quarter of what the writer of looks cost. TLS connections (`rediss:`) stay as redis-py has them.
    """

    def pack_command(self, *args: Any) -> list[bytes]:
        """One command in the Redis protocol; words of a command's name are arguments of their own."""
        name = args[0]
        words = name.split() if isinstance(name, bytes) else str(name).encode().split()
        try:
            return [_pack((*words, *args[1:]))]
        except TypeError:
            return super().pack_command(*args)


Client = Redis
"""The asyncio client, answering with strings."""


def connect(url: str, *, max_connections: int = 64, decode: bool = True) -> Client:
    """A client for `url`; nothing is sent yet. `decode=False` answers with bytes (for encoded answers).

    Who finds all connections in use waits for one: a job with 200 egresses has more under way than that.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        timeout=_FREE_WITHIN_S,
        decode_responses=decode,
        protocol=3,
        connection_class=_PackingConnection,
        max_connections=max_connections,
        socket_timeout=10,
        socket_connect_timeout=3,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 3),
    )
    return Redis.from_pool(pool)


async def require_time_series(client: Client) -> None:
    """Refuse a Redis that cannot keep prices.

    Raises:
        MissingPart: no TimeSeries; says what to install.
        Unavailable: nothing answers there.
    """
    try:
        # Any command of the module would do; this one touches no key. (redis-py cannot read what COMMAND INFO says of a
        # command that is not there.)
        await client.execute_command("TS.QUERYINDEX", "pennywren=asks")
    except ResponseError as error:
        if "unknown command" not in str(error).lower():
            raise Unavailable(f"Redis does not answer: {error}") from error
        raise MissingPart(
            "this Redis has no TimeSeries: install Redis 8 or later (it is built in), load redistimeseries.so "
            "into an older one, or leave PENNYWREN_REDIS_URL empty to use the embedded one"
        ) from error
    except (RedisError, OSError) as error:
        raise Unavailable(f"Redis does not answer: {error}") from error
