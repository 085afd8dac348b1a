"""Forgetting what nobody asks for any more: old alerts with their deliveries, decisions, finished fan-outs."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pennywren.errors import BadSetting
from pennywren.notify import decisions, fan_outs, waiting
from pennywren.postgres.pool import Pool, open_pool, transaction
from pennywren.settings import Settings

PURGE_EVERY: Final = 86_400
"""Seconds."""

AT_ONCE: Final = 5_000
"""Rows of one transaction: it stays short."""

SAFE: Final = timedelta(days=8)
"""What is kept whatever the setting says: weekly budgets count the deliveries of seven days, and a change that is read
again within the time that streams keep it must find its alert and its fan-out."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Purged:
    """How many rows went."""

    alerts: int
    decisions: int
    fan_outs: int


class Purger:
    """Purges. `kept` is for how long alerts and decisions are kept, `changes_kept` the entries of streams."""

    def __init__(self, pool: Pool, *, kept: timedelta, changes_kept: timedelta, at_once: int = AT_ONCE) -> None:
        self._pool = pool
        self._safe = max(SAFE, 2 * changes_kept)
        self._kept = max(kept, self._safe)
        self._at_once = at_once

    async def purge(self) -> Purged:
        """Purge all there is, in short transactions.

        Raises:
            Unavailable: PostgreSQL does not answer; what is left the next purge takes.
        """
        gone = Purged(await self._alerts(), await self._decisions(), await self._fan_outs())
        _log.info("purged %d alerts, %d decisions, %d fan-outs", gone.alerts, gone.decisions, gone.fan_outs)
        return gone

    async def _alerts(self) -> int:
        count = 0
        while True:
            async with transaction(self._pool) as connection:
                gone = await waiting.purge(connection, self._kept, self._at_once)
            count += gone
            if gone < self._at_once:
                return count

    async def _decisions(self) -> int:
        count = 0
        while True:
            async with transaction(self._pool) as connection:
                gone = await decisions.purge_old(connection, self._kept, self._at_once)
            count += gone
            if gone < self._at_once:
                break
        after = 0
        while True:
            async with transaction(self._pool) as connection:
                many = await decisions.with_many(connection, after, self._at_once)
                count += await decisions.purge(connection, many)
            if len(many) < self._at_once:
                return count
            after = many[-1]

    async def _fan_outs(self) -> int:
        async with transaction(self._pool) as connection:
            return await fan_outs.purge(connection, self._safe)


async def purge(settings: Settings) -> Purged:
    """One job.

    Raises:
        BadSetting: the address of PostgreSQL is not set.
        Unavailable: it does not answer.
    """
    if not settings.postgres_url:
        raise BadSetting("PENNYWREN_POSTGRES_URL: a purge needs it")
    pool = await open_pool(settings.postgres_url, size=1)
    try:
        kept, changes_kept = timedelta(seconds=settings.alerts_kept), timedelta(seconds=settings.changes_kept)
        return await Purger(pool, kept=kept, changes_kept=changes_kept).purge()
    finally:
        await pool.close()
