"""The crawl frontier behind the interface of `eval_frontier.py`: learning, deciding and claiming are production's.

The products are of one partition of a real Redis of this adapter's own, whose clock is the evaluator's: a server made
for tests honours the `now` that is passed in. A look of the evaluator says whether the price changed; here it
becomes a price that moves by a cent.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import count, islice
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from zlib import crc32

from pennywren import keyspace
from pennywren.frontier import priors
from pennywren.frontier.admission import Admission, admit_all
from pennywren.frontier.claiming import Lease, claim
from pennywren.frontier.due import Bounds, wait_for
from pennywren.frontier.finishing import put_back
from pennywren.frontier.lanes import LOOSE_SHARE
from pennywren.frontier.planning import Planner, Subject
from pennywren.frontier.score import floor
from pennywren.frontier.signals import signal
from pennywren.frontier.threshold import Threshold, said_by
from pennywren.local.redis import temporary_redis
from pennywren.model.clock import DAY, SECOND
from pennywren.model.observation import Look, Source
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.calibrating import Demand, calibrate
from pennywren.pipeline.concluding import subject_of
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.tiering import warm_up
from pennywren.settings import Settings
from pennywren.store.connect import connect
from pennywren.store.round_trip import RoundTrip
from pennywren.store.store import Store

HOME: Final = 7
"""The partition of all products."""
START: Final = 1_700_000_000_000
_EVER: Final = 10 * 365 * DAY
_TRIES: Final = 3
_MARGIN_S: Final = 60.0
"""As in production: until a product's turn has come."""
_SAMPLE: Final = 300


