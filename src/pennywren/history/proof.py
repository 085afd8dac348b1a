"""The proof of a price: which sample was in force at a moment, and on what ground it was believed."""

from dataclasses import dataclass
from typing import Final

from pennywren.errors import NotFound
from pennywren.model.clock import DAY, rfc3339
from pennywren.model.money import format_money
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.provenance import Proofs, Provenance, Withdrawn
from pennywren.model.series import State, Steps
from pennywren.store.proofs import proofs_of
from pennywren.store.store import Store

_WINDOWS: Final = (DAY, 30 * DAY, 1 << 45)
"""How far (ms) the end of a step is looked for: most are near, and the whole of a long history is much to read."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The sample that was in force at a moment. Times are ms UTC, prices minor units of `currency`."""

    product: ProductID
    offer: Offer
    asked: int
    currency: str
    price: int | None
    """None: there was no such offer."""
    since: int
    """When it was seen first."""
    until: int | None
    """When something else was seen; None if it is still what is believed."""
    last_seen: int
    """When anybody looked last."""
    provenance: Provenance
    withdrawn: tuple[Withdrawn, ...] = ()
    """What was recorded for this moment once, and was found false."""


async def find_proof(store: Store, product: ProductID, offer: Offer, at: int) -> Proof:
    """The proof of what is believed of an offer at `at` (ms UTC).

    Raises:
        NotFound: nothing is known of that moment; says what is.
        Unavailable: Redis does not answer.
    """
    state = await store.product(product)
    if state is None:
        raise NotFound(f"no price of {product} is known")
    proofs = await proofs_of(store.client, product)
    if offer not in state.offers:
        raise NotFound(f"the {offer} price of {product} was never seen{_once(proofs, offer, at, state.currency)}")
    steps = Steps()
    for window in _WINDOWS:
        steps = await store.steps(product, offer, at, at + window)
        if _next_after(steps, at) is not None:
            break
    return proof_of(product, offer, at, state.currency, steps, proofs)


def proof_of(product: ProductID, offer: Offer, at: int, currency: str, steps: Steps, proofs: Proofs) -> Proof:
    """The proof, from the steps in force at `at` and what follows them.

    Raises:
        NotFound: nothing is known of that moment; says what is.
    """
    name, once = f"the {offer} price of {product}", _once(proofs, offer, at, currency)
    price = next((point for point in reversed(steps.prices) if point[0] <= at), None)
    state = next((point for point in reversed(steps.states) if point[0] <= at), None)
    if at > steps.last_seen:
        if not steps.last_seen:
            raise NotFound(f"{name} was never seen{once}")
        raise NotFound(f"nobody has looked at {name} since {rfc3339(steps.last_seen)}{once}")
    if price is None and state is None:
        first = min((seen for points in (steps.prices, steps.states) for seen, _ in points), default=None)
        if first is None:
            raise NotFound(f"{name} was not seen by then{once}")
        raise NotFound(f"{name} is known from {rfc3339(first)} on{once}")
    until = _next_after(steps, at)
    if state is not None and state[1] is State.NOT_OBSERVED:
        to = "" if until is None else f" to {rfc3339(until)}"
        raise NotFound(f"nobody looked at {name} from {rfc3339(state[0])}{to}{once}")
    if price is None or (state is not None and state[1] is State.NO_OFFER):
        assert state is not None  # without a price there is a state, else nothing is known
        since, shown = state[0], None
    else:
        since, shown = max(price[0], state[0] if state is not None else 0), price[1]
    return Proof(
        product,
        offer,
        at,
        currency,
        shown,
        since,
        until,
        steps.last_seen,
        proofs.of(offer, since),
        # One that was believed until it was withdrawn says nothing of what was seen since.
        tuple(each for each in proofs.withdrawn_at(offer, at) if each.until is not None or since <= each.at),
    )


def _next_after(steps: Steps, at: int) -> int | None:
    return min((seen for points in (steps.prices, steps.states) for seen, _ in points if seen > at), default=None)


def _once(proofs: Proofs, offer: Offer, at: int, currency: str) -> str:
    """What was recorded there and withdrawn: it is why nothing is known now."""
    for each in proofs.withdrawn_at(offer, at):
        return f"; {withdrawn_words(each, currency)}"
    return ""


def withdrawn_words(of: Withdrawn, currency: str) -> str:
    """What became of a price that was found false."""
    shown = format_money(of.price, currency)
    return f"{shown} was recorded at {rfc3339(of.at)}, and withdrawn at {rfc3339(of.withdrawn_at)}: {of.because}"
