"""Visits of the website: whoever pastes a link or watches a price says that the product matters, and no price."""

import logging
from typing import Final

from pennywren import keyspace
from pennywren.accounts.people import Person
from pennywren.errors import RateLimited, Unavailable
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.store.limits import spend
from pennywren.store.store import Store
from pennywren.store.swaps import read_all, swap_all
from pennywren.trust.hearsay import Hearsay
from pennywren.trust.memory import read_said, said_swap

_log = logging.getLogger(__name__)

BY_ACCOUNT: Final = 1.0
"""What a visit of somebody weighs whose address is confirmed, beside a report of an install."""
BY_NETWORK: Final = 0.25
"""The same of somebody who is not signed in."""
_TRIES: Final = 5


async def visited(store: Store, product: ProductID, person: Person | None, network: str, now: int) -> bool:
    """Count a visit at `now` (ms), once an hour for each account or network; whether it was counted.

    It raises what a verification of reports is worth, and never says anything of a price. Where a part is away, the
    visit is not counted, and nobody is kept waiting for it.
    """
    who = f"person {person.id}" if person is not None else network
    try:
        await spend(store.client, "visit", f"{who} {product}", rate_per_hour=1, burst=1)
        (kept,) = await read_all(store.raw, [keyspace.hearsay(product)])
        for _ in range(_TRIES):
            said = read_said(kept)
            weight = BY_ACCOUNT if person is not None else BY_NETWORK
            said[Offer.BUYBOX] = said.get(Offer.BUYBOX, Hearsay()).visited(now, weight)
            (other,) = await swap_all(store.raw, [said_swap(product, kept, said, now)], now)
            if other is None:
                return True
            kept = other
    except RateLimited:
        return False
    except Unavailable as error:
        _log.info("a visit of %s was not counted: %s", product, error)
    return False
