"""The figures of the status page, worked out now and then: whoever asks in between is told the same."""

import asyncio
from typing import Final

from pennywren.model.clock import SECOND, Clock
from pennywren.postgres.pool import Pool, transaction
from pennywren.web.views import StatusView, TimeToAlert

STATES: Final = ("decided", "held", "sending", "delivered", "failed", "dropped")
"""What may have become of an alert."""
_FRESH: Final = 10 * SECOND


class StatusBoard:
    """The alerts of the last day, read at most every ten seconds, and once for all who ask meanwhile."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._lock = asyncio.Lock()
        self._view: StatusView | None = None
        self._read_at = 0

    async def read(self) -> StatusView:
        """The figures, ten seconds old at most.

        Raises:
            Unavailable: the database is not reachable.
        """
        async with self._lock:
            if self._view is None or self._clock() - self._read_at >= _FRESH:
                self._view, self._read_at = await _read(self._pool), self._clock()
            return self._view


async def _read(pool: Pool) -> StatusView:
    async with transaction(pool) as connection:
        counted = await connection.fetch(
            "select state, count(*) from alerts where decided_at > now() - interval '1 day' group by state"
        )
        times = await connection.fetchrow(
            """
            select percentile_cont(array[0.5, 0.95]) within group (order by seconds) as quantiles
            from (
                select extract(epoch from min(deliveries.attempted_at) - alerts.seen_at)::float8 as seconds
                from alerts join deliveries on deliveries.alert_id = alerts.id and outcome = 'delivered'
                where alerts.decided_at > now() - interval '1 day' and alerts.change_id not like 'created%'
                      and alerts.held_for is null
                group by alerts.id
            ) as delivered
            """
        )
    quantiles = (times["quantiles"] if times else None) or (None, None)
    by_state = {row["state"]: row["count"] for row in counted}
    return StatusView(
        alerts={state: by_state.get(state, 0) for state in STATES},
        time_to_alert=TimeToAlert(*(None if one is None else round(one, 3) for one in quantiles)),
    )
