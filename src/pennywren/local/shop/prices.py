"""How the shop's prices move: a pure function of the product, the time since the shop opened, and a seed."""

from hashlib import sha256
from typing import Final

from pennywren.local.shop.goods import HERO, Good
from pennywren.model.clock import MINUTE, SECOND

FALLS_AFTER: Final = 18 * SECOND
FALLS_TO: Final = 1299
_FALLEN_FOR: Final = 10 * MINUTE
_RAISED_FOR: Final = 2 * MINUTE

_SPREAD: Final = 0.08
_OUT_OF_STOCK: Final = 0.2


def price_at(good: Good, elapsed: int, seed: int) -> int | None:
    """The price in minor units `elapsed` ms after the shop opened; None while it is out of stock.

    The hero costs 15.99, falls to 12.99 after 18 seconds, and ten minutes later begins again. The others keep a
    price for 20 to 60 seconds and then take another one within 8 % of where they began.
    """
    if good.id == HERO.id:
        if elapsed < FALLS_AFTER:
            return good.price
        return FALLS_TO if (elapsed - FALLS_AFTER) % (_FALLEN_FOR + _RAISED_FOR) < _FALLEN_FOR else good.price
    period = 20 * SECOND + int(_chance(seed, good, "period") * 40 * SECOND)
    step = elapsed // period
    if step == 0:
        return good.price
    if good.runs_out and _chance(seed, good, f"out {step}") < _OUT_OF_STOCK:
        return None
    moved = good.price * (1 + (2 * _chance(seed, good, f"price {step}") - 1) * _SPREAD)
    return _as_shops_write(moved, good.currency)


def _as_shops_write(amount: float, currency: str) -> int:
    """The nearest price that ends in 9, as shops like it."""
    step = 10
    return max(step, round((amount + 1) / step) * step) - (1 if currency != "JPY" else 0)


def _chance(seed: int, good: Good, what: str) -> float:
    """A number in [0, 1) that is always the same for the same question."""
    digest = sha256(f"{seed} {good.id} {what}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
