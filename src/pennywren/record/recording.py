"""The typed wrapper of record.lua: what was believed goes into Redis, once, in one step a product."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import msgspec
from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.model.observation import Look, Source
from pennywren.model.offer import Offer
from pennywren.model.provenance import Provenance
from pennywren.store.counters import Counter, count
from pennywren.store.round_trip import RoundTrip
from pennywren.store.scripts import Argument, Call, Script
from pennywren.store.store import Store

OBSERVATIONS: Final = Counter(
    "pennywren_observations_total",
    "Observations that were to be recorded, by what became of them.",
    ("source", "outcome"),
)
_SCRIPT: Final = Script("record")
_BATCH: Final = 50
"""Looks in one run of the script: long enough to pay its overhead, short enough (1 ms) to block nobody."""
_BATCHES: Final = 20
"""At least so many runs in a round trip."""
_AT_ONCE: Final = 4
"""Round trips under way at once, each on a connection of its own: Redis works while we encode."""

_pack = msgspec.msgpack.Encoder().encode


class Outcome(IntEnum):
    """What became of one observation. Negative: nothing was written, and why."""

    CONFIRMED = 0
    FIRST = 1
    CHANGED = 2
    OUT = 3
    BACK = 4
    VERIFIED = 5
    """A crawl saw the price that only others had seen so far: it is told as a change from what a crawl saw before."""
    LEASE_LOST = -1
    """The lease ended before the look was recorded: somebody else has the product now."""
    NOT_NEWER = -2
    """Not newer than what was last seen of this offer."""
    DUPLICATE = -3
    """This very observation is already recorded."""
    FUTURE = -4
    """More than 60 s ahead of the clock of Redis."""
    OUT_OF_BOUNDS = -5
    """Not a price between 1 and 10^10 minor units."""
    OTHER_CURRENCY = -6
    """Not the currency of this product's history."""

    @property
    def written(self) -> bool:
        """Whether the observation was recorded."""
        return self >= 0

    @property
    def is_change(self) -> bool:
        """Whether the price or the presence of the offer moved."""
        return self > 0


_OUTCOMES: Final = {int(outcome): outcome for outcome in Outcome}


@dataclass(frozen=True, slots=True)
class LookToRecord:
    """One look, and what follows for the frontier: due times in ms, rates as the frontier packs them."""

    look: Look
    due_if_same: int | None = None
    due_if_changed: int | None = None
    rate_if_same: str | None = None
    rate_if_changed: str | None = None
    lease: int | None = None
    """The lease under which the product was fetched; it ends with the recording, or the recording is refused."""
    availability: str | None = None
    provenance: Provenance | None = None
    """Kept with what changes; None where one crawl saw it, which needs no words."""


class LookResult(msgspec.Struct, frozen=True):
    """What became of a look. (A Struct: made for each look, and made three times as fast as a frozen dataclass.)"""

    outcomes: dict[Offer, Outcome]
    changes: int
    """Changes in the product's whole history now."""
    at: int
    """The look's time (ms UTC) as recorded."""


