"""What the first page shows, read now and then: whoever asks in between is shown the same."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pennywren.errors import Unavailable
from pennywren.match.shown import lately_moved, most_watched
from pennywren.model.clock import SECOND, Clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.postgres import catalogue
from pennywren.postgres.catalogue import CatalogueRow
from pennywren.postgres.pool import Pool
from pennywren.store.store import Store

TILES: Final = 12
"""Products of each kind that the page shows at most."""
_FRESH: Final = 5 * SECOND


@dataclass(frozen=True, slots=True)
class Tile:
    """One product. Money is minor units, `at` ms UTC; `percent` is how far the price moved, below zero for a fall."""

    product: ProductID
    title: str | None
    image: str | None
    price: int | None
    currency: str
    at: int | None = None
    percent: int = 0
    watchers: int = 0


@dataclass(frozen=True, slots=True)
class HomeView:
    """What there is to show."""

    changed: list[Tile]
    watched: list[Tile]
    known: bool = True
    """False where it could not be read: then nothing may be said of there being nothing."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is followed here that could be shown."""
        return self.known and not self.changed and not self.watched


class HomeBoard:
    """Read at most every five seconds, and once for all who ask meanwhile."""

    def __init__(self, store: Store, pool: Pool, clock: Clock) -> None:
        self._store = store
        self._pool = pool
        self._clock = clock
        self._lock = asyncio.Lock()
        self._view: HomeView | None = None
        self._read_at = 0

    async def read(self) -> HomeView:
        """What there is, five seconds old at most; nothing, and known to be unknown, while Redis is away."""
        async with self._lock:
            if self._view is None or not self._view.known or self._clock() - self._read_at >= _FRESH:
                try:
                    self._view, self._read_at = await self._look(), self._clock()
                except Unavailable:
                    return HomeView([], [], known=False)
            return self._view

    async def _look(self) -> HomeView:
        moves = await lately_moved(self._store.client, TILES)
        watched = await most_watched(self._store.client, TILES)
        products = list(dict.fromkeys([each.product for each in moves] + [each.product for each in watched]))
        rows = await self._rows(products)
        states = dict(zip(products, await self._store.products(products), strict=True)) if products else {}

        def tile(product: ProductID, price: int | None, at: int | None, percent: int, watchers: int) -> Tile:
            row, state = rows.get(product), states.get(product)
            currency = state.currency if state else product.market.currency
            title, image = (row.title, row.image) if row else (None, None)
            return Tile(product, title, image, price, currency, at, percent, watchers)

        def price_now(product: ProductID) -> int | None:
            state = states.get(product)
            main = state.offers.get(Offer.BUYBOX) if state else None
            return main.price if main else None

        return HomeView(
            [tile(each.product, each.new, each.at, _percent(each.old, each.new), 0) for each in moves],
            [tile(each.product, price_now(each.product), None, 0, each.watches) for each in watched],
        )

    async def _rows(self, products: Iterable[ProductID]) -> dict[ProductID, CatalogueRow]:
        """What the catalogue knows; tiles are shown with ids for titles while it is away."""
        try:
            return await catalogue.get_all(self._pool, products)
        except Unavailable:
            return {}


def _percent(old: int, new: int) -> int:
    """How far a price moved in whole percent, away from zero: a move is never shown as none."""
    if old <= 0 or old == new:
        return 0
    size = max(round(abs(new - old) * 100 / old), 1)
    return size if new > old else -size
