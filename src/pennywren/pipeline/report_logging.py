"""Storing reports that said something new: gathered, and written by COPY, beside the answer and never in its way.

Reports that confirm what is believed are nearly all of them (96 of 100), and storing them would be a diary of what
people look at; they are counted and not kept. While PostgreSQL is away, reports are judged as ever and not stored.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import date
from typing import Final

from pennywren.errors import Unavailable
from pennywren.model.clock import SECOND, Clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.postgres.pool import Pool, open_pool, transaction
from pennywren.postgres.report_log import ReportRow, day_of, forget_reports, key_of_day, reporter_mac, write_reports
from pennywren.settings import Settings
from pennywren.trust.judge import Reason, Verdict

FORGET_EVERY: Final = 3600
"""Seconds between two jobs that forget."""
GATHERED: Final = 500
"""Reports that are written together at most."""
WAIT: Final = SECOND
"""How long (ms) a report waits for others at most, while more come."""
_MOST: Final = 20_000
"""Reports that wait while the database is slow; more are not stored."""
_NOT_KEPT: Final = (Reason.CONFIRMS, Reason.NEAR, Reason.BLOCKED)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    """A report as it is to be stored. The time is ms UTC, the price minor units (None: no offer)."""

    at: int
    product: ProductID
    offer: Offer
    price: int | None
    currency: str
    reporter: str


class ReportLog:
    """Stores reports, for one process."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._waiting: list[tuple[Said, Verdict]] = []
        self._since = 0
        self._keys: dict[date, bytes] = {}
        self._writing = asyncio.Lock()

    def add(self, said: Said, verdict: Verdict) -> None:
        """Gather a report; nothing is written yet, and one that says what is believed is not kept at all."""
        if verdict.reason in _NOT_KEPT or len(self._waiting) >= _MOST:
            return
        if not self._waiting:
            self._since = self._clock()
        self._waiting.append((said, verdict))

    @property
    def is_due(self) -> bool:
        """Whether enough has been gathered, or the first has waited long enough."""
        return len(self._waiting) >= GATHERED or (bool(self._waiting) and self._clock() - self._since >= WAIT)

    async def flush(self) -> int:
        """Write what was gathered; how many reports. Without a database nothing is written, and that is logged."""
        async with self._writing:
            batch, self._waiting = self._waiting, []
            if not batch:
                return 0
            try:
                async with transaction(self._pool) as connection:
                    for day in {day_of(said.at) for said, _ in batch} - self._keys.keys():
                        self._keys[day] = await key_of_day(connection, day)
                    await write_reports(connection, [self._row(said, verdict) for said, verdict in batch])
            except Unavailable as error:
                _log.warning("%d reports are not stored: %s", len(batch), error)
                return 0
            newest = max(self._keys)
            self._keys = {day: key for day, key in self._keys.items() if (newest - day).days < 2}
            return len(batch)

    def _row(self, said: Said, verdict: Verdict) -> ReportRow:
        return ReportRow(
            said.at,
            said.product,
            said.offer,
            said.price,
            said.currency,
            reporter_mac(self._keys[day_of(said.at)], said.reporter),
            verdict.kind.value,
            verdict.reason.value,
        )


async def forget(settings: Settings, clock: Clock) -> int:
    """One job: forget the reports whose retention has ended; how many went.

    Raises:
        Unavailable: the database is not reachable.
    """
    if not settings.postgres_url:
        raise Unavailable("no PostgreSQL is running: start Pennywren with `pennywren up`")
    pool = await open_pool(settings.postgres_url, size=1)
    try:
        return await forget_reports(pool, settings.report_retention_days, clock())
    finally:
        await pool.close()
