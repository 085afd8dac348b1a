"""Choosing what is crawled next: claims, met with what is known of the product and with today's threshold."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pennywren.errors import Unavailable
from pennywren.frontier import hints
from pennywren.frontier.claiming import LEASE, Claim, Lane, Lease, claim
from pennywren.frontier.finishing import give_back
from pennywren.frontier.hints import Taken
from pennywren.frontier.lanes import LOOSE_SHARE, LaneShare
from pennywren.frontier.score import firm
from pennywren.frontier.threshold import Threshold, said_by
from pennywren.model.clock import DAY, SECOND, Clock
from pennywren.pipeline.concluding import Conclusions
from pennywren.store import knowing
from pennywren.store.connect import Client
from pennywren.store.knowing import Known
from pennywren.store.round_trip import RoundTrip

_TRIES: Final = 3
"""Products that are put back because the threshold has moved, before one is crawled all the same."""
_EVER: Final = 10 * 365 * DAY
AFTER_FAULT: Final = 10 * SECOND
"""When a product is due again (ms) whose crawl a fault of ours cut off: sooner than its lease runs out, because
somebody may wait for it, and not at once, because it may be the product that we cannot bear."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a product's page, and what it is needed for."""

    lease: Lease
    known: Known
    now: int
    """The time of Redis when the product was claimed (ms)."""


class Chooser:
    """Chooses, for one worker."""

    def __init__(
        self,
        client: Client,
        conclusions: Conclusions,
        threshold: Threshold,
        clock: Clock,
        dice: random.Random,
        floor_share: float,
        *,
        lease_ms: int = LEASE,
    ) -> None:
        """`threshold` is told what each claim says of it; `floor_share` of the requests look at the floor.

        A claim lasts `lease_ms`.
        """
        self._client = client
        self._conclusions = conclusions
        self._threshold = threshold
        self._clock = clock
        self._dice = dice
        self._floor_share = floor_share
        self._lease_ms = lease_ms
        self._lanes: defaultdict[str, LaneShare] = defaultdict(LaneShare)
        self._turns: defaultdict[str, int] = defaultdict(int)

    async def next(self, host: str, marketplaces: Sequence[str]) -> Visit | None:
        """Claim what is to be crawled next at a host that serves these marketplaces; None where nothing may be."""
        # Marketplaces that share a host take turns.
        self._turns[host] = first = (self._turns[host] + 1) % max(len(marketplaces), 1)
        in_turn = [*marketplaces[first:], *marketplaces[:first]]
        # No request that may leave goes unused: what is due soonest comes early where nothing is due.
        for early in (False, True):
            for marketplace in in_turn:
                visit = await self._best_of(marketplace, early=early)
                if visit is not None:
                    return visit
        self._threshold.idle()
        return None

    async def _best_of(self, marketplace: str, *, early: bool) -> Visit | None:
        for attempt in range(_TRIES + 1):
            found = await self._claim(marketplace, early=early)
            if found is None:
                return None
            claimed, lease, known = found
            back = self._conclusions.too_soon(lease, known, claimed.now)
            if back is None and attempt < _TRIES:
                back = self._conclusions.better_later(lease, known, claimed.now)
            if back is None:
                self._threshold.claimed(said_by(lease, claimed, known.last_seen, left_over=early))
                return Visit(lease, known, claimed.now)
            await give_back(self._client, lease, back)
        return None

    async def _claim(self, marketplace: str, *, early: bool) -> tuple[Claim, Lease, Known] | None:
        """Claim one product, and read what is known of it."""
        share, now = self._lanes[marketplace], self._clock()
        first = share.urgent_first
        loose = self._dice.random() < LOOSE_SHARE
        timed: tuple[Lane, ...] = ("due", "firm") if loose else ("firm", "due")
        lanes: tuple[Lane, ...] = ("urgent", *timed) if first else (*timed, "urgent")
        if self._dice.random() < self._floor_share:
            lanes = ("floor", *lanes)
        if early:
            lanes = ("due", "floor")
        while lanes:
            found = await hints.take_first(self._client, lanes, marketplace, now, early=early)
            if not isinstance(found, Taken):
                return None
            lane, hint = found.lane, found.hint
            lanes = lanes[lanes.index(lane) + 1 :]
            claimed = await claim(
                self._client,
                hint.partition,
                marketplace,
                lease_ms=self._lease_ms,
                urgent_first=int(lane == "urgent"),
                floor_first=int(lane == "floor"),
                loose_first=int(lane == "due" and loose),
                ahead_ms=_EVER if early else 0,
                firm_from=hint.begins if lane == "firm" else 0,
                loose_from=hint.begins if lane == "due" else 0,
                floor_from=hint.begins if lane == "floor" else 0,
            )
            trip = RoundTrip(self._client)
            hints.put(trip, marketplace, found, claimed)
            if not claimed.leases:
                await trip.send()
                continue
            (lease,) = claimed.leases
            asked = knowing.ask(trip, lease.product)
            try:
                known = knowing.read_known(lease.product, (await trip.send())[asked])
            except (asyncio.CancelledError, Unavailable):
                await give_back(self._client, lease, firm(claimed.now + AFTER_FAULT))
                raise
            share.crawled(before_others=first and lease.lane == "urgent")
            return claimed, lease, known
        return None
