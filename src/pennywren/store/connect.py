"""Connections to Redis, and the check that it is one we can use."""

from collections.abc import Callable, Iterable
from typing import Any, Final, cast
from urllib.parse import urlsplit

import hiredis
from redis.asyncio import BlockingConnectionPool, Connection, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError, ResponseError

from pennywren.errors import MissingPart, Unavailable
from pennywren.store.cluster import Address, ClusterClient, Patience, Topology

CLUSTER_SCHEMES: Final = ("redis+cluster", "rediss+cluster")
_PORT: Final = 6379
_FREE_WITHIN_S: Final = 20
_ANSWERS_WITHIN_S: Final = 10.0
PATIENT: Final = Patience(moving=20.0, absent=20.0, answer=_ANSWERS_WITHIN_S)
"""For what works in the background, which waits until a replica has taken over."""
HURRIED: Final = Patience(moving=1.0, absent=0.25, answer=1.5)
"""For requests, which are told to come again. Were each to wait longer for a node that is away, those who wait would
soon take the place of all others."""
# redis-py raises these besides its own on a failover (redis-py #4287, #3835).
CONNECTION_FAULTS: Final = (RedisError, OSError, AttributeError, TypeError)


# hiredis says "a tuple of one" where it means "a tuple".
_pack: Callable[[tuple[Any, ...]], bytes] = cast("Any", hiredis).pack_command


class _QuickConnection(Connection):
    """Packs commands in C, as redis-py's blocking connection does, and makes no task for each one that it sends.

    Packing was a quarter of what the writer of looks cost, the tasks a third of a single command. TLS connections
    (`rediss:`) stay as redis-py has them.
    """

    def pack_command(self, *args: Any) -> list[bytes]:
        """One command in the Redis protocol; words of a command's name are arguments of their own."""
        name = args[0]
        words = name.split() if isinstance(name, bytes) else str(name).encode().split()
        try:
            return [_pack((*words, *args[1:]))]
        except TypeError:
            return super().pack_command(*args)

    async def send_packed_command(self, command: bytes | str | Iterable[bytes], check_health: bool = True) -> None:
        """Send what was packed; waits, with a limit, only where the other side does not take it."""
        writer = self._writer
        if writer is None or writer.transport.is_closing() or isinstance(command, str | bytes):
            await super().send_packed_command(command, check_health)
            return
        if check_health:
            await self.check_health()
        writer.writelines(command)
        if writer.transport.get_write_buffer_size() > writer.transport.get_write_buffer_limits()[1]:
            await super().send_packed_command([], check_health=False)


Client = Redis
"""The asyncio client, answering with strings."""


def connect(
    url: str,
    *,
    max_connections: int = 64,
    decode: bool = True,
    patience: Patience = PATIENT,
    standby: bool = False,
) -> Client:
    """A client for `url`; nothing is sent yet. `decode=False` answers with bytes (for encoded answers).

    `redis+cluster://user:password@host:port,host:port` (or `rediss+cluster`) is a Redis Cluster, by a few of its nodes;
    `patience` is how long its client waits for a slot that no node answers for. A `standby` client reads from
    replicas, which may be behind, and cannot write.

    Who finds all connections in use waits for one: a job with 200 egresses has more under way than that.
    """
    if not is_cluster(url):
        return Redis.from_pool(_pool(url, max_connections, decode=decode, retries=3))

    def open_node(address: Address) -> Client:
        # The client of the cluster tries again, after it has asked who has the slot now.
        where = _node_url(url, address)
        pool = _pool(where, max_connections, decode=decode, retries=0, answers_within=patience.answer)
        if standby:
            pool.connection_kwargs["redis_connect_func"] = _read_only
        return Redis.from_pool(pool)

    return ClusterClient(Topology(_seeds(url)), open_node, patience=patience, from_replicas=standby)


async def _read_only(connection: AbstractConnection) -> None:
    """Let a replica answer, rather than name its primary."""
    await connection.on_connect()
    await connection.send_command("READONLY")
    await connection.read_response()


def is_cluster(url: str) -> bool:
    """Whether `url` names nodes of a Redis Cluster."""
    return urlsplit(url).scheme in CLUSTER_SCHEMES


def _seeds(url: str) -> tuple[Address, ...]:
    hosts = urlsplit(url).netloc.rpartition("@")[2].split(",")
    parts = [urlsplit(f"//{host}") for host in hosts]
    return tuple((part.hostname or "127.0.0.1", part.port or _PORT) for part in parts)


def _node_url(url: str, address: Address) -> str:
    parts = urlsplit(url)
    login, at, _ = parts.netloc.rpartition("@")
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme.removesuffix('+cluster')}://{login}{at}{host}:{address[1]}/0{query}"


def _pool(
    url: str, max_connections: int, *, decode: bool, retries: int, answers_within: float = _ANSWERS_WITHIN_S
) -> BlockingConnectionPool:
    return BlockingConnectionPool.from_url(
        url,
        timeout=_FREE_WITHIN_S,
        decode_responses=decode,
        protocol=3,
        connection_class=_QuickConnection,
        max_connections=max_connections,
        socket_timeout=answers_within,
        socket_connect_timeout=min(answers_within, 3),
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), retries),
    )


async def each_server(client: Client) -> list[tuple[str, Client]]:
    """Each server that takes writes, by its address; of a cluster, the primaries. For what concerns servers, not keys.

    Raises:
        RedisError, OSError: no node of the cluster answers.
    """
    if isinstance(client, ClusterClient):
        return [(f"{host}:{port}", node) for (host, port), node in await client.each_primary()]
    of = client.connection_pool.connection_kwargs
    return [(f"{of.get('host', 'localhost')}:{of.get('port', _PORT)}", client)]


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
