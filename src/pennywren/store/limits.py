"""Rate limits: exact over all processes, because they are counted in Redis by the clock of Redis."""

import math
from typing import Final

from pennywren import keyspace
from pennywren.errors import RateLimited
from pennywren.store.connect import Client
from pennywren.store.scripts import Script

_LIMIT: Final = Script("limit")
_HOUR_US: Final = 3_600_000_000


async def spend(client: Client, purpose: str, who: str, *, rate_per_hour: int, burst: int) -> None:
    """Spend one of what `who` may do for `purpose`: `burst` at once, and `rate_per_hour` over time.

    `who` ends up in a key: pass a network or a hash, never an e-mail address.

    Raises:
        RateLimited: none is left; `retry_after` says in seconds when the next one is. Nothing was spent.
    """
    interval = math.ceil(_HOUR_US / rate_per_hour)
    wait_us = int(await _LIMIT.run(client, [keyspace.limit(purpose, who)], [interval, burst]))
    if wait_us > 0:
        seconds = wait_us / 1_000_000
        raise RateLimited(f"Too many requests: try again {_in_words(seconds)}.", retry_after=seconds)


def _in_words(seconds: float) -> str:
    if seconds < 90:
        return f"in {math.ceil(seconds)} seconds"
    return f"in {math.ceil(seconds / 60)} minutes"
