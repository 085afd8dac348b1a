"""Prices from the archive back into Redis: after it was lost, or to how they were at an earlier moment."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

import msgspec
from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.archive import files, folding
from pennywren.archive.places import Place
from pennywren.archive.replay import replay
from pennywren.errors import Conflict, Unavailable
from pennywren.history.merging import merge
from pennywren.match import hints
from pennywren.model.clock import SECOND
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import Steps
from pennywren.postgres import catalogue
from pennywren.postgres.pool import Pool
from pennywren.record.rewriting import Past, restore
from pennywren.settings import Settings
from pennywren.store.snapshots import Snapshot
from pennywren.store.store import Store

Progress = Callable[[int, int], None]
"""Told now and then: partitions done, and of how many."""

_PAGE: Final = 500
_EVER: Final = 1 << 48
_ATTEMPTS: Final = 5

Found = tuple[ProductID, Snapshot]


@dataclass(slots=True)
class RestoreResult:
    """What was restored."""

    products: int = 0
    """Whose history was written."""
    unchanged: int = 0
    """Whose history was there already."""
    changes: int = 0
    """Changes in the histories that were written."""


class Restorer:
    """Writes histories of the archive into Redis."""

    def __init__(self, store: Store, pool: Pool, place: Place, settings: Settings) -> None:
        self._store = store
        self._pool = pool
        self._place = place
        self._gap = settings.gap_after * SECOND
        self._charted_after = settings.charted_after

    async def restore(
        self, at: int | None = None, *, over: bool = False, progress: Progress | None = None
    ) -> RestoreResult:
        """Restore all prices to how they were `at` (ms), or to the last archived change.

        What was recorded since Redis began anew is kept, and the archive fills in what was before; running it again
        changes nothing. With `over` the archive wins, and what was recorded after `at` is gone, also of a product that
        nobody had looked at by then: it stays known, without a price.

        Raises:
            Unavailable, BadInput: a part does not answer, or a file is damaged; what was written stays.
            Conflict: with `over`, changes wait for the archive, so it does not know what to take back; or a product is
                recorded so often that it cannot be merged: do it again.
        """
        now = await self._now()
        if over:
            await self._require_all_archived()
        until = now if at is None else min(at, now)
        found = files.files(self._place)
        restored = files.restorations(self._place)
        result, blocks = RestoreResult(), folding.blocks(found)
        back = over and until < now
        if back:
            # Said first: should we die, what lies between is void all the same, and doing it again is safe.
            files.note_restored(self._place, until, now)
        for block in blocks:
            rows = files.read_rows(self._place, block)
            page: list[Found] = []
            for product, group in groupby(rows, key=lambda row: row.product):
                own = list(group)
                whole = replay(own, until, restored)
                if whole is None and back:
                    whole = Snapshot(max(row.version for row in own), own[0].currency)
                if whole is not None:
                    page.append((ProductID.parse(product), whole))
                if len(page) >= _PAGE:
                    await self._write(page, now, until, over, result)
                    page = []
            await self._write(page, now, until, over, result)
            if progress:
                progress(block.stop, blocks[-1].stop)
        return result

    async def _write(self, page: Sequence[Found], now: int, until: int, over: bool, result: RestoreResult) -> None:
        if not page:
            return
        await catalogue.upsert(self._pool, [catalogue.CatalogueEntry(product) for product, _ in page])
        seen = await catalogue.last_seen(self._pool, [product for product, _ in page])
        waiting = [(product, _seen_until(whole, min(seen.get(product, 0), until))) for product, whole in page]
        for _ in range(_ATTEMPTS):
            pasts = [past async for past in self._pasts(waiting, now, over)]
            result.unchanged += len(waiting) - len(pasts)
            written = await restore(self._store, pasts)
            result.products += sum(written)
            result.changes += sum(_changes(past) for past, done in zip(pasts, written, strict=True) if done)
            again = {past.product for past, done in zip(pasts, written, strict=True) if not done}
            waiting = [each for each in waiting if each[0] in again]
            if not waiting:
                return
        raise Conflict(f"{waiting[0][0]} is recorded all the time: run the restore again")

    async def _pasts(self, found: Sequence[Found], now: int, over: bool) -> AsyncIterator[Past]:
        """What is to be written, merged with what is there; nothing where that changes nothing."""
        states = await self._store.products([product for product, _ in found])
        for (product, whole), state in zip(found, states, strict=True):
            offers = {offer: past.steps for offer, past in whole.offers.items()}
            crawled = {offer: past.crawled for offer, past in whole.offers.items() if past.crawled is not None}
            if state is None and not whole.offers:
                continue
            expected = None
            if not over:
                expected = 0 if state is None else state.version
            if state is not None and not over:
                recorded = {each: await self._store.steps(product, each, 0, _EVER) for each in state.offers}
                merged = dict(recorded)
                for offer, steps in offers.items():
                    merged[offer] = merge(recorded.get(offer, Steps()), steps, self._gap)
                if merged == recorded or state.currency != whole.currency:
                    continue
                offers = merged
                crawled = {offer: marker for offer, marker in crawled.items() if offer not in state.offers}
            past = Past(
                product=product,
                currency=whole.currency,
                offers=offers,
                least_version=now,
                expected_version=expected,
                crawled=crawled,
                proofs=whole.proofs,
                rate=whole.rate,
                availability=whole.availability,
            )
            yield replace(past, tier="charted") if _changes(past) >= self._charted_after else past

    async def _require_all_archived(self) -> None:
        try:
            waiting = await hints.waiting(self._store.client, hints.ARCHIVE, range(keyspace.PARTITIONS))
        except (RedisError, OSError) as error:
            raise Unavailable("the change streams are not reachable right now") from error
        if waiting:
            raise Conflict(
                f"changes are not in the archive yet (partitions: {len(waiting)}), and --over would not see them: "
                "`pennywren archive run` writes them, and `pennywren top --once` says when none waits for the archive"
            )

    async def _now(self) -> int:
        """The time of Redis, which stamps the streams."""
        try:
            seconds, micros = await self._store.client.time()
        except (RedisError, OSError) as error:
            raise Unavailable("the price store is not reachable right now") from error
        return int(seconds) * SECOND + int(micros) // 1000


def _seen_until(whole: Snapshot, seen: int) -> Snapshot:
    """What every crawl looks at was seen when the product was crawled last, whatever the archive knows of it."""
    buybox = whole.offers.get(Offer.BUYBOX)
    if buybox is None or buybox.last_seen >= seen:
        return whole
    seen_later = msgspec.structs.replace(buybox, last_seen=seen)
    return msgspec.structs.replace(whole, offers={**whole.offers, Offer.BUYBOX: seen_later})


def _changes(past: Past) -> int:
    return sum(len(steps.prices) + len(steps.states) for steps in past.offers.values())
