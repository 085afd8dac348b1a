"""Scores of the frontier: loose times, and firm ones.

A loose time says where a product stands in the order; it may be taken earlier where a request would otherwise go
unused, or later: a few hours cost little, because the value of the crawl grows slowly. A firm time is kept: earlier
is a waste or forbidden (the hour is not over, the product failed a minute ago, it was looked at just now), later
loses what it was for. Firm ones that are due go first. Both live in one sorted set: firm scores are shifted below
zero, so that each kind is a range in its own order.
"""

from typing import Final

SHIFT: Final = 2**42
"""ms; the year 2109. A firm score is the time less this (claim.lua knows it too)."""


def firm(at: int) -> int:
    """The score of a product that is due at `at` (ms), not before and not after."""
    return at - SHIFT


def is_firm(score: float) -> bool:
    """Whether a score says a firm time."""
    return score < 0


def time_of(score: float) -> int:
    """When a product with this score is due (ms)."""
    return int(score) + SHIFT if score < 0 else int(score)
