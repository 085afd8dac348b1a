"""The values of the metrics, worked out now and then: whoever asks in between is told the same."""

import asyncio
from typing import Final

from pennywren.model.clock import SECOND, Clock
from pennywren.pipeline.metrics import Sources, collect
from pennywren.store.counters import Distribution, Sample

_FRESH: Final = 2 * SECOND


class MetricsBoard:
    """The values, two seconds old at most, and worked out once for all who ask meanwhile."""

    def __init__(self, sources: Sources, clock: Clock) -> None:
        self._sources = sources
        self._clock = clock
        self._lock = asyncio.Lock()
        self._found: list[Sample | Distribution] = []
        self._read_at: int | None = None

    async def read(self) -> list[Sample | Distribution]:
        """All values."""
        async with self._lock:
            if self._read_at is None or self._clock() - self._read_at >= _FRESH:
                self._found, self._read_at = await collect(self._sources), self._clock()
            return self._found
