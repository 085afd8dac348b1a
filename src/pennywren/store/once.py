"""What was done once: the answer to a request is kept, so that the same request again gets it and changes nothing.

A mark says that a request is under way; the answer takes its place. What is kept is bytes of the caller's, who
encrypts them: an answer may hold a token that is shown once.
"""

from typing import Final, cast

from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.model.clock import DAY, MINUTE
from pennywren.store.connect import Client

KEPT: Final = DAY
"""Milliseconds that an answer is kept."""
UNDER_WAY: Final = MINUTE
"""Milliseconds after which a request counts as lost: its process was killed, and it may be sent again."""


async def begin(client: Client, name: str, mark: bytes) -> bytes | None:
    """Begin what `name` stands for, unless it was begun: then what stands there. `client` answers with bytes.

    Raises:
        Unavailable: Redis is not reachable, so nothing can be promised.
    """
    try:
        found = cast("bytes | None", await client.set(keyspace.once(name), mark, nx=True, get=True, px=UNDER_WAY))
    except (RedisError, OSError) as error:
        raise Unavailable from error
    return found


async def keep(client: Client, name: str, answer: bytes) -> None:
    """Keep the answer for a day. If Redis has gone away, the mark ends by itself."""
    try:
        await client.set(keyspace.once(name), answer, px=KEPT)
    except (RedisError, OSError):
        return


async def forget(client: Client, name: str) -> None:
    """Nothing was done: it may be tried again at once."""
    try:
        await client.delete(keyspace.once(name))
    except (RedisError, OSError):
        return
