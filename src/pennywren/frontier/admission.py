"""The typed wrapper of admit.lua: products enter the frontier, and the urgent lane where somebody waits."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pennywren import keyspace
from pennywren.frontier import hints
from pennywren.frontier.claiming import Lane
from pennywren.frontier.score import floor, time_of
from pennywren.model.clock import HOUR
from pennywren.model.product import ProductID
from pennywren.store.connect import Client
from pennywren.store.round_trip import RoundTrip
from pennywren.store.scripts import Argument, Call, Script

_SCRIPT: Final = Script("admit")
_BATCH: Final = 500

URGENT_CAP: Final = 256
"""Products that may wait in the urgent lane of one partition; whatever goes last beyond that comes in the order of
its due time."""

MOST_AHEAD: Final = 12 * HOUR
"""How far ahead (ms) what a person waits for goes, and what alerts hang on: nothing goes before it."""


@dataclass(frozen=True, slots=True)
class Admission:
    """A product to admit."""

    product: ProductID
    due: int | None = None
    """When it is due (ms), or another score; None for now. A product that is in the frontier keeps its own."""
    urgent: bool = False
    """Whether somebody waits for it."""
    ahead: int = MOST_AHEAD
    """How far (ms) it goes ahead of what was asked for at the same time: what is worth more is crawled first, and
    what waits long enough all the same."""
    begins_cold: bool = False
    """Whether it waits on the floor from now on, instead of being due: nobody has asked for it."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """What became of an admission."""

    new: bool
    """Whether the frontier did not have it yet."""
    urgent: Literal["waiting", "full", "not asked"]
    """Whether it is in the urgent lane."""


_URGENT: Final[dict[int, Literal["waiting", "full", "not asked"]]] = {1: "waiting", 0: "not asked", -1: "full"}


async def admit_all(client: Client, admissions: Sequence[Admission], *, now: int | None = None) -> list[Admitted]:
    """Admit products, a round trip for all of them; the answers are in their order.

    `now` (ms) is honoured only by a server made for tests.
    """
    by_partition: defaultdict[int, list[int]] = defaultdict(list)
    for i, each in enumerate(admissions):
        by_partition[keyspace.partition_of(each.product)].append(i)
    batches = [
        (partition, members[start : start + _BATCH])
        for partition, members in by_partition.items()
        for start in range(0, len(members), _BATCH)
    ]
    calls = [_call(partition, [admissions[i] for i in members], now) for partition, members in batches]
    answers: dict[int, Admitted] = {}
    lowered: list[tuple[Lane, str, int, int]] = []
    for (partition, members), reply in zip(batches, await _SCRIPT.run_many(client, calls), strict=True):
        if isinstance(reply, Exception):
            raise reply
        at = int(reply[0])
        for position, i in enumerate(members):
            each = admissions[i]
            new, lane = int(reply[1 + 2 * position]), int(reply[2 + 2 * position])
            answers[i] = Admitted(bool(new), _URGENT[lane])
            if new:
                score = each.due if each.due is not None else floor(at) if each.begins_cold else at
                lowered.append((hints.lane_of(score), each.product.marketplace, partition, time_of(score)))
            if lane == 1:
                lowered.append(("urgent", each.product.marketplace, partition, at - each.ahead))
    if lowered:
        await hints.lower(client, lowered)
    return [answers[i] for i in range(len(admissions))]


async def is_awaited(client: Client, product: ProductID) -> bool:
    """Whether a crawl of a product is under way, or waits in the urgent lane.

    Raises:
        Unavailable: Redis does not answer.
    """
    n, trip = keyspace.partition_of(product), RoundTrip(client)
    for key in (keyspace.leases(n), keyspace.urgent(n)):
        trip.command("ZSCORE", key, str(product))
    return any(score is not None for score in await trip.send())


async def admit(client: Client, product: ProductID, due_ms: int | None, urgent: bool) -> Admitted:
    """Admit one product; see `Admission`."""
    return (await admit_all(client, [Admission(product, due_ms, urgent)]))[0]


def _call(partition: int, admissions: Sequence[Admission], now: int | None) -> Call:
    keys = [
        keyspace.frontier(partition),
        keyspace.urgent(partition),
        keyspace.leases(partition),
        keyspace.test_server(partition),
        keyspace.cold(partition),
        keyspace.places(partition),
        *(keyspace.product(each.product) for each in admissions),
    ]
    args: list[Argument] = ["" if now is None else now, URGENT_CAP]
    for each in admissions:
        due = each.due if each.due is not None else "floor" if each.begins_cold else ""
        args += [str(each.product), due, each.ahead if each.urgent else ""]
    return keys, args
