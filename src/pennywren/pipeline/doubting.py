"""Doubts over startling prices: another look through another egress, and a withdrawal where the price was false."""

import logging
from collections.abc import Mapping
from typing import Final

from pennywren import keyspace
from pennywren.errors import NotFound, VersionMoved
from pennywren.frontier.admission import admit
from pennywren.language.catalogue import DEFAULT, sentence
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.withdrawing import plan_withdrawal, withdraw
from pennywren.record.recording import LookResult
from pennywren.record.recording import Outcome as Recorded
from pennywren.store.counters import Counter, count
from pennywren.store.state import ProductState
from pennywren.store.store import Store
from pennywren.trust.doubts import Doubt, Step, doubt_field, doubted, look_again, read_doubts
from pennywren.trust.judge import Waiting

_log = logging.getLogger(__name__)

DOUBTS: Final = Counter(
    "pennywren_doubts_total", "Startling prices that one egress saw, by what became of them.", ("outcome",)
)
BECAUSE: Final = sentence(DEFAULT, "because.elsewhere")
_KEPT_S: Final = 90 * 86_400
"""Like all else that is held of a product."""
_NEW: Final = (Recorded.CHANGED, Recorded.BACK)


class Doubting:
    """Doubts, for one egress. One that is `alone` doubts nothing: nobody could contradict it."""

    def __init__(self, store: Store, egress: str, *, alone: bool) -> None:
        self._store = store
        self._egress = egress
        self._alone = alone

    async def looked(
        self,
        look: Look,
        before: ProductState | None,
        held: Mapping[str, str],
        waiting: Mapping[Offer, Waiting],
        result: LookResult | None,
        now: int,
    ) -> None:
        """After a crawl's look, recorded or held: settle old doubts, and begin new ones. `now` is ms UTC."""
        doubts = read_doubts(held)
        if self._alone and not doubts:
            return
        steps: dict[Offer, tuple[Step, Doubt]] = {
            offer: look_again(doubt, look.prices[offer], self._egress, now)
            for offer, doubt in doubts.items()
            if offer in look.prices
        }
        for offer, outcome in (result.outcomes if result is not None else {}).items():
            known = before.offers.get(offer) if before is not None else None
            first = waiting.get(offer)
            seen_elsewhere = first is not None and first.egress not in ("", self._egress)
            if offer in steps or self._alone or known is None or outcome not in _NEW or seen_elsewhere:
                continue
            assert result is not None  # it had this outcome
            doubt = doubted(look.prices[offer], known.last_price, result.at, self._egress)
            if doubt is not None:
                steps[offer] = Step.ASK, doubt
        for offer, (step, doubt) in steps.items():
            await self._take(look.product, offer, step, doubt, now, is_new=offer not in doubts)

    async def _take(
        self, product: ProductID, offer: Offer, step: Step, doubt: Doubt, now: int, *, is_new: bool
    ) -> None:
        key, field = keyspace.held(product), doubt_field(offer)
        if step is Step.FALSE:
            await self._withdraw(product, offer, doubt, now)
        async with self._store.client.pipeline(transaction=False) as pipe:
            if step in (Step.ASK, Step.WAIT):
                pipe.hset(key, field, doubt.write())
                pipe.expire(key, _KEPT_S)
            else:
                pipe.hdel(key, field)
            if is_new or step in (Step.SETTLED, Step.FALSE):
                count(pipe, DOUBTS, "begun" if is_new else step.value)
            await pipe.execute()
        if step is Step.ASK:
            await admit(self._store.client, product, None, urgent=True)

    async def _withdraw(self, product: ProductID, offer: Offer, doubt: Doubt, now: int) -> None:
        try:
            plan = await plan_withdrawal(self._store, product, offer, doubt.at)
            if (plan.sample.at, plan.sample.price) != (doubt.at, doubt.price):
                return  # it is not in the history any more
            await withdraw(self._store, product, offer, doubt.at, BECAUSE, now)
        except (NotFound, VersionMoved) as error:
            _log.warning("%s %s is doubted and was not withdrawn: %s", product, offer, error)
        else:
            _log.warning("%s %s %d was false and is withdrawn", product, offer, doubt.price)
