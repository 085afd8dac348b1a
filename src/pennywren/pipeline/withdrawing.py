"""Withdrawing a price that was found false: the history is rewritten without it, and the stream tells who must know.

The rewrite is one step, with the words of the withdrawal beside the product (`model.provenance`); everything else
follows from its entry in the change stream (`pipeline.correcting`), so that nothing is lost between the two.
"""

from dataclasses import dataclass
from typing import Final

from pennywren.errors import NotFound, VersionMoved
from pennywren.frontier.admission import admit
from pennywren.history.proof import withdrawn_words
from pennywren.model.clock import rfc3339
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.provenance import Withdrawn, sample_field
from pennywren.model.series import Steps
from pennywren.record.rewriting import About, rewrite
from pennywren.record.withdrawal import Sample, sample_at, without
from pennywren.store.proofs import proofs_of
from pennywren.store.state import ProductState
from pennywren.store.store import Store

REASON: Final = "withdrawal"
"""The reason of such a rewrite in the stream."""
_EVER: Final = 1 << 48
_ATTEMPTS: Final = 40


@dataclass(frozen=True, slots=True)
class Plan:
    """A withdrawal as it would be carried out now."""

    state: ProductState
    offer: Offer
    sample: Sample
    before: Steps
    after: Steps

    @property
    def held(self) -> int | None:
        """What will be said of that time instead (minor units); None: nothing is known of it."""
        earlier = [price for at, price in self.after.prices if at < self.sample.at]
        return earlier[-1] if earlier and sample_at(self.after, self.sample.at - 1) is not None else None


async def plan_withdrawal(store: Store, product: ProductID, offer: Offer, at: int) -> Plan:
    """What withdrawing the price in force at `at` (ms UTC) would do; nothing is changed.

    After the last look, what was believed then is. Of a time whose price was withdrawn nothing more is: what holds
    there since is older, and true as far as anybody said, so that the same wish twice does not take that as well.

    Raises:
        NotFound: no price was in force then, or it was withdrawn before.
        Unavailable: Redis does not answer.
    """
    state = await store.product(product)
    if state is None or offer not in state.offers:
        raise NotFound(f"no {offer} price of {product} is known")
    steps = await store.steps(product, offer, 0, _EVER)
    sample = sample_at(steps, min(at, steps.last_seen))
    for gone in (await proofs_of(store.client, product)).withdrawn_at(offer, at):
        if sample is None or sample.at < gone.at:
            raise NotFound(withdrawn_words(gone, state.currency))
    if sample is None:
        raise NotFound(f"no {offer} price of {product} was in force at {rfc3339(at)}: `pennywren history {product}`")
    return Plan(state, offer, sample, steps, without(steps, sample))


async def withdraw(store: Store, product: ProductID, offer: Offer, at: int, because: str, now: int) -> Plan:
    """Take the price in force at `at` (ms UTC) out of the history, whatever is recorded meanwhile; what was done.

    `because` is told to those who were alerted, and stands in the proof. The product is looked at again soon.

    Raises:
        NotFound: no price was in force then.
        VersionMoved: it was recorded forty times while we tried; nothing was changed.
        Unavailable: Redis does not answer.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        plan = await plan_withdrawal(store, product, offer, at)
        try:
            await _rewrite(store, plan, because, now)
        except VersionMoved:
            if attempt == _ATTEMPTS:
                raise
            continue
        await admit(store.client, product, None, urgent=True)
        return plan
    raise VersionMoved


async def _rewrite(store: Store, plan: Plan, because: str, now: int) -> None:
    state, sample = plan.state, plan.sample
    offers = {
        offer: await store.steps(state.product, offer, 0, _EVER) for offer in state.offers if offer is not plan.offer
    }
    gone = Withdrawn(sample.price, sample.at, sample.until, now, because)
    await rewrite(
        store,
        state.product,
        state.currency,
        {**offers, plan.offer: plan.after},
        reason=REASON,
        tier=state.tier,
        expected_version=state.version,
        about=About(plan.offer, sample.at, sample.price),
        proofs={sample_field(plan.offer, sample.at): gone.write()},
    )
