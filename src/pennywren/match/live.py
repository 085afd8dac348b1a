"""Who has a page of a product open, and waking them when the product changes: one reader of the streams a process.

It looks at the streams of those partitions only of which pages are open, all of them in one round trip, twice a
second: at most 1,024 short commands, none while no page is open. No group is needed: whoever missed something is
told again, because a listener compares versions and not messages.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.model.clock import SECOND, Clock
from pennywren.model.product import ProductID
from pennywren.store.connect import Client

EVERY: Final = 0.5
"""Seconds between two looks at the streams."""
_BEGINS_BEFORE: Final = 60 * SECOND
"""How far back a partition is read whose first page was just opened: clocks differ, and telling twice is harmless."""
_ENTRIES: Final = 1_000
_WOKEN_AT_ONCE: Final = 100
"""Whoever asks the process for something else waits for so many at most, and not for all who look at one product."""

_log = logging.getLogger(__name__)


class LiveChanges:
    """The reader of one process and its listeners."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._listeners: defaultdict[int, defaultdict[str, set[asyncio.Event]]] = defaultdict(lambda: defaultdict(set))
        self._cursors: dict[int, str] = {}
        self._over = asyncio.Event()

    @contextmanager
    def listen(self, product: ProductID) -> Generator[asyncio.Event]:
        """An event that is set whenever something of `product` changed, and when the process ends."""
        partition, name, event = keyspace.partition_of(product), str(product), asyncio.Event()
        self._listeners[partition][name].add(event)
        try:
            yield event
        finally:
            products = self._listeners[partition]
            products[name].discard(event)
            if not products[name]:
                del products[name]
            if not products:
                del self._listeners[partition]
                self._cursors.pop(partition, None)

    @property
    def is_over(self) -> bool:
        """Whether the process ends: streams are to be closed."""
        return self._over.is_set()

    async def run(self) -> None:
        """Look at the streams until `end`; a Redis that is away is waited for."""
        while not self.is_over:
            try:
                await self.step()
            except (RedisError, OSError) as error:
                _log.warning("open pages are not told of changes right now: %s", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._over.wait()

    def end(self) -> None:
        """Let `run` return after the look that is under way, and wake everybody who listens."""
        self._over.set()
        for event in [e for products in self._listeners.values() for events in products.values() for e in events]:
            event.set()

    async def step(self) -> int:
        """Read what is new, and wake whom it concerns; how many entries there were.

        Raises:
            RedisError, OSError: Redis does not answer.
        """
        partitions = sorted(self._listeners)
        if not partitions:
            return 0
        begin = f"{max(self._clock() - _BEGINS_BEFORE, 0)}-0"
        async with self._client.pipeline(transaction=False) as pipe:
            for partition in partitions:
                pipe.xrange(
                    keyspace.changes(partition), f"({self._cursors.setdefault(partition, begin)}", "+", count=_ENTRIES
                )
            replies: list[Any] = await pipe.execute()
        count = 0
        for partition, entries in zip(partitions, replies, strict=True):
            for entry_id, fields in entries:
                count += 1
                if partition in self._cursors:
                    self._cursors[partition] = entry_id
                if partition in self._listeners:
                    await _wake(list(self._listeners[partition].get(str(fields.get("product")), ())))
        return count


async def _wake(events: Sequence[asyncio.Event]) -> None:
    for start in range(0, len(events), _WOKEN_AT_ONCE):
        for event in events[start : start + _WOKEN_AT_ONCE]:
            event.set()
        await asyncio.sleep(0)
