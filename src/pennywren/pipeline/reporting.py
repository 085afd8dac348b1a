"""From what browsers saw to verdicts, and to what follows from them: `POST /observations` after its body was read.

Whoever asks while a step is under way shares the next one: under load a round trip to Redis serves several requests,
and those that speak of one product are judged one after the other in this process. Between processes the swaps of
`trust.memory` see to it that nothing that was said is lost.
"""

import asyncio
import logging
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from redis.exceptions import RedisError

from pennywren.errors import Unavailable
from pennywren.frontier import priors
from pennywren.frontier.due import Bounds
from pennywren.frontier.planning import Planner
from pennywren.frontier.threshold import Threshold
from pennywren.model.clock import MINUTE, SECOND, Clock
from pennywren.model.product import ProductID
from pennywren.pipeline.report_batches import Batch, Read, Visitor, Work
from pennywren.pipeline.report_context import Observation
from pennywren.pipeline.report_following import ReportFollower
from pennywren.pipeline.report_judging import Judged, Line, judge_lines
from pennywren.pipeline.report_logging import WAIT, ReportLog, Said
from pennywren.pipeline.report_reading import ReportReader
from pennywren.postgres.pool import Pool
from pennywren.record.recording import Recorder
from pennywren.settings import Settings
from pennywren.store.round_trip import RoundTrip
from pennywren.store.store import Store
from pennywren.store.swaps import Swap, swap_all
from pennywren.trust import door
from pennywren.trust.asns import Asns
from pennywren.trust.door import Knock, Limits
from pennywren.trust.judge import Reason
from pennywren.trust.memory import read_reputation, said_swap
from pennywren.trust.networks import network_name, person_name
from pennywren.trust.reputation import Standing, tenure_of, tenure_of_account
from pennywren.trust.telling import Told

_log = logging.getLogger(__name__)

_TOGETHER: Final = 32
"""Batches that share a step at most."""
_GATHER_S: Final = 0.005
"""How long a step waits for others to share it: alone, a batch costs nearly twice what it does in company."""
_TRIES: Final = 50
_PLAN_EVERY: Final = MINUTE

_encode = msgspec.msgpack.Encoder().encode


