"""The right to read a partition: one reader of a group at a time, so that the changes of a product stay in order."""

from collections.abc import Sequence
from typing import Final

from pennywren import keyspace
from pennywren.store.connect import Client
from pennywren.store.scripts import Script

_TAKE: Final = Script("take_reading")
_RELEASE: Final = Script("release_reading")


async def take(client: Client, group: str, reader: str, partitions: Sequence[int], lasting_ms: int) -> list[int]:
    """Take the right to read each partition, or hold on to it; those that `reader` has now."""
    calls = [([keyspace.reading(partition, group)], [reader, lasting_ms]) for partition in partitions]
    replies = _checked(await _TAKE.run_many(client, calls))
    return [partition for partition, mine in zip(partitions, replies, strict=True) if mine]


async def release(client: Client, group: str, reader: str, partitions: Sequence[int]) -> None:
    """Give the right back where `reader` still has it."""
    calls = [([keyspace.reading(partition, group)], [reader]) for partition in partitions]
    _checked(await _RELEASE.run_many(client, calls))


def _checked(replies: list[object]) -> list[object]:
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply
    return replies