class Frontier:
    """One workload."""

    def setup(self, info: Mapping[str, Any]) -> None:
        """Begin: all products are known, and were seen just now."""
        self._stack = ExitStack()
        folder = self._stack.enter_context(TemporaryDirectory(prefix="pennywren-frontier-"))
        url = self._stack.enter_context(temporary_redis(Path(folder)))
        self._loop = asyncio.new_event_loop()
        self._store = Store(connect(url), connect(url, decode=False))
        self._products = list(islice(_products_at_home(), info["n"]))
        self._numbers = {product: number for number, product in enumerate(self._products)}
        self._watchers: Sequence[int] = info["watchers"]
        self._prices = [1000] * info["n"]
        self._claimed: dict[int, tuple[Lease, Subject]] = {}
        self._seen: list[tuple[int, int, bool, str]] = []
        self._calibrate_at = START + DAY
        self._dice = random.Random(1)
        # A crawl is told with the next step, which may be far away where little is crawled.
        self._lease_ms = DAY
        settings = Settings()
        self._gap_after = settings.gap_after
        per_second = info["budget_per_day"] * info["n"] / 86_400
        bounds = Bounds(settings.recrawl_after, info["slo_s"] - _MARGIN_S)
        self._floor_share = settings.floor_percent / 100
        self._demand = Demand(info["n"], per_second * (1 - self._floor_share), bounds)
        self._planner = Planner(bounds)
        self._threshold = Threshold(self._store.client)
        self._threshold.per_second = per_second
        self._run(self._begin())

    def observe(self, product: int, now: float, price_changed: bool, source: str) -> None:
        """Take note of a look; it is recorded with the next step."""
        self._seen.append((product, _ms(now), bool(price_changed), source))

    def next_due(self, now: float, n: int) -> list[int]:
        """Claim what is to be crawled now."""
        return self._run(self._step(_ms(now), n))

    def close(self) -> None:
        """End the Redis."""
        self._run(self._store.raw.aclose())
        self._run(self._store.client.aclose())
        self._loop.close()
        self._stack.close()

    def _run(self, work: Any) -> Any:
        return self._loop.run_until_complete(work)

    async def _begin(self) -> None:
        client = self._store.client
        await client.set(keyspace.test_server(HOME), 1)
        watched = [product for product, count in zip(self._products, self._watchers, strict=True) if count]
        await warm_up(self._store, watched, START)
        told = RoundTrip(client)
        await self._record([(i, START, False, "start") for i in range(len(self._products))], START, told)
        await told.send()
        subjects = await self._subjects(range(len(self._products)))
        await calibrate(self._store, self._dice.sample(subjects, min(_SAMPLE, len(subjects))), self._demand)
        self._planner.threshold = await self._threshold.refresh(START)
        admissions = [
            Admission(product, self._place(subject)) for product, subject in zip(self._products, subjects, strict=True)
        ]
        await admit_all(client, admissions, now=START)

    def _place(self, subject: Subject) -> int:
        """A place in the frontier as if the last look had been at any time."""
        wait = wait_for(self._planner.interest(subject), self._planner.threshold, self._demand.bounds)
        return floor(START) if wait.seconds == inf else START + round(self._dice.random() * SECOND * wait.seconds)

    async def _step(self, now: int, n: int) -> list[int]:
        trip = await self._take_in(now)
        if now >= self._calibrate_at:
            await self._calibrate()
            self._calibrate_at += DAY
        self._planner.threshold = await self._threshold.refresh(now)
        chosen: list[int] = []
        for attempt in range(_TRIES + 1):
            if len(chosen) == n:
                break
            wanted = n - len(chosen)
            share = sum(self._dice.random() < self._floor_share for _ in range(wanted)) if attempt == 0 else 0
            loose = sum(self._dice.random() < LOOSE_SHARE for _ in range(wanted))
            claimed = await claim(
                self._store.client,
                HOME,
                "us",
                wanted,
                self._lease_ms,
                floor_first=share,
                loose_first=loose,
                ahead_ms=_EVER,
                now=now,
            )
            numbers = [self._numbers[lease.product] for lease in claimed.leases]
            subjects = await self._subjects(numbers)
            for number, lease, subject in zip(numbers, claimed.leases, subjects, strict=True):
                on_floor = lease.lane == "floor"
                share -= on_floor
                back = self._planner.too_soon(subject, now) if lease.lane in {"due", "floor"} else None
                if back is None and attempt < _TRIES:
                    back = self._planner.better_later(subject, lease.due, now, on_floor=on_floor)
                if back is not None:
                    put_back(trip, lease, back, now=now)
                    continue
                self._threshold.claimed(said_by(lease, claimed, subject.last_seen, left_over=share < 0))
                self._claimed[number] = lease, subject
                chosen.append(number)
            await trip.send()
            trip = RoundTrip(self._store.client)
        await trip.send()
        return chosen

    async def _calibrate(self) -> None:
        sample = self._dice.sample(range(len(self._products)), min(_SAMPLE, len(self._products)))
        await calibrate(self._store, await self._subjects(sample), self._demand)
        self._planner.learn(self._demand.bounds, await priors.load(self._store.client))

    async def _take_in(self, now: int) -> RoundTrip:
        """Record what was seen since the last step, in its order; what is to be told of it waits in the round trip."""
        seen, self._seen = self._seen, []
        batch: list[tuple[int, int, bool, str]] = []
        told = RoundTrip(self._store.client)
        for each in seen:
            if each[3] == "signal" or any(each[0] == other[0] for other in batch):
                await self._record(batch, now, told)
                batch = []
            if each[3] == "signal":
                await self._signal(each)
            else:
                batch.append(each)
        await self._record(batch, now, told)
        return told

    async def _signal(self, seen: tuple[int, int, bool, str]) -> None:
        number, at, changed, _ = seen
        (subject,) = await self._subjects([number])
        await signal(self._store.client, self._planner, self._products[number], subject, at, changed=changed)

    async def _record(self, batch: Sequence[tuple[int, int, bool, str]], now: int, told: RoundTrip) -> None:
        reported = [number for number, *_, source in batch if source != "crawl"]
        known = dict(zip(reported, await self._subjects(reported), strict=True))
        looks: list[LookToRecord] = []
        for each in batch:
            lease, subject = (None, known[each[0]]) if each[0] in known else self._claimed.pop(each[0])
            looks.append(self._look(each, subject, lease))
        if looks:
            (await Recorder(self._store, self._gap_after, now=now).write(looks)).tell(told)

    def _look(self, seen: tuple[int, int, bool, str], subject: Subject, lease: Lease | None) -> LookToRecord:
        number, at, changed, source = seen
        reported = source == "ext"
        plan = self._planner.after_look(subject, at, reported=reported)
        self._prices[number] += changed
        return LookToRecord(
            Look(
                self._products[number],
                "USD",
                {Offer.BUYBOX: self._prices[number]},
                at,
                Source.REPORT if reported else Source.CRAWL,
            ),
            due_if_same=plan.due_if_same,
            due_if_changed=plan.due_if_changed,
            rate_if_same=plan.rate_if_same,
            rate_if_changed=plan.rate_if_changed,
            lease=None if lease is None else lease.ends,
        )

    async def _subjects(self, numbers: Sequence[int]) -> list[Subject]:
        products = [self._products[number] for number in numbers]
        states = await self._store.products(products) if products else []
        return [
            subject_of(product, state, self._watchers[number])
            for number, product, state in zip(numbers, products, states, strict=True)
        ]


def _ms(seconds: float) -> int:
    return START + round(seconds * SECOND)


def _products_at_home() -> Iterator[ProductID]:
    # What the last digits add to a CRC does not depend on those before them.
    endings: defaultdict[int, list[int]] = defaultdict(list)
    for ending in range(1000):
        endings[(crc32(b"000") ^ crc32(b"%03d" % ending)) % keyspace.PARTITIONS].append(ending)
    for beginning in count():
        partition = crc32(b"us:B%06d000" % beginning) % keyspace.PARTITIONS
        for ending in endings[partition ^ HOME]:
            yield ProductID("us", f"B{beginning:06d}{ending:03d}")
