"""Memory a product, on the real server, all in: places in the frontier, indexes, dictionaries, states and proofs."""

import asyncio
import itertools
import os
import random
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from bench.memory_world import MIX, Mix, fill_naively, history, mixed, product, rate, rows_of
from bench.record_step import cpu_s
from bench.report import Goal, Section
from bench.servers import Servers
from pennywren import keyspace
from pennywren.frontier.admission import Admission, admit_all
from pennywren.local.redis import temporary_redis
from pennywren.model.clock import DAY, HOUR, SECOND, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import Steps
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import Past, restore
from pennywren.record.tiering import warm_up
from pennywren.store.connect import Client, connect
from pennywren.store.state import Tier
from pennywren.store.store import Store

PRODUCTS: Final = int(os.environ.get("PRODUCTS", "5000000"))
"""Cold products on the server."""
_FILLED: Final = 4
"""Partitions whose products are recorded one by one; the others get copies of their keys, which take the same room."""
_FIRST: Final = 500
_WARM: Final = 4_000
_PEERS: Final = 2_000
_FIVE: Final[Mix] = ((5, 1.0),)
_PAGE: Final = 2_000
_PAGE_CHANGES: Final = 100_000
_ALL: Final = 500_000_000
_RATES: Final = 200
_STILL: Final = 4096
_POLL_S: Final = 0.5
_LOOKS: Final = 8_000
_LOOKS_AT_ONCE: Final = 500
_CHANGED: Final = 0.1
_FIFTY: Final = 50
_PROVEN: Final = 10
"""Of a warm product's changes every tenth was seen by reporters first, and says so."""


@dataclass(frozen=True)
class Size:
    """What products took, in bytes each."""

    used: float
    resident: float
    products: int


