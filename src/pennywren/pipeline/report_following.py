"""What follows from verdicts over reports, for Redis: looks, second looks, hints, reputations, and new products."""

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from redis.exceptions import RedisError

from pennywren.errors import Unavailable
from pennywren.frontier.admission import Admission, admit_all
from pennywren.frontier.planning import Planner, Subject
from pennywren.frontier.signals import signal
from pennywren.model.product import ProductID
from pennywren.pipeline.report_batches import Read
from pennywren.pipeline.tracking import track
from pennywren.postgres.pool import Pool
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.counters import Counter, count
from pennywren.store.limits import Limit, spend_some
from pennywren.store.store import Store
from pennywren.store.swaps import swap_all
from pennywren.trust.memory import read_reputation, reputation_swap
from pennywren.trust.reputation import Reputation

_log = logging.getLogger(__name__)

REPORTS: Final = Counter(
    "pennywren_reports_total", "Reports of browsers, by what was decided over them and why.", ("verdict", "reason")
)
PUT_OFF: Final = Counter(
    "pennywren_verifications_put_off_total", "Reports worth a crawl that found the urgent lane full."
)
_TRIES: Final = 50
_DISCOVERIES_PER_HOUR: Final = 60
_DISCOVERIES_AT_ONCE: Final = 20


class ReportFollower:
    """Carries it out, for one process. All of it is in Redis or can be done again."""

    def __init__(self, store: Store, pool: Pool, recorder: Recorder, planner: Planner) -> None:
        self._store = store
        self._pool = pool
        self._recorder = recorder
        self._planner = planner

    async def remember_speakers(self, read: Read, spoke: Mapping[str, Sequence[bool]], now: int) -> None:
        """Each install's reputation hears whether it agreed with what is believed."""
        kept = {name: read.reputations[name] for name, said in spoke.items() if said}
        for _ in range(_TRIES):
            if not kept:
                return
            swaps = [
                reputation_swap(name, before, _spoken(read_reputation(before), spoke[name], now))
                for name, before in kept.items()
            ]
            left = await swap_all(self._store.raw, swaps, now)
            kept = {name: other for name, other in zip(kept, left, strict=True) if other is not None}

    async def record(self, looks: Sequence[LookToRecord]) -> None:
        """Looks of reporters who are believed, with the due times that follow from them."""
        if looks:
            await self._recorder.record(looks)

    async def ask_for(
        self,
        urgent: Sequence[tuple[Admission, Subject | None]],
        hints: Mapping[ProductID, Subject],
        tally: Mapping[tuple[str, str], int],
        now: int,
    ) -> None:
        """Ask for crawls that are worth one, weigh hints, and count the verdicts.

        Raises:
            Unavailable: Redis does not answer.
        """
        client = self._store.client
        try:
            admitted = await admit_all(client, [admission for admission, _ in urgent]) if urgent else []
            put_off = [each for each, became in zip(urgent, admitted, strict=True) if became.urgent == "full"]
            # No crawl of these is on its way: whoever says it next is judged anew, and their turn comes sooner.
            hints = {**hints, **{admission.product: subject for admission, subject in put_off if subject is not None}}
            for product, subject in hints.items():
                await signal(client, self._planner, product, subject, now, changed=True)
            if tally:
                async with client.pipeline(transaction=False) as pipe:
                    if put_off:
                        count(pipe, PUT_OFF, by=len(put_off))
                    for (verdict, reason), times in tally.items():
                        count(pipe, REPORTS, verdict, reason, by=times)
                    await pipe.execute()
        except (RedisError, OSError) as error:
            raise Unavailable("the frontier is not reachable right now") from error

    async def discover(self, network: str, products: Sequence[ProductID]) -> None:
        """What somebody looks at and nobody follows yet is followed from now on, as far as the network may."""
        fresh = list(dict.fromkeys(products))
        limit = Limit("discover", network, _DISCOVERIES_PER_HOUR, _DISCOVERIES_AT_ONCE)
        granted, _ = await spend_some(self._store.client, limit, len(fresh))
        if granted < len(fresh):
            _log.info("%s has brought many new products: some are left out", network)
        try:
            if granted:
                await track(self._store.client, self._pool, fresh[:granted], urgent=False)
        except Unavailable as error:
            _log.warning("%d products that were reported are not followed yet: %s", granted, error)


def _spoken(reputation: Reputation, said: Sequence[bool], now: int) -> Reputation:
    for agreed in said:
        reputation = reputation.spoke(agreed, now)
    return reputation
