"""The typed wrapper of claim.lua: products are leased to the worker that asks."""

from dataclasses import dataclass
from typing import Final, Literal

from pennywren import keyspace
from pennywren.model.clock import SECOND
from pennywren.model.product import ProductID
from pennywren.store.connect import Client
from pennywren.store.scripts import Argument, Script

_SCRIPT: Final = Script("claim")

LEASE: Final = 60 * SECOND
"""Longer than a fetch, a reading and a recording take at worst (ms)."""

Lane = Literal["firm", "due", "urgent", "floor"]
"""What is due at a firm time, what is due loosely, what somebody asked for, and what has no due time (see `score`)."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One product that is ours to crawl until `ends`."""

    product: ProductID
    ends: int
    """When it ends (ms); also the fencing token that finishing and recording must name."""
    due: int
    """When it was due; for the urgent lane: when it was asked; for the floor: the last look (ms)."""
    lane: Lane


@dataclass(frozen=True, slots=True)
class Claim:
    """What a claim brought."""

    now: int
    """The time of Redis (ms)."""
    leases: list[Lease]
    next_firm: int | None
    """Not before this is more of the marketplace due at a firm time in this partition (ms); None if there is none."""
    next_due: int | None
    """The same for loose times."""
    next_urgent: int | None
    next_floor: int | None
    """Of what waits on the floor in this partition, the longest ago that one was looked at (ms)."""


async def claim(
    client: Client,
    partition: int,
    marketplace: str,
    limit: int = 1,
    lease_ms: int = LEASE,
    *,
    urgent_first: int = 0,
    ahead_ms: int = 0,
    firm_from: int = 0,
    loose_from: int = 0,
    floor_from: int = 0,
    floor_first: int = 0,
    loose_first: int = 0,
    now: int | None = None,
) -> Claim:
    """Lease up to `limit` products of a marketplace.

    Up to `urgent_first` come from the urgent lane, up to `floor_first` from the floor and up to `loose_first` of the
    loose ones whose time has come; then those whose firm time has come, then loose ones in their order, then again
    urgent ones; and from the floor where `ahead_ms` says that anything is better than nothing.

    Args:
        ahead_ms: how far ahead of their time loose entries may be taken, when there is nothing better to do.
        firm_from: the hint's time: where this marketplace's firm entries begin.
        loose_from: the same for loose ones.
        floor_from: the same for those on the floor.
        now: ms, honoured only by a server made for tests.
    """
    keys = [
        keyspace.frontier(partition),
        keyspace.urgent(partition),
        keyspace.leases(partition),
        keyspace.test_server(partition),
        keyspace.cold(partition),
        keyspace.places(partition),
    ]
    args: list[Argument] = [
        "" if now is None else now, marketplace, limit, urgent_first, lease_ms, ahead_ms,
        firm_from, loose_from, floor_from, floor_first, loose_first,
    ]  # fmt: skip
    at, next_firm, next_due, next_urgent, next_floor, *rest = await _SCRIPT.run(client, keys, args)
    leases = [
        Lease(ProductID.parse(rest[i]), int(rest[i + 1]), int(float(rest[i + 2])), rest[i + 3])
        for i in range(0, len(rest), 4)
    ]
    return Claim(int(at), leases, _time(next_firm), _time(next_due), _time(next_urgent), _time(next_floor))


def _time(reply: str | int) -> int | None:
    return None if reply == "" else int(float(reply))