class _World:
    """One Redis that is filled with products of one kind."""

    def __init__(self, client: Client, raw: Client) -> None:
        self._client, self._store = client, Store(client, raw)
        self._names: list[ProductID] = []
        self.now = system_clock()
        self._chance = random.Random(1)
        self._rates = {
            changes: [rate(self._chance, changes) for _ in range(_RATES)] for changes in (5, 50, 100, 500, 5_000)
        }

    def histories(self, changes: Sequence[int]) -> list[Steps]:
        return [history(self._chance, each, self.now) for each in changes]

    async def cold(self, name: str, mix: Mix, products: int) -> Size:
        """Keep so many products packed, spread over all partitions."""
        self._names = _of_partitions(products * _FILLED // keyspace.PARTITIONS)
        return await self._measure(f"{name}, cold", self._names, mixed(self._chance, mix, len(self._names)), "cold")

    async def look(self) -> tuple[float, float]:
        """What a look at a packed product costs, a tenth of them changed: µs of Redis's core, and bytes of its log."""
        await self._client.config_set("appendonly", "yes")
        while (said := await self._client.info("persistence"))["aof_rewrite_in_progress"] or said[
            "aof_rewrite_scheduled"
        ]:
            await asyncio.sleep(_POLL_S)
        names = self._chance.sample(self._names, _LOOKS)
        learned = self._rates[5][0]
        looks: list[LookToRecord] = []
        for start in range(0, _LOOKS, _LOOKS_AT_ONCE):
            page = names[start : start + _LOOKS_AT_ONCE]
            for name, state in zip(page, await self._store.products(page), strict=True):
                price = (state and state.offers[Offer.BUYBOX].price) or 1000
                price += 7 if self._chance.random() < _CHANGED else 0
                seen = Look(name, "USD", {Offer.BUYBOX: price})
                looks.append(LookToRecord(seen, self.now + DAY, self.now + HOUR, learned, learned))
        pid, before = int((await self._client.info("server"))["process_id"]), await self._logged()
        cpu = cpu_s(pid)
        for start in range(0, _LOOKS, _LOOKS_AT_ONCE):
            await Recorder(self._store, 7 * DAY // SECOND).record(looks[start : start + _LOOKS_AT_ONCE])
        return (cpu_s(pid) - cpu) / _LOOKS * 1e6, (await self._logged() - before) / _LOOKS

    async def _logged(self) -> int:
        return int((await self._client.info("persistence"))["aof_current_size"])

    async def warm(self, changes: int, tier: Tier) -> Size:
        names = _of_partitions(_FIRST + _WARM)
        # What the server keeps of its scripts and clients is there with the first ones, 1 MB, and no product's.
        await self._keep(names[:_FIRST], [changes] * _FIRST, tier)
        return await self._measure(f"{changes} changes, {tier}", names[_FIRST:], [changes] * _WARM, tier)

    async def _measure(self, what: str, names: Sequence[ProductID], changes: Sequence[int], tier: Tier) -> Size:
        """Keep these products with so many changes."""
        before, began = await self._memory(), time.monotonic()
        page = max(10, min(_PAGE, _PAGE_CHANGES // max(changes)))
        for start in range(0, len(names), page):
            await self._keep(names[start : start + page], changes[start : start + page], tier)
            sys.stderr.write(f"\r{what}: {start:,} of {len(names):,} recorded  ")
        count = len(names)
        if tier == "cold":
            count *= await self._copy()
        after = await self._memory()
        size = Size((after[0] - before[0]) / count, (after[1] - before[1]) / count, count)
        sys.stderr.write(f"\r{what}: {count:,} in {time.monotonic() - began:.0f} s, {size.used:.1f} B each\n")
        return size

    async def _copy(self) -> int:
        times = keyspace.PARTITIONS // _FILLED
        for n in range(_FILLED):
            pipe = self._client.pipeline(transaction=False)
            for other in range(n + _FILLED, keyspace.PARTITIONS, _FILLED):
                pipe.copy(keyspace.cold(n), keyspace.cold(other))
                pipe.copy(keyspace.places(n), keyspace.places(other))
            if not all(await pipe.execute()):
                raise RuntimeError("a partition was not copied")
        return times

    async def _keep(self, names: Sequence[ProductID], changes: Sequence[int], tier: Tier) -> None:
        due = [self.now + self._chance.randrange(30 * DAY) for _ in names]
        if tier != "cold":
            await warm_up(self._store, names, self.now)
        await admit_all(self._client, [Admission(name, at) for name, at in zip(names, due, strict=True)])
        pasts: list[Past] = []
        for name, count in zip(names, changes, strict=True):
            steps = history(self._chance, count, self.now)
            proven = steps.prices[::_PROVEN] if tier != "cold" else []
            proofs = {f"{Offer.BUYBOX}:{at}": f"verified 3 {at - 60_000}" for at, _ in proven}
            pasts.append(
                Past(
                    name,
                    "USD",
                    {Offer.BUYBOX: steps},
                    tier,
                    proofs=proofs,
                    rate=self._chance.choice(self._rates[count]),
                    availability="in_stock",
                )
            )
        if not all(await restore(self._store, pasts)):
            raise RuntimeError("a history was not written")

    async def naive(self, changes: Sequence[int]) -> float:
        before = await self._memory()
        await fill_naively(self._client, self.histories(changes))
        return ((await self._memory())[0] - before[0]) / len(changes)

    async def _memory(self) -> tuple[int, int]:
        """Used and resident bytes, once what our connections sent and were answered is out of the server's buffers."""
        await self._client.connection_pool.disconnect()
        await self._client.execute_command("MEMORY", "PURGE")
        before = -1
        while True:
            said = await self._client.info("memory")
            if abs(int(said["used_memory"]) - before) < _STILL:
                return int(said["used_memory"]), int(said["used_memory_rss"])
            before = int(said["used_memory"])
            await asyncio.sleep(1)


def _of_partitions(count: int) -> list[ProductID]:
    """So many products of the partitions that are filled one by one."""
    found = (each for each in map(product, itertools.count()) if keyspace.partition_of(each) < _FILLED)
    return list(itertools.islice(found, count))


def measure(up: Servers) -> Section:
    """Fill the server with each kind of products in turn."""
    return asyncio.run(_measure(up))


@asynccontextmanager
async def _empty(up: Servers) -> AsyncGenerator[_World]:
    """A server of its own for each kind: one that was emptied keeps some of what it had for a while."""
    with temporary_redis(up.folder / "memory") as url:
        client, in_bytes = connect(url), connect(url, decode=False)
        try:
            yield _World(client, in_bytes)
        finally:
            await client.aclose()
            await in_bytes.aclose()


async def _measure(up: Servers) -> Section:
    async with _empty(up) as world:
        cold = await world.cold("5 changes", _FIVE, PRODUCTS)
        looks = [await world.look()]
    async with _empty(up) as world:
        mix = await world.cold("mix", MIX, PRODUCTS)
        looks.append(await world.look())
    alone: dict[int, Size] = {}
    for changes, _ in MIX[1:]:
        async with _empty(up) as world:
            alone[changes] = await world.cold(f"{changes} changes", ((changes, 1.0),), PRODUCTS // 100)
    async with _empty(up) as world:
        raw = await world.warm(50, "raw")
    async with _empty(up) as world:
        charted = await world.warm(100, "charted")
    naive: dict[str, float] = {}
    rows: dict[str, float] = {}
    for name, each in {"5": [5] * _PEERS, "50": [50] * _PEERS, "mix": mixed(random.Random(2), MIX, _PEERS)}.items():
        async with _empty(up) as world:
            naive[name] = await world.naive(each)
            rows[name] = await rows_of(up.postgres_url, world.histories(each))
    return _section(cold, mix, alone, raw, charted, naive, rows, looks)


def _section(
    cold: Size,
    mix: Size,
    alone: dict[int, Size],
    warm: Size,
    charted: Size,
    naive: dict[str, float],
    rows: dict[str, float],
    looks: Sequence[tuple[float, float]],
) -> Section:
    section = Section(
        "Memory",
        "Bytes a product: `used_memory` of the server, all in (its place in the frontier, indexes, dictionaries, what "
        "was learned of it, states, proofs), and in brackets what the process took of the machine. Changes are spread "
        "over three years. *Naive* is a time series with three rules of the module, without a place or anything else; "
        "*PostgreSQL* a row with a number as its key and the changes packed in one bytea, its index included.",
        ["products", "changes each", "tier", "bytes", "naive", "PostgreSQL"],
    )

    def row(size: Size, changes: str, tier: str, beside: str = "") -> None:
        peers = [f"{found[beside]:,.0f}" if beside else "" for found in (naive, rows)]
        section.rows.append([f"{size.products:,}", changes, tier, f"{size.used:,.1f} ({size.resident:,.0f})", *peers])

    row(cold, "5", "cold", "5")
    for changes, size in alone.items():
        row(size, f"{changes:,}", "cold", "50" if changes == _FIFTY else "")
    row(mix, ", ".join(f"{share:.1%} × {changes:,}" for changes, share in MIX), "cold", "mix")
    row(warm, "50", "raw", "50")
    row(charted, "100", "charted")
    shares = ((0.98, cold), (0.018, warm), (0.002, charted))
    total = sum(share * size.used for share, size in shares) * _ALL / 1e9
    section.goals += [
        Goal("a cold product with 5 changes", cold.used, 100, at_most=True, unit="B"),
        Goal("a product of tier raw with 50 changes", warm.used, 2000, at_most=True, unit="B"),
        Goal("the mix, kept cold", mix.used, 300, at_most=True, unit="B"),
        Goal("500 M products, 1.8 % of them raw and 0.2 % charted", total, 80, at_most=True, unit="GB"),
    ]
    spread = 0.98 * mix.used * _ALL / 1e9 + total - 0.98 * cold.used * _ALL / 1e9
    section.limits += [
        "A look at a cold product, one in ten with another price: "
        + ", ".join(
            f"{us:.0f} µs of Redis's core and {log:,.0f} B of append-only file {of}"
            for (us, log), of in zip(looks, ("with 5 changes", "on the mix"), strict=True)
        )
        + ".",
        "500 M are derived: "
        + " + ".join(f"{share:.1%} × {size.used:,.0f} B" for share, size in shares)
        + f". With the mix of long and short histories cold it would be {spread:,.0f} GB.",
        "What takes the room of a cold product with few changes: its changes 28 B, what was learned of it about 20, "
        "its id, place and length 14, and 13 that the server rounds up by.",
        "What takes the room of a raw one: half its series; the rest its value (with its states), its proofs, two "
        "places in sorted sets, and the names of its keys.",
        f"The products of {_FILLED} partitions are recorded one by one, as a restoration does it; the other partitions "
        "have copies of their keys.",
    ]
    return section
