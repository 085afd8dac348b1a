"""Hints: which partitions have changes to read. They may be lost at any time, and are derived anew by a sweep."""

from collections.abc import Sequence
from typing import Final

from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.store.connect import Client
from pennywren.store.scripts import Script

GROUP: Final = "match"
ARCHIVE: Final = "archive"
"""The group that keeps every change for ever (`pipeline.archiving`)."""
GROUPS: Final = (GROUP, ARCHIVE)
"""Every group that reads the change streams: nothing is trimmed before all of them have handled it."""

_WAITING: Final = Script("waiting_changes")
_TRIM: Final = Script("trim_changes")


async def waiting(client: Client, group: str, partitions: Sequence[int]) -> list[int]:
    """The partitions that hold anything which `group` has not read, or read and not handled."""
    replies = await _WAITING.run_many(client, [([keyspace.changes(n)], [group]) for n in partitions])
    return [partition for partition, reply in zip(partitions, _checked(replies), strict=True) if reply]


async def give(client: Client, partitions: Sequence[int], now: int) -> None:
    """Hint that `partitions` have changes to read since `now` (ms); an older hint stays as it is."""
    if partitions:
        await client.zadd(keyspace.ready_changes(), {str(partition): now for partition in partitions}, nx=True)


async def sweep(client: Client, now: int, group: str = GROUP) -> int:
    """Hint every partition that has something waiting, whatever hints were lost; how many there are.

    Raises:
        Unavailable: Redis does not answer.
    """
    try:
        found = await waiting(client, group, range(keyspace.PARTITIONS))
        await give(client, found, now)
    except (RedisError, OSError) as error:
        raise Unavailable("the change streams are not reachable right now") from error
    return len(found)


async def trim(client: Client, kept_from: int, groups: Sequence[str] = GROUPS, retired: Sequence[str] = ()) -> int:
    """Forget what all `groups` have handled, except what came at or after `kept_from` (ms); how many entries.

    `retired` groups read no more, and hold nothing up.

    Raises:
        Unavailable: Redis does not answer.
    """
    names = [*groups, *(f"-{name}" for name in retired)]
    calls = [([keyspace.changes(n)], [max(kept_from, 0), *names]) for n in range(keyspace.PARTITIONS)]
    try:
        return sum(_checked(await _TRIM.run_many(client, calls)))
    except (RedisError, OSError) as error:
        raise Unavailable("the change streams are not reachable right now") from error


def _checked(replies: list[int | Exception]) -> list[int]:
    numbers: list[int] = []
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply
        numbers.append(reply)
    return numbers
