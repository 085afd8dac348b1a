"""What the crawlers of one process look at together, so that 200 egresses do not ask Redis 200 times for the same."""

import asyncio
import time
from collections import defaultdict

from pennywren.frontier import hints, priors
from pennywren.frontier.priors import Priors
from pennywren.frontier.threshold import Threshold
from pennywren.observe.hosts import Hosts
from pennywren.observe.robots import Robots
from pennywren.settings import Settings
from pennywren.store.connect import Client


class Outlook:
    """The marketplaces that have products, what is believed of all of them, robots.txt, and today's threshold."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._hosts = Hosts.of(settings)
        self._threshold = Threshold(client)
        self._egresses = len(settings.egresses)
        self._lock = asyncio.Lock()
        self._marketplaces: dict[str, list[str]] = {}
        self._marketplaces_at: float | None = None
        self._priors = Priors()
        self._priors_at: float | None = None
        self.robots = Robots(client)

    @property
    def threshold(self) -> Threshold:
        """The shared threshold: tell it of claims; `refreshed` reads it."""
        return self._threshold

    async def refreshed(self, now: int) -> float:
        """The threshold, read again when it is time to; `now` in ms."""
        async with self._lock:
            return await self._threshold.refresh(now)

    async def marketplaces(self, within_s: float = 0.0) -> dict[str, list[str]]:
        """The marketplaces that have products, by the host to crawl them at, as they were `within_s` ago at most."""
        async with self._lock:
            if _is_old(self._marketplaces_at, within_s):
                found: defaultdict[str, list[str]] = defaultdict(list)
                for code in await hints.marketplaces(self._client):
                    found[self._hosts.host(code)].append(code)
                self._marketplaces, self._marketplaces_at = dict(found), time.monotonic()
                self._threshold.per_second = self._egresses * max(len(found), 1)
            return self._marketplaces

    async def priors(self, within_s: float) -> Priors:
        """What was learned of all products, as it was `within_s` ago at most."""
        async with self._lock:
            if _is_old(self._priors_at, within_s):
                self._priors, self._priors_at = await priors.load(self._client), time.monotonic()
            return self._priors


def _is_old(read_at: float | None, within_s: float) -> bool:
    return read_at is None or time.monotonic() - read_at >= within_s
