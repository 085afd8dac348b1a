"""Scores of the frontier: loose times, firm ones, and the floor.

A loose time says where a product stands in the order; it may be taken earlier where a request would otherwise go
unused, or later: a few hours cost little, because the value of the crawl grows slowly. A firm time is kept: earlier is
a waste or forbidden (the hour is not over, the product failed a minute ago, it was looked at just now), later loses
what it was for. Firm ones that are due go first, but for a share of the loose ones (see `lanes`). What no time makes
worth its request by value lies on the floor: it has no due time, and a share of the requests looks at it in the order
of the last look. All three live in one sorted set: firm scores are shifted below zero and those of the floor above all
times, so that each kind is a range in its own order.
"""

from typing import Final

SHIFT: Final = 2**42
"""ms; the year 2109. A firm score is the time less this, one of the floor the last look and this (claim.lua too)."""


def firm(at: int) -> int:
    """The score of a product that is due at `at` (ms), not before and not after."""
    return at - SHIFT


def floor(last_seen: int | None) -> int:
    """The score of a product that waits on the floor; it was last looked at at `last_seen` (ms)."""
    return (last_seen or 0) + SHIFT


def is_firm(score: float) -> bool:
    """Whether a score says a firm time."""
    return score < 0


def is_floor(score: float) -> bool:
    """Whether a score says that the product waits on the floor."""
    return score >= SHIFT


def time_of(score: float) -> int:
    """When a product with this score is due (ms); on the floor: when it was last looked at."""
    if is_firm(score):
        return int(score) + SHIFT
    return int(score) - SHIFT if is_floor(score) else int(score)
