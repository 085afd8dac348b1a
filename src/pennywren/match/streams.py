"""Reading the change streams of all partitions by one consumer group, over one connection.

A reader sleeps on the hints, takes the right to read the partitions that they name, reads what was left unhandled
there before what is new, and gives the right back. Hints are only hints: whoever cannot read a hinted partition
forgets the hint, because whoever reads it looks again after giving it back, and a sweep finds what all of them lost.
"""

import logging
import os
import secrets
import socket
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.exceptions import RedisError, ResponseError

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.match import hints, leases
from pennywren.match.entries import Entry, read_entry
from pennywren.model.clock import SECOND, Clock
from pennywren.store.connect import Client

MAX_DELIVERIES: Final = 3
"""An entry that could not be handled this often goes to the dead letters."""

_CONSUMER: Final = "reader"
"""One name for all readers: who reads is the lease's business, and names of dead readers would pile up."""

LEASE: Final = 15
"""Seconds that the right to read a partition lasts, where nothing else is set."""
PARTITIONS_AT_ONCE: Final = 32
_ENTRIES: Final = 100

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, oldest first in each partition, while nobody else of the group reads these partitions."""

    partitions: tuple[int, ...]
    entries: tuple[Entry, ...]


def reader_name() -> str:
    """A name that no other process has, on this machine or another."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


