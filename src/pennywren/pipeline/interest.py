"""Visits of the website: whoever pastes a link or watches a price says that the product matters, and no price."""

import logging
from typing import Final

from pennywren import keyspace
from pennywren.accounts.people import Person
from pennywren.errors import RateLimited, Unavailable
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.store.limits import Limit, spend_all
from pennywren.store.round_trip import RoundTrip
from pennywren.store.store import Store
from pennywren.store.swaps import read_all, swap_all
from pennywren.trust.hearsay import Hearsay
from pennywren.trust.memory import read_said, said_swap
from pennywren.trust.reputation import Tenure, tenure_of_account

_log = logging.getLogger(__name__)

BY_MEMBER: Final = 1.0
"""What a visit of somebody weighs whose address was confirmed 14 days ago, beside a report of an install."""
BY_ACCOUNT: Final = 0.5
"""The same of a newer account."""
BY_NETWORK: Final = 0.25
"""The same of somebody who is not signed in."""
_TRIES: Final = 5


async def visited(store: Store, product: ProductID, person: Person | None, network: str, now: int) -> bool:
    """Count a visit at `now` (ms), once an hour for each account and for each network; whether it was counted.

    Many accounts of one network are one voice, as is one account in many networks. What comes from a network that an
    operator has blocked does not count.

    It raises what a verification of reports is worth, and never says anything of a price. Where a part is away, the
    visit is not counted, and nobody is kept waiting for it.
    """
    voices = [network] if person is None else [network, f"person {person.id}"]
    trip = RoundTrip(store.client)
    trip.command("EXISTS", keyspace.blocked(network))
    try:
        if any(await trip.send()):
            return False
        await spend_all(store.client, [Limit("visit", f"{who} {product}", 1, 1) for who in voices])
        (kept,) = await read_all(store.raw, [keyspace.hearsay(product)])
        for _ in range(_TRIES):
            said = read_said(kept)
            said[Offer.BUYBOX] = said.get(Offer.BUYBOX, Hearsay()).visited(now, _weight(person, now))
            (other,) = await swap_all(store.raw, [said_swap(product, kept, said, now)], now)
            if other is None:
                return True
            kept = other
    except RateLimited:
        return False
    except Unavailable as error:
        _log.info("a visit of %s was not counted: %s", product, error)
    return False


def _weight(person: Person | None, now: int) -> float:
    if person is None:
        return BY_NETWORK
    return BY_MEMBER if tenure_of_account(now - person.since) is Tenure.MEMBER else BY_ACCOUNT