class Recorder:
    """Records looks, in batches of one partition."""

    def __init__(self, store: Store, gap_after: int, now: int | None = None) -> None:
        """`gap_after` is in seconds; `now` (ms) is honoured only by a server made for tests."""
        self._client = store.client
        self._gap = gap_after * 1000
        self._now: Argument = "" if now is None else now

    async def record(self, looks: Sequence[LookToRecord]) -> list[LookResult]:
        """Record looks and wake the readers of the change streams. Results are in the order of the looks.

        Looks of one product are recorded in their order; repeating a call changes nothing.

        Raises:
            Unavailable: Redis does not answer; what was not recorded can be recorded again.
        """
        written, trip = await self.write(looks), RoundTrip(self._client)
        written.tell(trip)
        await trip.send()
        return written.results

    async def write(self, looks: Sequence[LookToRecord]) -> "Written":
        """The first half of `record`, for a caller with a round trip to make anyway: its `tell` is the second half.

        Raises:
            Unavailable: Redis does not answer; what was not recorded can be recorded again.
        """
        by_partition: defaultdict[int, list[int]] = defaultdict(list)
        for i, each in enumerate(looks):
            by_partition[keyspace.partition_of(each.look.product)].append(i)
        written = Written(looks)
        all_trips = list(_round_trips(by_partition))
        trips = iter(all_trips)

        async def make_trips() -> None:
            for trip in trips:
                await self._run(looks, trip, written)

        try:
            ends = await asyncio.gather(
                *(make_trips() for _ in range(min(_AT_ONCE, len(all_trips)))), return_exceptions=True
            )
            for end in ends:
                if end is not None:
                    raise end
        except (RedisError, OSError) as error:
            raise Unavailable("the price store is not reachable right now") from error
        return written

    async def _run(
        self, looks: Sequence[LookToRecord], batches: Sequence[tuple[int, Sequence[int]]], written: "Written"
    ) -> None:
        calls = [self.call(partition, [looks[i] for i in members]) for partition, members in batches]
        replies = await _SCRIPT.run_many(self._client, calls)
        for (partition, members), reply in zip(batches, replies, strict=True):
            if isinstance(reply, Exception):
                raise Unavailable(f"the price store refused: {reply}") from reply
            written.note(partition, members, reply)

    def call(self, partition: int, looks: Sequence[LookToRecord]) -> Call:
        """The keys and arguments of one run of the script: looks at products of one partition."""
        keys = [
            keyspace.frontier(partition),
            keyspace.leases(partition),
            keyspace.changes(partition),
            keyspace.test_server(partition),
            keyspace.cold(partition),
            keyspace.places(partition),
            keyspace.warm(partition),
        ]
        proofs: list[str] = []
        packed: list[Any] = []
        for each in looks:
            look = each.look
            name = str(look.product)
            keys.append(keyspace.product_named(name, partition))
            provenance = each.provenance
            if provenance is not None:
                proofs.append(keyspace.proof(look.product))
            packed += (
                name,
                look.currency,
                look.at,
                look.source,
                each.lease,
                each.due_if_same,
                each.due_if_changed,
                each.rate_if_same,
                each.rate_if_changed,
                each.availability,
                provenance and provenance.write(),
                len(look.prices),
            )
            for offer_and_price in look.prices.items():
                packed += offer_and_price
        return keys + proofs, [self._now, self._gap, len(looks), _pack(packed), keyspace.series_of(partition)]


class Written:
    """What became of a sequence of looks, gathered from the script's answers in whatever order they come."""

    def __init__(self, looks: Sequence[LookToRecord]) -> None:
        self._looks = looks
        self._results: dict[int, LookResult] = {}
        self._changed: dict[int, int] = {}
        """Partitions with a change, and when it was (ms)."""
        self._tally: defaultdict[tuple[Source, Outcome], int] = defaultdict(int)

    @property
    def results(self) -> list[LookResult]:
        """What became of each look, in their order."""
        return [self._results[i] for i in range(len(self._looks))]

    def tell(self, trip: RoundTrip) -> None:
        """Queue that the readers of the change streams wake, and that all is counted."""
        if self._changed:
            hints = [word for partition, at in self._changed.items() for word in (at, partition)]
            trip.command("ZADD", keyspace.ready_changes(), "NX", *hints)
        for (source, outcome), times in self._tally.items():
            count(trip, OBSERVATIONS, source, outcome.name.lower(), by=times)

    def note(self, partition: int, members: Sequence[int], reply: Sequence[int]) -> None:
        """Take in the answer to one run: the looks `members`, all of one partition."""
        place, tally = 0, self._tally
        for i in members:
            look = self._looks[i].look
            outcomes: dict[Offer, Outcome] = {}
            has_changed = False
            for offer in look.prices:
                outcomes[offer] = outcome = _OUTCOMES[reply[place]]
                tally[look.source, outcome] += 1
                has_changed = has_changed or outcome > 0
                place += 1
            self._results[i] = result = LookResult(outcomes, reply[place], reply[place + 1])
            place += 2
            if has_changed:
                self._changed.setdefault(partition, result.at)


def _round_trips(by_partition: Mapping[int, Sequence[int]]) -> Iterator[list[tuple[int, Sequence[int]]]]:
    """Cut each partition's looks into batches; a partition's batches share a round trip, which keeps their order."""
    trip: list[tuple[int, Sequence[int]]] = []
    for partition, members in by_partition.items():
        trip += [(partition, members[start : start + _BATCH]) for start in range(0, len(members), _BATCH)]
        if len(trip) >= _BATCHES:
            yield trip
            trip = []
    if trip:
        yield trip
