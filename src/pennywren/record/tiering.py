"""Moving a product between tiers: its whole history is rewritten, so that nothing is lost or seen half done."""

from pennywren.errors import VersionMoved
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.record.rewriting import rewrite
from pennywren.store.state import Tier
from pennywren.store.store import Store

_EVER = 1 << 45
"""A time (ms) after all others: the year 3084."""
_TRIES = 5


async def move_to_tier(store: Store, product: ProductID, tier: Tier, *, again: bool = False) -> bool:
    """Keep a product's history in `tier` from now on; False if it is there already or was never recorded.

    `again` makes all of it anew also where it is there already: compactions that were lost come back.

    Raises:
        VersionMoved: it was recorded five times while we tried; it moves at its next change.
    """
    for attempt in range(_TRIES):
        state = await store.product(product)
        if state is None or (state.tier == tier and not again):
            return False
        offers = {offer: await store.steps(product, offer, 0, _EVER) for offer in Offer if offer in state.offers}
        try:
            await rewrite(
                store, product, state.currency, offers, reason="tier", tier=tier, expected_version=state.version
            )
        except VersionMoved:
            if attempt == _TRIES - 1:
                raise
            continue
        return True
    return False
