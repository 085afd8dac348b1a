"""Versions of products, asked for one by one and read together: whoever asks at once shares a round trip."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.model.product import ProductID
from pennywren.store.batches import read_batch
from pennywren.store.cold import read_cold
from pennywren.store.connect import CONNECTION_FAULTS, Client
from pennywren.store.facts import read_version


class Versions:
    """Reads the versions that were asked for while the last round trip was under way, in the next one.

    A client's round trip costs this process ten times what one more question in it does, so under load the cost of
    a question falls with the number of those who ask. Every answer is read from Redis after it was asked for.
    """

    def __init__(self, client: Client) -> None:
        """`client` answers with bytes."""
        self._client = client
        self._asked: dict[ProductID, list[asyncio.Future[int]]] = {}
        self._reading: asyncio.Task[None] | None = None

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
            try:
                found = await self._read_together(list(asked))
            except (*CONNECTION_FAULTS, Unavailable):
                for answer in _waiting(asked.values()):
                    answer.set_exception(Unavailable("the price store is not reachable right now"))
                continue
            for answers, version in zip(asked.values(), found, strict=True):
                for answer in _waiting([answers]):
                    answer.set_result(version)

    async def _read_together(self, products: Sequence[ProductID]) -> list[int]:
        found = await read_batch(self._client, [("GET", keyspace.product(each)) for each in products])
        if fault := next((reply for reply in found if isinstance(reply, Exception)), None):
            raise fault
        without = [i for i, value in enumerate(found) if value is None]
        versions = [0 if value is None else read_version(value) for value in found]
        if without:
            packed = await read_cold(self._client, [products[i] for i in without])
            for i, each in zip(without, packed, strict=True):
                versions[i] = int(each.fields.get("version", 0))
        return versions


def _waiting(answers: Iterable[list[asyncio.Future[int]]]) -> Iterator[asyncio.Future[int]]:
    """Those whose asker has not given up."""
    return (each for these in answers for each in these if not each.done())
