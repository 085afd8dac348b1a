"""The connection pool, and what its failures mean to a caller."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

import asyncpg

from pennywren.errors import Unavailable

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

STATEMENTS: Final = 300
"""Statements that a connection keeps prepared, for as long as it lasts: more than we have."""
PATIENCE_S: Final = 2
"""How long a caller waits for a connection where all are taken, and no longer: an answer is due to somebody."""


async def open_pool(url: str, *, size: int = 10) -> Pool:
    """Connect, at most `size` connections.

    Raises:
        Unavailable: PostgreSQL does not answer.
    """
    try:
        return await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            timeout=5,
            command_timeout=30,
            statement_cache_size=STATEMENTS,
            max_cached_statement_lifetime=0,
            reset=_nothing,
            server_settings={"timezone": "UTC"},
        )
    except (OSError, asyncpg.PostgresError) as error:
        raise Unavailable(f"PostgreSQL does not answer: {error}") from error


async def _nothing(_: Connection) -> None:
    """Nothing is left to undo on a connection that is given back, so that it costs no round trip: no statement of ours
    sets anything for longer than its transaction, listens, or locks by advice. asyncpg ends an open transaction itself.
    """


def affected(status: str) -> int:
    """How many rows a statement changed, by its command tag: `DELETE 5`."""
    return int(status.rpartition(" ")[2])


_log = logging.getLogger(__name__)

_GONE: Final = (
    TimeoutError,
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that is cut in the middle of a commit
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.OperatorInterventionError,  # the server is told to end, or is starting
)


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncGenerator[Connection]:
    """One connection inside one transaction.

    Raises:
        Unavailable: no connection within `PATIENCE_S`, the server is gone, its disk is full, or it ended a deadlock.
    """
    async with connected(pool) as connection, connection.transaction():
        yield connection


@asynccontextmanager
async def connected(pool: Pool) -> AsyncGenerator[Connection]:
    """One connection, on which each statement is a transaction by itself: a single one costs one round trip, not three.

    Raises:
        Unavailable: as for `transaction`.
    """
    try:
        async with pool.acquire(timeout=PATIENCE_S) as connection:
            yield connection
    except _GONE as error:
        raise Unavailable("the database is not reachable right now", retry_after=5) from error
    except asyncpg.TransactionRollbackError as error:
        raise Unavailable("somebody else changed the same at the same time", retry_after=1) from error
    except asyncpg.InsufficientResourcesError as error:
        _log.error("PostgreSQL has no room: %s", error)
        raise Unavailable("the database can keep nothing right now", retry_after=30) from error
