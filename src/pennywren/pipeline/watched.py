"""A subscription as the other stages see it: its entry in the index, and what its decision looks at."""

import asyncio
from datetime import timedelta

from pennywren.accounts.subscription import Subscription
from pennywren.history.median import MEDIAN_SPAN, median
from pennywren.match import index
from pennywren.match.index import Watch
from pennywren.model.clock import SECOND
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import Base, Rule, base_of
from pennywren.notify.telling import Watching
from pennywren.record.tiering import warm_up
from pennywren.store.state import ProductState
from pennywren.store.store import Store


def watching_of(of: Subscription, cooldown: timedelta) -> Watching | None:
    """What the decision looks at; None while the subscription has no place. `cooldown` where it has none of its own."""
    if of.place is None:
        return None
    rearm = cooldown if of.rearm_after is None else timedelta(seconds=of.rearm_after)
    return Watching(
        place=of.place,
        currency=of.currency,
        state=of.state.value,
        armed_at=of.armed_at,
        rearm_after=round(rearm.total_seconds() * SECOND),
        snoozed_until=of.snoozed_until,
        expires_at=of.expires_at,
        last_alert_at=of.last_alert_at,
        last_alert_price=of.last_alert_price,
    )


async def put_watch(store: Store, of: Subscription, now: int) -> None:
    """Have the index say what the subscription says: its watch where it belongs, or none. `now` in ms.

    What is watched has its series from then on.

    Raises:
        Unavailable: Redis does not answer; doing it again is safe.
    """
    at = of.place
    if at is None or not of.is_watched:
        await index.remove(store.client, of.product, of.offer, of.id)
    else:
        watch = Watch(of.id, of.product, of.offer, at.at, at.set)
        await asyncio.gather(warm_up(store, [of.product], now), index.move(store.client, watch))


async def base_price(
    store: Store, rule: Rule, product: ProductID, offer: Offer, state: ProductState | None, told: int | None = None
) -> int | None:
    """The price (minor units) that a rule is counted from now; None if it is counted from none, or none is known yet.

    `told` is the price of the last alert. Before there was an alert, the price of now takes its place.

    Raises:
        Unavailable: Redis does not answer.
    """
    base, known = base_of(rule), state.offers.get(offer) if state else None
    if base is Base.LAST_ALERT and told is not None:
        return told
    if base is None or known is None:
        return None
    if base is Base.MEDIAN:
        start = known.last_seen - MEDIAN_SPAN
        found = median(await store.steps(product, offer, start, known.last_seen + 1), start, known.last_seen)
        if found is not None:
            return found
    return known.last_price
