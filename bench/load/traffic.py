"""What a million users of the extension ask for, in shares: one model for all that sends it. Standard library only.

A user reports twenty prices a day, a few in a request; each product that is looked at wants its history, half of which
the browser holds. Products are looked at by Zipf.
"""

import random
from collections.abc import Mapping, Sequence
from itertools import accumulate

KINDS: Mapping[str, int] = {"history": 58, "reports": 36, "page": 5, "watch": 1}
"""Of a hundred requests."""
REPORTS_A_DAY = 20
"""Of a user."""
SIZES: Sequence[int] = (1, 2, 3, 4, 5)
SHARES: Sequence[int] = (30, 25, 20, 15, 10)
"""Of a hundred requests with reports, how many carry so many."""
CHANGED = 0.04
"""Reports of another price than is known."""
HELD = 0.5
"""Histories of which the browser holds an answer, and asks whether there is another."""
NETWORKS = 2_000
LONG = 0.1
"""Of the products, those looked at most: their prices have moved often."""
_DAY_S = 86_400


def reports_a_request() -> float:
    """How many reports a request carries on average."""
    return sum(size * share for size, share in zip(SIZES, SHARES, strict=True)) / sum(SHARES)


def requests_per_s(users: int) -> float:
    """All requests of so many users, on average."""
    return users * REPORTS_A_DAY / _DAY_S / reports_a_request() * sum(KINDS.values()) / KINDS["reports"]


def product(number: int) -> str:
    """The ID of a product by its popularity, from 0."""
    return f"us:B{number:09d}"


def price(number: int) -> int:
    """What is known of it, in minor units."""
    return 500 + number * 37 % 20_000


def install(number: int) -> str:
    """The token of an install."""
    return f"bench-{number}"


def person(number: int) -> str:
    """The token of somebody's session."""
    return f"person-{number}"


def year(now_s: float) -> str:
    """The question for a chart: the year until today, daily."""
    end = int(now_s) // _DAY_S * _DAY_S
    return f"startTime={end - 365 * _DAY_S}&endTime={end}&interval=day"


class Traffic:
    """Draws what is asked for next."""

    def __init__(self, chance: random.Random, products: int) -> None:
        self.chance = chance
        self._numbers = range(products)
        self._weights = list(accumulate(1 / (number + 1) for number in self._numbers))

    def number(self) -> int:
        """A product that somebody looks at."""
        return self.chance.choices(self._numbers, cum_weights=self._weights)[0]

    def network(self) -> str:
        """An address of somebody's network."""
        number = self.chance.randrange(NETWORKS)
        return f"198.{18 + number // 256}.{number % 256}.9"

    def reports(self, seen_at: str) -> list[dict[str, object]]:
        """What one request with reports carries; `seen_at` as RFC 3339."""
        (size,) = self.chance.choices(SIZES, SHARES)
        return [self._report(self.number(), seen_at) for _ in range(size)]

    def wish(self) -> dict[str, object]:
        """A watch that somebody sets."""
        return {
            "productID": product(self.number()),
            "threshold": self.chance.randrange(1, 400),
            "notificationType": "EMAIL",
        }

    def _report(self, number: int, seen_at: str) -> dict[str, object]:
        known = price(number)
        return {
            "productID": product(number),
            "offer": "buybox",
            "price": round(known * self.chance.uniform(0.7, 1.2)) if self.chance.random() < CHANGED else known,
            "currency": "USD",
            "title": "A thing that somebody looks at, with a title of usual length, 12 pieces, blue",
            "observedAt": seen_at,
            "context": {
                "signedIn": True, "memberPrice": False, "coupon": False, "subscription": False,
                "deliveryCountry": "US", "language": "en-US",
            },
        }  # fmt: skip
