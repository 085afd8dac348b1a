"""Whether what an alert says is still so: asked before one is sent that was held. Pure rules."""

from pennywren.model.offer import Offer
from pennywren.store.state import ProductState


def is_still_true(state: ProductState | None, offer: Offer, currency: str, threshold: int) -> bool:
    """Whether the price is at or below the target now; it may be another one than the alert was about.

    A product that nothing is known of any more has no such price.
    """
    now = state.offers.get(offer) if state is not None and state.currency == currency else None
    return now is not None and now.price is not None and now.price <= threshold
