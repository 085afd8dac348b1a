"""A product's past as step functions: what the store reads and writes, and the history stage computes with."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple


class State(IntEnum):
    """What is known of an offer at one time."""

    NO_OFFER = 0
    OFFERED = 1
    NOT_OBSERVED = 2


@dataclass(frozen=True, slots=True)
class Steps:
    """One offer's past, or a part of it.

    `prices` are the change points (ms, minor units), oldest first: each price holds until the next one.
    `states` are the change points (ms, State) likewise; before the first of them the offer is OFFERED from its
    first price on. Nothing is known at or after `last_seen`: the last price is carried up to it and no further.
    A part that was read from `start` on begins with what was in force at `start`, stamped with its own time.
    """

    prices: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    states: list[tuple[int, State]] = field(default_factory=list[tuple[int, State]])
    last_seen: int = 0


class Bucket(NamedTuple):
    """One closed bucket of a compaction: its start (ms), time-weighted average, lowest and highest price."""

    start: int
    avg: float
    min: int
    max: int


@dataclass(frozen=True, slots=True)
class OfferState:
    """What is believed of one offer now. Times are ms UTC, prices minor units."""

    price: int | None
    """The price now; None while there is no offer."""
    last_price: int | None
    """The last price there was; None if there never was one."""
    since: int
    """When the price or the absence of an offer began."""
    first: int | None
    """When the first price was seen."""
    last_seen: int
    low: int | None
    low_at: int | None
    high: int | None
    high_at: int | None
    crawled: bool = True
    """Whether a crawl of ours has seen what is believed; reports and imports may say more than we saw."""
    crawled_price: int | None = None
    """The price that a crawl saw last; None while that was no offer, or where none ever looked."""
