"""Whether what an alert says is still so: asked before one is sent that was held. Pure rules."""

from pennywren.model.rule import BackInStock, OutOfStock, WatchSet, is_met_by, is_moved_by, place
from pennywren.notify.reasons import Asked
from pennywren.store.state import ProductState


def is_still_true(
    state: ProductState | None, currency: str, asked: Asked, old_price: int | None, price: int | None
) -> bool:
    """Whether what was asked for is so now; the price may be another one than `price`, which the alert was about.

    A target is still met; a low is not left again; stock is as it was told; a move is still as large as was asked for.
    Of a product that nothing is known of any more none of this is so. That a watch ends, or that a price was wrong, is
    so whatever the price.
    """
    if asked.about in ("expiry", "correction"):
        return True
    now = state.offers.get(asked.offer) if state is not None and state.currency == currency else None
    if now is None:
        return False
    match asked.rule:
        case BackInStock():
            return now.price is not None
        case OutOfStock():
            return now.price is None
        case _:
            at = place(asked.rule, asked.base_price)
    if at is None or now.price is None:
        return False
    if at.set is WatchSet.MOVES:
        return old_price is not None and is_moved_by(at, old_price, now.price)
    if at.set is WatchSet.LOWS:
        return price is not None and now.price <= price
    return is_met_by(at, now.price)