class ChangeReader:
    """One reader of a group; `reader` is a name that no other process has."""

    def __init__(
        self,
        client: Client,
        reader: str,
        clock: Clock,
        group: str = hints.GROUP,
        *,
        count: int = _ENTRIES,
        again_alone: bool = False,
        lease: int = LEASE,
    ) -> None:
        """`count` is how many entries of a partition are read at once; `lease` is the seconds after which another
        reader takes over from one that died.

        `again_alone`: what was left unhandled comes without anything new, so that a reading which is repeated is
        the same one.
        """
        self._client = client
        self._reader = reader
        self._clock = clock
        self._group = group
        self._count = count
        self._lease_ms = lease * SECOND
        self._again_alone = again_alone
        self.lost = 0
        """Entries that were trimmed before they were handled: must stay 0."""

    async def read(self, wait: float) -> Reading | None:
        """Wait up to `wait` seconds for a hint, and read; None if there was nothing to do.

        What was read must be finished, whatever happens to it.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            return await self._read(await self._hinted(wait))
        except (RedisError, OSError) as error:
            raise Unavailable("the change streams are not reachable right now") from error

    async def read_of(self, partitions: Sequence[int]) -> Reading | None:
        """Read those of `partitions` that nobody else reads; None if there are none. Hints are left alone.

        What was read must be finished with `hinted=False`, whatever happens to it.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            return await self._read(partitions)
        except (RedisError, OSError) as error:
            raise Unavailable("the change streams are not reachable right now") from error

    async def _read(self, partitions: Sequence[int]) -> Reading | None:
        mine = await leases.take(self._client, self._group, self._reader, partitions, self._lease_ms)
        return Reading(tuple(mine), tuple(await self._entries(mine))) if mine else None

    async def hold(self, reading: Reading) -> bool:
        """Hold on to what is being read; False if another reader has taken over some of it.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            mine = await leases.take(self._client, self._group, self._reader, reading.partitions, self._lease_ms)
        except (RedisError, OSError) as error:
            raise Unavailable("the change streams are not reachable right now") from error
        return len(mine) == len(reading.partitions)

    async def finish(
        self,
        reading: Reading,
        handled: Collection[Entry],
        failed: Mapping[str, Sequence[Entry]],
        *,
        hinted: bool = True,
    ) -> None:
        """Acknowledge what was handled, and give the partitions back. The rest will be read again.

        `failed` are, by reason, the entries that could not be handled for what is in them: after MAX_DELIVERIES
        they go to the dead letters, so that they hold up nobody. What failed because a part was down is in neither.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            async with self._client.pipeline(transaction=False) as pipe:
                for partition, ids in _ids(handled).items():
                    pipe.xack(keyspace.changes(partition), self._group, *ids)
                await pipe.execute()
            for reason, entries in failed.items():
                for entry in entries:
                    await self._fail(entry, reason)
            await leases.release(self._client, self._group, self._reader, reading.partitions)
            if not hinted:
                return
            # Only after that: a hint that came while we read was thrown away by whoever got it.
            left = await hints.waiting(self._client, self._group, reading.partitions)
            await hints.give(self._client, left, self._clock())
        except (RedisError, OSError) as error:
            raise Unavailable("the change streams are not reachable right now") from error

    async def _hinted(self, wait: float) -> list[int]:
        first: Any = await self._client.bzpopmin(keyspace.ready_changes(), wait)
        if first is None:
            return []
        more: Any = await self._client.zpopmin(keyspace.ready_changes(), PARTITIONS_AT_ONCE - 1)
        return [int(first[1]), *(int(member) for member, _ in more)]

    async def _entries(self, partitions: Sequence[int]) -> list[Entry]:
        """What was left unhandled, and after all of that what is new."""
        claimed = await self._claim(partitions)
        found: dict[int, list[tuple[str, dict[str, str]]]] = {}
        complete: list[int] = []
        for partition, (cursor, entries, trimmed) in zip(partitions, claimed, strict=True):
            found[partition] = entries
            if cursor == "0-0":
                complete.append(partition)
            if trimmed:
                self.lost += len(trimmed)
                _log.error("%d changes of partition %d were trimmed before anybody saw them", len(trimmed), partition)
        if self._again_alone and any(found.values()):
            complete = []
        async with self._client.pipeline(transaction=False) as pipe:
            for partition in complete:
                pipe.xreadgroup(self._group, _CONSUMER, {keyspace.changes(partition): ">"}, count=self._count)
            for partition, reply in zip(complete, await pipe.execute(), strict=True):
                for (entries,) in reply.values():  # in RESP3 a list in a list
                    found[partition] += entries
        return [read_entry(partition, *entry) for partition, entries in found.items() for entry in entries]

    async def _claim(self, partitions: Sequence[int]) -> list[tuple[str, list[tuple[str, dict[str, str]]], list[str]]]:
        """Take over what readers before us left unhandled: whoever holds the lease may, however fresh it is."""
        replies: list[Any] = [None] * len(partitions)
        missing = list(range(len(partitions)))
        while missing:
            async with self._client.pipeline(transaction=False) as pipe:
                for i in missing:
                    pipe.xautoclaim(
                        keyspace.changes(partitions[i]), self._group, _CONSUMER, 0, "0-0", count=self._count
                    )
                for i, reply in zip(missing, await pipe.execute(raise_on_error=False), strict=True):
                    replies[i] = reply
            for i in missing:
                if isinstance(replies[i], Exception) and not str(replies[i]).startswith("NOGROUP"):
                    raise replies[i]
            missing = [i for i in missing if isinstance(replies[i], Exception)]
            for i in missing:
                await self._make_group(partitions[i])
        return replies

    async def _make_group(self, partition: int) -> None:
        try:
            await self._client.xgroup_create(keyspace.changes(partition), self._group, "0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    async def _fail(self, entry: Entry, reason: str) -> None:
        stream = keyspace.changes(entry.partition)
        pending: Any = await self._client.xpending_range(stream, self._group, entry.id, entry.id, 1)
        if not pending or pending[0]["times_delivered"] < MAX_DELIVERIES:
            return
        letter = {**entry.fields, "deadEntry": entry.id, "deadGroup": self._group, "deadReason": reason}
        async with self._client.pipeline(transaction=True) as pipe:
            pipe.xadd(keyspace.dead(entry.partition), letter)  # pyright: ignore[reportArgumentType]
            pipe.xack(stream, self._group, entry.id)
            await pipe.execute()
        _log.error("change %s of partition %d is a dead letter now: %s", entry.id, entry.partition, reason)


def _ids(entries: Collection[Entry]) -> dict[int, list[str]]:
    ids: defaultdict[int, list[str]] = defaultdict(list)
    for entry in entries:
        ids[entry.partition].append(entry.id)
    return ids
