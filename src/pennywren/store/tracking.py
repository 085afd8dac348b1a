"""A connection to Redis that tells which of the keys that were read over it have changed since (CLIENT TRACKING)."""

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from pennywren.store.batches import Words
from pennywren.store.connect import CONNECTION_FAULTS, Client

_WITHIN_S: Final = 10.0

_log = logging.getLogger(__name__)

Take = Callable[[int, Any], None]
"""Is given each reply with its place, errors that Redis answers included."""
Changed = Callable[[Sequence[bytes] | None], None]
"""Is told of keys that have changed; None: any may have, as nobody listened for a moment."""


@dataclass(slots=True)
class _Asked:
    """Commands that were sent together, and how many of them are answered."""

    count: int
    take: Take
    done: asyncio.Future[None]
    answered: int = 0


class TrackedReads:
    """Reads over a connection of its own, and listens on it all the time.

    Replies and changes are passed on one by one in the order in which Redis sent them: what `take` was given holds
    until `changed` names its key. The connection is opened by the first read, and again by the next one after a loss.
    """

    def __init__(self, client: Client, changed: Changed) -> None:
        """`client` answers with bytes, and is no cluster's."""
        self._pool = client.connection_pool
        self._changed = changed
        self._connection: AbstractConnection | None = None
        self._listening: asyncio.Task[None] | None = None
        self._sent: deque[_Asked] = deque()
        self.tells = False
        """Whether changes are told; not while there is no connection, nor by a Redis that refuses to."""

    async def read(self, commands: Sequence[Words], take: Take) -> None:
        """Send commands that only read, one caller at a time; over a connection that proves lost they are sent again.

        Raises:
            RedisError, OSError: Redis does not answer.
        """
        if self._connection is not None:
            try:
                await self._ask(self._connection, commands, take)
            except CONNECTION_FAULTS:
                await self.close()
            else:
                return
        await self._ask(await self._open(), commands, take)

    async def close(self) -> None:
        """Listen no more, until the next read."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _ask(self, connection: AbstractConnection, commands: Sequence[Words], take: Take) -> None:
        asked = _Asked(len(commands), take, asyncio.get_running_loop().create_future())
        self._sent.append(asked)
        # Only the listener reads here: redis-py's own PING would wait for a reply that it does not get.
        await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
        async with asyncio.timeout(_WITHIN_S):
            await asked.done

    async def _open(self) -> AbstractConnection:
        connection = self._pool.make_connection()
        try:
            await connection.connect()
            connection._parser.set_invalidation_push_handler(self._told)  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue, reportUnknownMemberType]
            await connection.send_command("CLIENT", "TRACKING", "ON", check_health=False)
            try:
                await connection.read_response()
                self.tells = True
            except ResponseError as error:
                _log.warning(
                    "Redis is asked for every history that is held, as it does not say what changes: %s", error
                )
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        self._connection = connection
        self._listening = asyncio.create_task(self._listen(connection))
        return connection

    async def _listen(self, connection: AbstractConnection) -> None:
        fault: Exception = RedisConnectionError("nobody listens any more")
        try:
            while True:
                try:
                    reply: Any = await connection.read_response(timeout=math.inf)  # pyright: ignore[reportUnknownVariableType]
                except ResponseError as error:
                    reply = error
                asked = self._sent[0]
                asked.take(asked.answered, reply)
                asked.answered += 1
                if asked.answered == asked.count:
                    self._sent.popleft()
                    if not asked.done.done():
                        asked.done.set_result(None)
        except CONNECTION_FAULTS as error:
            fault = error
        finally:
            self._lose(fault)
            await connection.disconnect(nowait=True)

    async def _told(self, push: Sequence[Any]) -> None:
        """`[b"invalidate", keys]`; no keys after FLUSHALL."""
        self._changed(push[1])

    def _lose(self, fault: Exception) -> None:
        self._connection, self.tells = None, False
        self._changed(None)
        while self._sent:
            asked = self._sent.popleft()
            if not asked.done.done():
                asked.done.set_exception(fault)
                asked.done.exception()  # counts as seen, also where nobody waits any more
