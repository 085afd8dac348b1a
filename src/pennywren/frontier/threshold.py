"""The threshold that all products share: as high as the requests that may leave allow, and no higher.

Entries that are claimed late say that more is due than can be crawled: the threshold goes up. Entries that
could be claimed early say that requests are left over: it goes down. One key in Redis, moved by every worker
a little with each claim; the logarithm is kept, so that workers' steps add up in any order.
"""

from math import exp, log
from typing import Final

from pennywren import keyspace
from pennywren.frontier.claiming import Claim, Lease
from pennywren.model.clock import HOUR, MINUTE, SECOND
from pennywren.store.connect import Client

LOWEST: Final = 1e-9
"""The threshold at which everything is crawled as often as is allowed (seconds of importance)."""
HIGHEST: Final = 1e9
_GAIN_PER_DAY: Final = 1.0
_CLAIMS_PER_DAY: Final = 86_400
_SHORTEST_AGE: Final = 10 * MINUTE
_LONGEST_AGE: Final = 4 * HOUR
"""Lateness is measured by the age of the look, within these: a backlog of hours is never a small thing."""
_IDLE: Final = -0.5
"""What a request that nobody needed says, as a lateness."""
_FAR_OFF: Final = 2.5
"""A logarithm that is off by this much is put right at once; less is left to the controller."""
_REFRESH: Final = 5 * SECOND


def lateness(due: int, now: int, last_look: int | None) -> float:
    """How late (or early: negative) an entry was claimed beside its age: -1 to 1. All in ms."""
    age = min(max(now - (due if last_look is None else last_look), _SHORTEST_AGE), _LONGEST_AGE)
    return max(-1.0, min(1.0, (now - due) / age))


def backlog(next_due: int | None, now: int) -> float:
    """How late what is left behind is, beside 4 hours: 0 (nothing is) to 1. All in ms."""
    return 0.0 if next_due is None else max(0.0, min(1.0, (now - next_due) / _LONGEST_AGE))


def said_by(lease: Lease, claimed: Claim, last_look: int | None, *, left_over: bool) -> float:
    """What one claim says of the threshold, as a lateness; `last_look` in ms.

    A firm time says nothing by itself: it is kept before all others. Nor does the floor, which has a share of its own,
    unless the request was `left_over`: nothing else wanted it.
    """
    if lease.lane == "due":
        return lateness(lease.due, claimed.now, last_look)
    if lease.lane == "floor":
        return _IDLE if left_over else 0.0
    return backlog(claimed.next_due, claimed.now) if lease.lane == "firm" else 0.0


def step_of(late: float, per_second: float) -> float:
    """How far one claim moves the logarithm, where `per_second` requests may leave: a day of claims that are all as
    late as can be moves it by 1: faster, and it swings, because many products are worth it or not all at once."""
    return _GAIN_PER_DAY / (_CLAIMS_PER_DAY * max(per_second, 1e-6)) * late


def moved(logarithm: float, step: float) -> float:
    """The logarithm after a step, within the limits: beyond them it would only have to come all the way back."""
    return min(max(logarithm + step, log(LOWEST)), log(HIGHEST))


class Threshold:
    """The shared threshold as one worker knows it: read every few seconds, steps sent along."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._logarithm = log(LOWEST)
        self._late = 0.0
        self._read_at: int | None = None
        self.per_second = 1.0
        """Requests that may leave through all egresses towards all hosts."""

    @property
    def value(self) -> float:
        """Lambda, as last read."""
        return exp(self._logarithm)

    def claimed(self, late: float) -> None:
        """Take note of one claim (see `lateness`)."""
        self._late += late

    def idle(self) -> None:
        """Take note that a request could have left and nothing was due."""
        self._late += _IDLE

    async def refresh(self, now: int) -> float:
        """Send the steps, and read what all workers together made of it, when it is time to; `now` in ms.

        Before the threshold was first set (see `set_if_far_off`), everything is crawled as often as is allowed.
        """
        if self._read_at is not None and now - self._read_at < _REFRESH:
            return self.value
        key = keyspace.crawl_threshold()
        known = await self._client.get(key)
        current = log(LOWEST) if known is None else float(known)
        late = self._late
        step = moved(current, step_of(late, self.per_second)) - current
        if step and known is not None:
            current = float(await self._client.incrbyfloat(key, step))
        self._logarithm, self._read_at = moved(current, 0.0), now
        # What was noted meanwhile goes with the next.
        self._late -= late
        return self.value


async def set_if_far_off(client: Client, threshold: float) -> bool:
    """Put the shared threshold right if there is none, or it is off by more than a factor of 12; whether it was."""
    key = keyspace.crawl_threshold()
    known = await client.get(key)
    if known is not None and abs(float(known) - log(threshold)) <= _FAR_OFF:
        return False
    await client.set(key, repr(log(threshold)))
    return True
