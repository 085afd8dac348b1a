"""Which channel an alert takes next: the one that was asked for, then the preferred ones, then a mail. Pure rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

FALL_BACK_AFTER: Final = 3
"""Attempts that pass without success over one channel, after which the next one is tried."""

PREFERRED: Final = "PREFERRED"
"""The notification type that leaves the choice to the person's preferences."""

LAST_RESORT: Final = "EMAIL"
"""Everybody has an address, so an alert is not lost with a phone."""


@dataclass(slots=True)
class Tried:
    """What became of an alert over one channel so far; addresses by their keys."""

    delivered: set[str] = field(default_factory=set[str])
    failed: set[str] = field(default_factory=set[str])
    """Refused for good."""
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """Send over this channel now, to these addresses; to none where everything is done, as `delivered` says."""

    kind: str | None
    addresses: tuple[str, ...] = ()
    delivered: bool = False


def order(wanted: str, preferred: Sequence[str]) -> list[str]:
    """The channels that an alert may take, the first choice first."""
    first = [] if wanted == PREFERRED else [wanted]
    return list(dict.fromkeys([*first, *preferred, LAST_RESORT]))


def next_step(channels: Sequence[str], reachable: Mapping[str, Sequence[str]], tried: Mapping[str, Tried]) -> Step:
    """What to do next for an alert; `reachable` has the keys of the addresses that work, by channel."""
    usable: list[Step] = []
    for kind in channels:
        so_far = tried.get(kind, Tried())
        left = tuple(key for key in reachable.get(kind, ()) if key not in so_far.delivered | so_far.failed)
        worn = so_far.retries >= FALL_BACK_AFTER
        if so_far.delivered:
            # Some of the person's devices have it: the others are tried for a while, and nothing else is.
            return Step(kind, left) if left and not worn else Step(None, delivered=True)
        if left and not worn:
            return Step(kind, left)
        if left:
            usable.append(Step(kind, left))
    return usable[0] if usable else Step(None)
