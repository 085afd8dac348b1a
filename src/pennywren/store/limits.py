"""Rate limits: exact over all processes, because they are counted in Redis by the clock of Redis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pennywren import keyspace
from pennywren.errors import RateLimited
from pennywren.store.connect import Client
from pennywren.store.round_trip import RoundTrip
from pennywren.store.scripts import Script

_LIMIT: Final = Script("limit")
_HOUR_US: Final = 3_600_000_000
_SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Limit:
    """What `who` may do for `purpose`: `burst` at once, and `rate_per_hour` over time.

    `who` ends up in a key: pass a network, an id or a hash, never an e-mail address.
    """

    purpose: str
    who: str
    rate_per_hour: int
    burst: int

    @property
    def interval_us(self) -> int:
        """Microseconds until one more is free."""
        return math.ceil(_HOUR_US / self.rate_per_hour)

    @property
    def window_seconds(self) -> int:
        """Seconds in which all of `burst` come back."""
        return math.ceil(self.burst * self.interval_us / _SECOND_US)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How a limit stands: so many more may come at once, and it is whole again in so many seconds."""

    limit: Limit
    left: int
    full_in_seconds: int


class UsedUp(RateLimited):
    """Too many requests: wait a moment and try again."""

    def __init__(self, message: str, *, retry_after: float, allowances: Sequence[Allowance]) -> None:
        super().__init__(message, retry_after=retry_after)
        self.allowances = allowances


async def spend(client: Client, purpose: str, who: str, *, rate_per_hour: int, burst: int) -> Allowance:
    """Spend one of what `who` may do for `purpose`; see `Limit`.

    Raises:
        UsedUp: none is left; `retry_after` says in seconds when the next one is. Nothing was spent.
    """
    (allowance,) = await spend_all(client, [Limit(purpose, who, rate_per_hour, burst)])
    return allowance


async def spend_all(client: Client, limits: Sequence[Limit]) -> list[Allowance]:
    """Spend one of each of `limits`, or of none; how each stands then.

    Raises:
        UsedUp: one of them has none left; `retry_after` says in seconds when all have. Nothing was spent.
    """
    keys = [keyspace.limit(limit.purpose, limit.who) for limit in limits]
    reply = await _LIMIT.run(client, keys, [each for limit in limits for each in (limit.interval_us, limit.burst)])
    wait_us, *told = (int(each) for each in reply)
    allowances = [
        Allowance(limit, max(left, 0), math.ceil(full / _SECOND_US))
        for limit, left, full in zip(limits, told[::2], told[1::2], strict=True)
    ]
    if wait_us > 0:
        seconds = wait_us / _SECOND_US
        raise UsedUp(f"Too many requests: try again {_in_words(seconds)}.", retry_after=seconds, allowances=allowances)
    return allowances


async def spend_some(client: Client, limit: Limit, wanted: int) -> tuple[int, float]:
    """Spend up to `wanted` of a limit, in one round trip: how many, and in how many seconds the next one is.

    Raises:
        Unavailable: Redis does not answer.
    """
    trip = RoundTrip(client)
    for _ in range(wanted):
        trip.script(_LIMIT, [keyspace.limit(limit.purpose, limit.who)], [limit.interval_us, limit.burst])
    waits = [int(wait_us) for wait_us, *_ in await trip.send()]
    return sum(wait <= 0 for wait in waits), max(waits, default=0) / _SECOND_US


def _in_words(seconds: float) -> str:
    if seconds <= 1:
        return "in a second"
    if seconds < 90:
        return f"in {math.ceil(seconds)} seconds"
    return f"in {math.ceil(seconds / 60)} minutes"
