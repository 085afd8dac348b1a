"""The typed wrapper of door.lua: rate limits of batches of reports, and batches that come again."""

import math
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from pennywren import keyspace
from pennywren.model.clock import HOUR, SECOND
from pennywren.store.round_trip import RoundTrip
from pennywren.store.scripts import Script

_SCRIPT: Final = Script("door")
_HOUR_US: Final = 3_600_000_000
_HASH: Final = 16
UNDER_WAY: Final = 30 * SECOND
"""A batch that is not answered within this time (ms) may be sent again as if it had never come."""
ANSWER_KEPT: Final = 6 * HOUR
"""How long the same key gets the same answer (ms)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Reports an hour; a tenth of them, and at least a whole batch, may come at once."""

    per_install: int
    per_network: int


@dataclass(frozen=True, slots=True)
class Knock:
    """A batch that wants to come in."""

    install: str
    network: str
    count: int
    key: str | None
    """The Idempotency-Key, if one was given."""
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """What the door says."""

    wait_us: int = 0
    """Microseconds to wait before it may come in; 0: it may."""
    other_body: bool = False
    """The key was used for another body."""
    under_way: bool = False
    """The very same batch is being worked on."""
    answer: bytes | None = None
    """What was answered to the very same batch."""


def hash_of(body: bytes) -> bytes:
    """What is kept of a body, to know it again."""
    return sha256(body).digest()[:_HASH]


def knock(trip: RoundTrip, of: Knock, limits: Limits) -> int:
    """Add the question to a round trip; `opened` reads its reply."""
    keys = [keyspace.limit("reports", of.install), keyspace.limit("reports-network", of.network)]
    if of.key is not None:
        keys.append(_answer(of.install, of.key))
    args = [of.count, *_bucket(limits.per_install), *_bucket(limits.per_network), of.body_hash, UNDER_WAY]
    return trip.script(_SCRIPT, keys, args)


def opened(reply: object, of: Knock) -> Opened:
    """Read the reply to `knock`."""
    if not isinstance(reply, bytes):
        return Opened(wait_us=int(str(reply)))
    if reply[:_HASH] != of.body_hash:
        return Opened(other_body=True)
    answer = reply[_HASH:]
    return Opened(answer=answer) if answer else Opened(under_way=True)


def keep_answer(trip: RoundTrip, of: Knock, answer: bytes) -> None:
    """Add to a round trip that this is the answer from now on, where a key was given; an empty one is none."""
    if of.key is not None:
        trip.command("SET", _answer(of.install, of.key), of.body_hash + answer, "PX", ANSWER_KEPT)


def forget(trip: RoundTrip, of: Knock) -> None:
    """Add to a round trip that the batch is not under way any more: it failed, and may be sent again."""
    if of.key is not None:
        trip.command("DEL", _answer(of.install, of.key))


def _answer(install: str, key: str) -> str:
    return keyspace.limit("answer", f"{install}:{sha256(key.encode()).hexdigest()[:24]}")


def _bucket(per_hour: int) -> tuple[int, int]:
    return math.ceil(_HOUR_US / max(per_hour, 1)), max(per_hour // 10, 100)
