"""Versions of products, asked for one by one and read together: whoever asks at once shares a round trip."""

import asyncio
from collections.abc import Sequence

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.model.product import ProductID
from pennywren.store.cold import read_cold
from pennywren.store.connect import CONNECTION_FAULTS, Client


class Versions:
    """Reads the versions that were asked for while the last round trip was under way, in the next one.

    A client's round trip costs this process ten times what one more question in it does, so under load the cost of
    a question falls with the number of those who ask. Every answer is read from Redis after it was asked for.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asked: dict[ProductID, asyncio.Future[int]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def of(self, product: ProductID) -> int:
        """The version of a product now; 0 if it was never recorded.

        Raises:
            Unavailable: Redis does not answer.
        """
        answer = self._asked.get(product)
        if answer is None:
            answer = asyncio.get_running_loop().create_future()
            self._asked[product] = answer
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(self._read())
        # Whoever gives up must not take the answer from the others.
        return await asyncio.shield(answer)

    async def _read(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, {}
            try:
                found = await self._read_together(list(asked))
            except (*CONNECTION_FAULTS, Unavailable):
                for answer in asked.values():
                    answer.set_exception(Unavailable("the price store is not reachable right now"))
                    answer.exception()  # counts as seen, also where nobody waits any more
                continue
            for answer, version in zip(asked.values(), found, strict=True):
                answer.set_result(version)

    async def _read_together(self, products: Sequence[ProductID]) -> list[int]:
        if len(products) == 1:
            found = [await self._client.hget(keyspace.product(products[0]), "version")]
        else:
            async with self._client.pipeline(transaction=False) as pipe:
                for product in products:
                    pipe.hget(keyspace.product(product), "version")
                found = await pipe.execute()
        without = [i for i, version in enumerate(found) if version is None]
        for i, packed in zip(without, await read_cold(self._client, [products[i] for i in without]), strict=True):
            found[i] = packed.fields.get("version")
        return [int(version or 0) for version in found]
