"""Titles and images that crawls see go to the catalogue in batches; when it is down, crawling goes on."""

import logging
from typing import Final

from pennywren.errors import Unavailable
from pennywren.model.clock import SECOND
from pennywren.model.product import ProductID
from pennywren.postgres.catalogue import CatalogueEntry, retire, upsert
from pennywren.postgres.pool import Pool

_log = logging.getLogger(__name__)

_BATCH: Final = 50
_WAIT: Final = SECOND
_KEEP: Final = 1_000
"""Entries kept while the database is down; older ones are dropped, and seen again with the next crawl."""


class CatalogueWriter:
    """Collects entries and writes them once there are 50, or a second has passed."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._entries: list[CatalogueEntry] = []
        self._since = 0

    async def add(self, entry: CatalogueEntry, now: int) -> None:
        """Take an entry; `now` in ms."""
        if not self._entries:
            self._since = now
        self._entries = [*self._entries[-_KEEP:], entry]
        if len(self._entries) >= _BATCH:
            await self.flush(now)

    async def retire(self, product: ProductID, now: int) -> None:
        """Note that a product's page has been gone for long (ms); the next time it is seen takes that back."""
        try:
            await retire(self._pool, product, now)
        except Unavailable as error:
            _log.warning("the catalogue does not hear that %s is gone: %s", product, error)

    async def flush_if_old(self, now: int) -> None:
        """Write what has waited for a second."""
        if self._entries and now - self._since >= _WAIT:
            await self.flush(now)

    async def flush(self, now: int) -> None:
        """Write all there is."""
        entries, self._entries = self._entries, []
        try:
            await upsert(self._pool, entries)
        except Unavailable as error:
            _log.warning("the catalogue has to wait: %s", error)
            self._entries, self._since = [*entries, *self._entries][-_KEEP:], now
