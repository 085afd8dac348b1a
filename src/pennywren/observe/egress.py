"""Politeness, counted in Redis and exact over all processes: the typed wrapper of egress_take.lua and egress_done.lua.

An egress holds at most one token towards a host. A request needs it, and gives it back when its answer came.
`redis-cli HGETALL {egress:NAME}:HOST` shows all there is; `docs/redis.md` explains the fields.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pennywren import keyspace
from pennywren.model.clock import MINUTE, SECOND
from pennywren.store.connect import Client
from pennywren.store.round_trip import RoundTrip
from pennywren.store.scripts import Argument, Script

_TAKE: Final = Script("egress_take")
_DONE: Final = Script("egress_done")

_LONGEST_WHY: Final = 80
_PER_SLOT: Final = 1000
_SLOT: Final = re.compile("m[0-9]{1,2}")

Came = Literal["ok", "refused", "failed", "unused"]
"""What came of a request: an answer; 429, 503 or a block page; no answer or an error; it was never sent."""


@dataclass(frozen=True, slots=True)
class Token:
    """The right to send one request."""

    egress: str
    host: str
    secret: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Not now."""

    wait_ms: int
    why: Literal["held", "pace", "open"]
    """A request is under way; the pause is not over; the circuit is open."""


@dataclass(frozen=True, slots=True)
class EgressStatus:
    """How one egress stands with one host. Times are ms UTC, pauses ms."""

    egress: str
    host: str
    circuit: str
    pause: int
    next_at: int
    open_until: int
    troubles_in_a_row: int
    ok: int
    refused: int
    failed: int
    last_at: int
    """When the last answer came; 0 if there never was one."""
    why: str
    """Why the last request that was refused or failed was; empty if none ever was."""
    why_at: int
    """When that was."""
    asked_until: int
    """Until when the shop last asked us to wait (Retry-After)."""
    minutes: dict[int, int]
    """Requests by minute since the epoch, over the last hour."""

    def rate(self, now: int) -> float:
        """Requests per second that may leave at `now` (ms): 0 while the circuit is open."""
        return 0.0 if self.circuit == "open" and self.open_until > now else SECOND / max(self.pause, SECOND)

    def waits_until(self, now: int) -> int:
        """Until when (ms) nothing leaves because of trouble; 0 where nothing holds it at `now`."""
        until = self.open_until if self.circuit == "open" else 0
        if self.troubles_in_a_row or self.asked_until > now:
            until = max(until, self.next_at)
        return until if until > now else 0

    def last_minute(self, now: int) -> int:
        """Requests in the 60 seconds before `now` (ms), taking the minute before this one as even."""
        minute, into = divmod(now, MINUTE)
        return round(self.minutes.get(minute, 0) + self.minutes.get(minute - 1, 0) * (1 - into / MINUTE))

    def last_hour(self, now: int) -> int:
        """Requests in this minute and the 59 before it."""
        return sum(count for minute, count in self.minutes.items() if now // MINUTE - 60 < minute <= now // MINUTE)


async def take(client: Client, egress: str, host: str, *, now: int | None = None) -> Token | Refusal:
    """Ask for the token. `now` (ms) is honoured only where the hash has the field `testserver`."""
    secret = secrets.token_hex(8)
    key = keyspace.egress(egress, host)
    granted, *rest = await _TAKE.run(client, [key], ["" if now is None else now, secret])
    if granted:
        return Token(egress, host, secret)
    wait, why = rest
    return Refusal(int(wait), why)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a request, as it is told when the token goes back."""

    came: Came
    retry_after_s: float | None = None
    """What the shop asked for."""
    pause_ms: int = 0
    """What its robots.txt asks for between requests."""
    answered_ms_ago: int = 0
    """How long ago the answer came: the pause counts from there."""
    why: str = ""
    """In a few words what was wrong."""


def give_back(trip: RoundTrip, token: Token, done: Done, *, now: int | None = None) -> int:
    """Add to a round trip that the token goes back; `pause_of` reads its reply."""
    asked = round((done.retry_after_s or 0) * 1000)
    args: list[Argument] = [
        "" if now is None else now, token.secret, done.came, asked, done.pause_ms, done.answered_ms_ago,
        done.why[:_LONGEST_WHY],
    ]  # fmt: skip
    return trip.script(_DONE, [keyspace.egress(token.egress, token.host)], args)


def pause_of(reply: Sequence[Any]) -> float:
    """In how many seconds the next request may leave."""
    return float(reply[2]) / SECOND


async def done(
    client: Client,
    token: Token,
    came: Came,
    *,
    retry_after_s: float | None = None,
    pause_ms: int = 0,
    answered_ms_ago: int = 0,
    why: str = "",
    now: int | None = None,
) -> int:
    """Give the token back by itself and say what came (see `Done`); when the next request may leave (ms).

    Raises:
        Unavailable: Redis does not answer.
    """
    trip = RoundTrip(client)
    give_back(trip, token, Done(came, retry_after_s, pause_ms, answered_ms_ago, why), now=now)
    ((_, next_at, _),) = await trip.send()
    return int(float(next_at))


async def status(client: Client, names: Sequence[str], hosts: Sequence[str]) -> list[EgressStatus]:
    """How each egress stands with each host that it ever sent a request to."""
    pairs = [(name, host) for name in names for host in hosts]
    async with client.pipeline(transaction=False) as pipe:
        for name, host in pairs:
            pipe.hgetall(keyspace.egress(name, host))
        found: list[dict[str, str]] = await pipe.execute()
    return [_status(name, host, fields) for (name, host), fields in zip(pairs, found, strict=True) if fields]


def _status(name: str, host: str, fields: dict[str, str]) -> EgressStatus:
    def number(field: str, default: int = 0) -> int:
        return int(float(fields.get(field, default)))

    return EgressStatus(
        egress=name,
        host=host,
        circuit=fields.get("circuit", "closed"),
        pause=number("interval", 1000),
        next_at=number("next"),
        open_until=number("openUntil"),
        troubles_in_a_row=number("troubles"),
        ok=number("ok"),
        refused=number("refused"),
        failed=number("failed"),
        last_at=number("lastAt"),
        why=fields.get("why", ""),
        why_at=number("whyAt"),
        asked_until=number("askedUntil"),
        minutes=dict(divmod(int(value), _PER_SLOT) for name, value in fields.items() if _SLOT.fullmatch(name)),
    )