class Reporting:
    """Takes reports in, for one process."""

    def __init__(
        self, store: Store, pool: Pool, settings: Settings, clock: Clock, network_key: bytes, asns: Asns
    ) -> None:
        self._prices = store
        self._raw = store.raw
        self._clock = clock
        self._network_key = network_key
        self._asns = asns
        self._log = ReportLog(pool, clock)
        self._storing: asyncio.Task[None] | None = None
        self._threshold = Threshold(store.client)
        self._planner = Planner(Bounds(settings.recrawl_after))
        self._planned_at = 0
        limits = Limits(settings.reports_per_install, settings.reports_per_network)
        self._reader = ReportReader(store.raw, pool, limits)
        self._follower = ReportFollower(store, pool, Recorder(store, settings.gap_after), self._planner)
        self._waiting: list[Work] = []
        self._running: asyncio.Task[None] | None = None

    async def report(self, batch: Batch) -> list[Told]:
        """The answers to a batch, in its order; the same key with the same body is answered the same and counted once.

        Raises:
            NotSignedIn: no install in use has this token.
            RateLimited: the install or its network has said enough for now; nothing of the batch was judged.
            Conflict: the key was used for another body.
            Unavailable: a part does not answer, or the very same batch is being worked on: send it again.
        """
        knock = Knock(batch.speaker, batch.network, len(batch.items), batch.key, batch.body_hash)
        work = Work(batch, asyncio.get_running_loop().create_future(), knock)
        self._waiting.append(work)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await asyncio.shield(work.done)

    def visitor(self, network: str, person_id: int | None = None, born: int | None = None) -> Visitor:
        """Whoever is on the website: a person who signed in by mail, known since `born` (ms UTC), or a network's."""
        key = self._network_key
        name = network_name(key, f"visitor {network}") if person_id is None else person_name(key, person_id)
        age = None if person_id is None or born is None else self._clock() - born
        return Visitor(name, tenure_of_account(age))

    async def close(self) -> None:
        """Store what was gathered."""
        if self._storing is not None:
            self._storing.cancel()
        await self._log.flush()

    async def _store(self) -> None:
        """Reports wait a moment for others, so that they are stored together."""
        await asyncio.sleep(WAIT / SECOND)
        await self._log.flush()

    async def _run(self) -> None:
        while self._waiting:
            if len(self._waiting) < _TOGETHER:
                await asyncio.sleep(_GATHER_S)
            works, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
            try:
                await self._step(works)
            except Unavailable as error:
                await self._fail(works, error)
            finally:
                for work in works:
                    if not work.done.done():
                        work.done.set_exception(Unavailable())
                        work.done.exception()  # counts as seen, also where nobody waits any more

    async def _fail(self, works: Sequence[Work], error: Unavailable) -> None:
        """What came to nothing may be sent again at once."""
        _log.warning("reports were not taken in: %s", error)
        trip = RoundTrip(self._raw)
        for work in works:
            if work.error is None and work.answer is None:
                door.forget(trip, work.knock)
        try:
            await trip.send()
        except Unavailable:
            _log.info("they can be sent again in half a minute")

    async def _step(self, works: Sequence[Work]) -> None:
        now = self._clock()
        await self._plan(now)
        read = await self._reader.read(works, now)
        judged = await self._judge(works, read, now)
        await self._conclude(works, read, judged, now)
        for work in works:
            if work.error is not None:
                work.done.set_exception(work.error)
                work.done.exception()
            else:
                work.done.set_result(work.answer or [])

    async def _plan(self, now: int) -> None:
        if now - self._planned_at < _PLAN_EVERY:
            return
        try:
            self._planner.threshold = await self._threshold.refresh(now)
            self._planner.learn(self._planner.bounds, await priors.load(self._prices.client))
        except (RedisError, OSError) as error:
            raise Unavailable("the frontier is not reachable right now") from error
        self._planned_at = now

    async def _judge(self, works: Sequence[Work], read: Read, now: int) -> dict[ProductID, Judged]:
        by_product: defaultdict[ProductID, list[Line]] = defaultdict(list)
        for w, work in enumerate(works):
            if work.error is not None or work.answer is not None:
                continue
            standing = self._standing(work, read, now)
            for i, item in enumerate(work.batch.items):
                if isinstance(item, Observation):
                    line = Line(item, standing, read.places[w, i])
                    by_product[item.product].append(line)
                    work.lines.append(line)
        judged: dict[ProductID, Judged] = {}
        kept = {product: read.believed[product].hearsay for product in by_product}
        for _ in range(_TRIES):
            swaps: list[Swap] = []
            for product, before in kept.items():
                judged[product] = of = judge_lines(
                    product, by_product[product], read.believed[product], before, read.cohorts, self._planner, now
                )
                if of.changed:
                    swaps.append(said_swap(product, before, of.said, now))
            changed = [product for product in kept if judged[product].changed]
            left = await swap_all(self._raw, swaps, now)
            # Somebody else spoke of these meanwhile: judge again, over what they left.
            kept = {product: other for product, other in zip(changed, left, strict=True) if other is not None}
            if not kept:
                return judged
        raise Unavailable("too many speak of one product at once", retry_after=1)

    def _standing(self, work: Work, read: Read, now: int) -> Standing:
        name, network, visitor = work.knock.install, work.batch.network, work.batch.visitor
        reputation = read_reputation(read.reputations[name])
        if network in read.blocked:
            reputation = msgspec.structs.replace(reputation, blocked=True)
        spoken_from, asn = network_name(self._network_key, network), self._asns.of(network)
        if visitor is not None:
            return Standing(name, spoken_from, visitor.tenure, reputation, asn=asn)
        install = read.installs[name]
        return Standing(name, spoken_from, tenure_of(now - install.born), reputation, install.family, asn)

    async def _conclude(self, works: Sequence[Work], read: Read, judged: Mapping[ProductID, Judged], now: int) -> None:
        """Everything that follows, side by side: it is all in Redis, or can be done again."""
        trip = RoundTrip(self._raw)
        unknown: dict[str, list[ProductID]] = {}
        spoke: defaultdict[str, list[bool]] = defaultdict(list)
        judging = [work for work in works if work.error is None and work.answer is None]
        for work in judging:
            lines = iter(work.lines)
            told = [item if isinstance(item, Told) else next(lines).told for item in work.batch.items]
            work.answer = [each for each in told if each is not None]
            door.keep_answer(trip, work.knock, _encode([each.code for each in work.answer]))
            self._keep(work)
            spoke[work.knock.install] += [line.agreed for line in work.lines if line.agreed is not None]
            strangers = [line.seen.product for line in work.lines if judged[line.seen.product].unknown]
            unknown.setdefault(work.batch.network, []).extend(strangers)
        looks = [look for of in judged.values() for look in of.looks]
        urgent = [of.urgent for of in judged.values() if of.urgent is not None]
        hints = {product: of.hint for product, of in judged.items() if of.hint is not None}
        refused = sum(isinstance(item, Told) for work in judging for item in work.batch.items)
        tally = sum((of.tally for of in judged.values()), Tally({("rejected", "invalid"): refused} if refused else {}))
        await asyncio.gather(
            trip.send(),
            self._follower.remember_speakers(read, spoke, now),
            self._follower.record(looks),
            self._follower.ask_for(urgent, hints, tally, now),
            *(self._follower.discover(network, products) for network, products in unknown.items() if products),
        )

    def _keep(self, work: Work) -> None:
        for line in work.lines:
            seen, verdict = line.seen, line.verdict
            if verdict is not None and verdict.reason not in (Reason.TOO_OLD, Reason.FUTURE):
                said = Said(seen.at, seen.product, seen.offer, seen.price, seen.currency, line.standing.reporter)
                self._log.add(said, verdict)
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store())
