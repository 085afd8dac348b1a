"""What the shop shows: prices that move, each only after the one before was recorded; the log is the judge's."""

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from pennywren.errors import Unavailable
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.store.store import Store

LEAST, MOST = 1_500, 2_100
"""Prices and thresholds, in minor units: no move is one that a second look would be asked for."""


@dataclass
class Prices:
    """The shop's prices and their past."""

    port: int
    store: Store
    chance: random.Random
    shown: dict[str, list[int]]
    pending: dict[ProductID, int] = field(default_factory=dict[ProductID, int])
    """What the shop shows and nobody has recorded yet."""

    async def show(self, product: ProductID, price: int) -> None:
        """Let the shop show a price from now on."""
        await post(self.port, {str(product): price})
        self.shown[str(product)].append(price)
        self.pending[product] = price

    async def move_one(self, products: Sequence[ProductID]) -> None:
        """Move the price of a product whose last move was recorded."""
        product = self.chance.choice(products)
        if product not in self.pending:
            now = self.shown[str(product)][-1]
            await self.show(product, self.chance.choice([p for p in range(LEAST, MOST, 7) if p != now]))

    async def look(self) -> None:
        """Find out what was recorded meanwhile."""
        waiting = sorted(self.pending)
        try:
            states = await self.store.products(waiting)
        except (Unavailable, RedisError, OSError):
            return
        for product, state in zip(waiting, states, strict=True):
            offer = state.offers.get(Offer.BUYBOX) if state is not None else None
            if offer is not None and offer.price == self.pending[product]:
                del self.pending[product]

    async def keep_moving(self, products: Sequence[ProductID], per_second: float, stop: asyncio.Event) -> None:
        """Move prices at this rate until `stop` is set."""
        while not stop.is_set():
            await self.look()
            for _ in range(max(round(per_second), 1)):
                await self.move_one(products)
            await asyncio.sleep(max(1.0, 1.0 / per_second))


async def post(port: int, prices: dict[str, int]) -> None:
    """Tell the shop its prices."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for product, price in prices.items():
        body = json.dumps({"productID": product, "price": price}).encode()
        writer.write(b"POST /_prices HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length"))
        await reader.readexactly(length)
        assert b" 200 " in head.split(b"\r\n")[0], head
    writer.close()
