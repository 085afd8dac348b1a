"""Hints: which partition has something due of a marketplace. They may be wrong; a sweep makes them right.

A hint's score says "not before this is anything due". Too early costs one claim for nothing; too late, or a
lost one, is put right by the next sweep.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pennywren import keyspace
from pennywren.frontier.claiming import Claim, Lane
from pennywren.frontier.places import ask_sizes, read_sizes
from pennywren.frontier.score import SHIFT, is_firm, is_floor, time_of
from pennywren.model.clock import SECOND
from pennywren.model.marketplace import MARKETPLACES
from pennywren.model.product import ProductID
from pennywren.store.connect import Client
from pennywren.store.round_trip import RoundTrip
from pennywren.store.scripts import Argument, Script

_TAKE: Final = Script("hint_take")
_PUT: Final = Script("hint_put")
_RESERVED: Final = 2 * SECOND + 0.5
"""So long a partition is kept for who took it (ms). The half tells it from an entry's time: should that worker die, the
next one looks from the beginning."""
_HEAD: Final = 8
"""Entries of each partition that a sweep reads from the front of each kind, and as many at random: so no marketplace
stays hidden behind another one's."""
_AT_ONCE: Final = 256
_ASKED: Final = 13
"""Questions of a sweep to each partition."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A partition to look into, and the score at which this marketplace's entries begin there."""

    partition: int
    score: int
    is_known: bool = field(default=True, compare=False)
    """Whether the score is that; not where a worker took the partition and has not said yet what it left."""

    @property
    def begins(self) -> int:
        """No entry of this marketplace is before this score; 0 where nobody knows."""
        return self.score if self.is_known else 0


@dataclass(frozen=True, slots=True)
class Taken:
    """A hint, and the lane that it is of."""

    lane: Lane
    hint: Hint
    left: Mapping[Lane, str] = field(default_factory=dict[Lane, str], compare=False)
    """What the hints of the partition are since it was taken, by lane ('' for none)."""


_KEYS: Final[dict[Lane, Callable[[str], str]]] = {
    "firm": keyspace.ready_firm,
    "due": keyspace.ready_due,
    "urgent": keyspace.ready_urgent,
    "floor": keyspace.ready_floor,
}


def _key(lane: Lane, marketplace: str) -> str:
    return _KEYS[lane](marketplace)


async def take(client: Client, lane: Lane, marketplace: str, now: int, *, early: bool = False) -> Hint | int | None:
    """The partition that has waited longest, kept from others for 2 s; or when the first will be ready (ms); or None.

    `early` takes it whether it is ready or not.
    """
    found = await take_first(client, (lane,), marketplace, now, early=early)
    return found.hint if isinstance(found, Taken) else found


async def take_first(
    client: Client, lanes: Sequence[Lane], marketplace: str, now: int, *, early: bool = False
) -> Taken | int | None:
    """`take` in the first of the `lanes` that has something."""
    in_order: list[Lane] = [*lanes, *(lane for lane in _KEYS if lane not in lanes)]
    keys = [_key(lane, marketplace) for lane in in_order]
    found = await _TAKE.run(client, keys, ["" if early else now, now + _RESERVED, len(lanes)])
    if not found:
        return None
    which, partition, score, *left = found
    if not int(which):
        return int(float(score))
    hint = Hint(int(partition), int(float(score)), is_known=float(score).is_integer())
    return Taken(in_order[int(which) - 1], hint, dict(zip(in_order, left, strict=True)))


def put(trip: RoundTrip, marketplace: str, taken: Taken, claimed: Claim) -> None:
    """Queue after a claim: where the rest of this marketplace begins in the partition that was taken.

    What came into it after the claim keeps its hint.
    """
    nexts: dict[Lane, int | None] = {
        "firm": claimed.next_firm,
        "due": claimed.next_due,
        "urgent": claimed.next_urgent,
        "floor": claimed.next_floor,
    }
    args: list[Argument] = [taken.hint.partition]
    for lane, score in nexts.items():
        args += ["" if score is None else score, taken.left.get(lane, "")]
    trip.script(_PUT, [_key(lane, marketplace) for lane in nexts], args)


def point(trip: RoundTrip, product: ProductID, score: int) -> None:
    """Queue that the hint of a product that goes back into the frontier is not later than its score says."""
    key, partition = _key(lane_of(score), product.marketplace), keyspace.partition_of(product)
    trip.command("ZADD", key, "LT", time_of(score), partition)


async def lower(client: Client, hints: Iterable[tuple[Lane, str, int, int]]) -> None:
    """Make sure that hints (lane, marketplace, partition, score) are not later than these."""
    by_key: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for lane, marketplace, partition, score in hints:
        members = by_key[_key(lane, marketplace)]
        members[str(partition)] = min(score, members.get(str(partition), score))
    async with client.pipeline(transaction=False) as pipe:
        for key, members in by_key.items():
            pipe.zadd(key, members, lt=True)
        await pipe.execute()


async def marketplaces(client: Client) -> list[str]:
    """The marketplaces that have products in the frontier."""
    async with client.pipeline(transaction=False) as pipe:
        for code in MARKETPLACES:
            pipe.exists(*(key(code) for key in _KEYS.values()))
        found = await pipe.execute()
    return [code for code, count in zip(MARKETPLACES, found, strict=True) if count]


async def sweep(client: Client) -> int:
    """Derive the hints of all partitions again; how many products are in the frontier, leased ones included."""
    population = 0
    for start in range(0, keyspace.PARTITIONS, _AT_ONCE):
        partitions = range(start, min(start + _AT_ONCE, keyspace.PARTITIONS))
        async with client.pipeline(transaction=False) as pipe:
            for n in partitions:
                for key in (keyspace.frontier(n), keyspace.places(n)):
                    pipe.zrange(key, 0, _HEAD - 1, withscores=True)
                    pipe.zrange(key, 0, f"({SHIFT}", byscore=True, offset=0, num=_HEAD, withscores=True)
                    pipe.zrange(key, SHIFT, "+inf", byscore=True, offset=0, num=_HEAD, withscores=True)
                    pipe.zrandmember(key, _HEAD, withscores=True)
                pipe.zrange(keyspace.leases(n), 0, _HEAD - 1, withscores=True)
                pipe.zrange(keyspace.urgent(n), 0, _HEAD - 1, withscores=True)
                ask_sizes(pipe, n)
                pipe.zcard(keyspace.leases(n))
            replies: list[Any] = await pipe.execute()
        hints: list[tuple[Lane, str, int, int]] = []
        for i, n in enumerate(partitions):
            *heads, leased, urgent, own, packed, out = replies[_ASKED * i : _ASKED * (i + 1)]
            for member, score in [each for head in (*heads, leased) for each in head]:
                hints.append((lane_of(score), member.partition(":")[0], n, time_of(score)))
            for member, score in urgent:
                hints.append(("urgent", member.partition(":")[0], n, int(score)))
            population += sum(read_sizes(own, packed)) + out
        await lower(client, hints)
    return population


async def population(client: Client) -> int:
    """How many products there are, in the frontier or leased."""
    async with client.pipeline(transaction=False) as pipe:
        for n in range(keyspace.PARTITIONS):
            ask_sizes(pipe, n)
            pipe.zcard(keyspace.leases(n))
        replies: list[Any] = await pipe.execute()
    return sum(sum(read_sizes(*replies[i : i + 2])) + replies[i + 2] for i in range(0, len(replies), 3))


def lane_of(score: float) -> Lane:
    """Which kind of place in the frontier a score says."""
    if is_firm(score):
        return "firm"
    return "floor" if is_floor(score) else "due"
