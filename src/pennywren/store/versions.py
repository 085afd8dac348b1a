"""Versions of products: held while Redis tells of changes, else asked for one by one and read together."""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.model.product import ProductID
from pennywren.store.batches import Words, send_batch
from pennywren.store.cluster import ClusterClient
from pennywren.store.cold import read_cold
from pennywren.store.connect import CONNECTION_FAULTS, Client
from pennywren.store.facts import read_version
from pennywren.store.tracking import TrackedReads

_MOST: Final = 65_536
"""Products whose versions are known at once: more than there are answers held of."""
_PING: Final[Words] = ("PING",)


class Versions:
    """Reads the versions that were asked for while the last round trip was under way, in the next one.

    A client's round trip costs this process ten times what one more question in it does, so under load the cost of
    a question falls with the number of those who ask. Every answer is read from Redis after it was asked for.

    With `within`, a version that was read is `known` until Redis says that it changed, which it does at the moment of
    the change. Where the connection died without a sign, that is noticed after so many seconds.
    """

    def __init__(self, client: Client, within: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        """`client` answers with bytes; of a cluster nothing is `known`. `clock` is in seconds, as is `within`."""
        self._client = client
        self._within = within
        self._clock = clock
        self._asked: dict[ProductID, list[asyncio.Future[int]]] = {}
        self._reading: asyncio.Task[None] | None = None
        is_told = within > 0 and not isinstance(client, ClusterClient)
        self._tracked = TrackedReads(client, self._changed) if is_told else None
        self._known: OrderedDict[ProductID, int] = OrderedDict()
        self._heard_at = -math.inf
        """Whatever changed before this moment of `clock` has been told."""

    def known(self, product: ProductID) -> int | None:
        """The version of a product, if it was read and Redis has not said since that it changed."""
        version = self._known.get(product)
        if version is None:
            return None
        age = self._clock() - self._heard_at
        if age > self._within / 2 and (self._reading is None or self._reading.done()):
            self._reading = asyncio.create_task(self._hear())
        return version if age <= self._within else None

    async def aclose(self) -> None:
        """End the connection over which Redis tells of changes."""
        if self._tracked is not None:
            await self._tracked.close()

    async def of(self, product: ProductID) -> int:
        """The version of a product now; 0 if it was never recorded.

        Raises:
            Unavailable: Redis does not answer.
        """
        # One for each who asks: whoever gives up must not take the answer from the others.
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked.setdefault(product, []).append(answer)
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        return await answer

    async def _read(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, {}
            found: Sequence[int | Exception]
            try:
                found = await self._read_together(list(asked))
            except (*CONNECTION_FAULTS, Unavailable) as error:
                found = [error] * len(asked)
            for answers, version in zip(asked.values(), found, strict=True):
                for answer in (each for each in answers if not each.done()):  # whose asker has not given up
                    if isinstance(version, Exception):
                        answer.set_exception(Unavailable("the price store is not reachable right now"))
                    else:
                        answer.set_result(version)

    async def _read_together(self, products: Sequence[ProductID]) -> list[int | Exception]:
        """The version of each, or why there is none: of a cluster, one node may be away."""
        commands: list[Words] = [("GET", keyspace.product(each)) for each in products]
        if self._tracked is not None:
            found = await self._read_tracked(self._tracked, commands, products)
        elif isinstance(self._client, ClusterClient):
            replies = await self._client.execute_many([(each, {}) for each in commands], transaction=False)
            found = [_version(reply) for reply in replies]
        else:
            found = [_version(reply) for reply in await send_batch(self._client, commands)]
        without = [i for i, version in enumerate(found) if version == 0]
        if without:
            packed = await read_cold(self._client, [products[i] for i in without])
            for i, each in zip(without, packed, strict=True):
                found[i] = int(each.fields.get("version", 0))
        return found

    async def _read_tracked(
        self, tracked: TrackedReads, commands: Sequence[Words], products: Sequence[ProductID]
    ) -> list[int | Exception]:
        found: list[int | Exception] = [0] * len(commands)

        def take(place: int, reply: Any) -> None:
            found[place] = version = _version(reply)
            # Without a value of its own a product may be packed with others, which change it unseen.
            if tracked.tells and products and isinstance(version, int) and version:
                self._known[products[place]] = version

        at = self._clock()
        await tracked.read(commands, take)
        if tracked.tells:
            self._heard_at = at
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        return found

    async def _hear(self) -> None:
        """Make sure that all changes were told, and read what was asked for meanwhile."""
        if self._tracked is not None:
            with suppress(*CONNECTION_FAULTS):
                await self._read_tracked(self._tracked, [_PING], [])
        await self._read()

    def _changed(self, keys: Sequence[bytes] | None) -> None:
        if keys is None:
            self._known.clear()
            self._heard_at = -math.inf
        for key in keys or ():
            self._known.pop(keyspace.product_of(key), None)


def _version(reply: Any) -> int | Exception:
    """What Redis said of a product: its version, 0 without one, or why there is none."""
    if reply is None or isinstance(reply, Exception):
        return reply or 0
    try:
        return read_version(reply)
    except ValueError as error:
        return Unavailable(f"what is kept of a product cannot be read: {error}")
