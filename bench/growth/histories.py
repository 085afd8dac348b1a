"""A longer history of one product: reading two years of it, adding to it, and writing it anew."""

import asyncio
import random
import sys
import time
from collections.abc import Iterator
from typing import Final

from bench.growth.section import ms, section
from bench.plots import Points
from bench.report import Section
from bench.servers import Servers
from pennywren.history.question import parse_question
from pennywren.history.reading import HistoryReader
from pennywren.local.redis import temporary_redis
from pennywren.model.clock import DAY, MINUTE, SECOND, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import Steps
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import rewrite
from pennywren.settings import load_settings
from pennywren.store.connect import connect
from pennywren.store.store import Store

_CHANGES: Final = (10, 100, 1_000, 10_000, 100_000)
_ONE: Final = ProductID("us", "B0GROWTH00")
_HELD: Final = "Redis held by the rewrite, ms"


def measure(up: Servers) -> Section:
    """One product of tier charted, with ever more changes in two years."""
    return asyncio.run(_measure(up))


async def _measure(up: Servers) -> Section:
    with temporary_redis(up.folder / "histories") as url:
        client, in_bytes = connect(url), connect(url, decode=False)
        store = Store(client, in_bytes)
        await _once(store)
        curves = await _histories(up, store)
        await client.aclose()
        await in_bytes.aclose()
    count, held = curves[_HELD][-1]
    limits = [
        f"A rewrite is one step, of at most 100,000 changes an offer: meanwhile a partition's Redis answers nobody, "
        f"{held / count * 1000:.1f} ms for each thousand changes.",
    ]
    how = "Of one product of tier charted; what is done often is the quickest of some times."
    return section("histories", "changes", curves, limits, how)


async def _histories(up: Servers, store: Store) -> dict[str, Points]:
    settings = load_settings({"PENNYWREN_DATA_DIR": str(up.folder)}, up.folder)
    curves: dict[str, list[tuple[float, float]]] = {
        "two years daily, ms": [],
        "one more change, ms": [],
        "rewrite, ms": [],
        _HELD: [],
    }
    for count in _CHANGES:
        sys.stderr.write(f"growth: {count:,} changes\n")
        now = system_clock()
        begin = (now - 730 * DAY) // SECOND
        times = sorted(random.Random(1).sample(range(begin, now // SECOND - 60), count))
        steps = Steps([(at * SECOND, 1000 + i % 2 + at % 97 * 2) for i, at in enumerate(times)], [], now - MINUTE)
        began, before = time.perf_counter(), await _in_scripts_ms(store)
        await rewrite(store, _ONE, "USD", {Offer.BUYBOX: steps}, reason="import", tier="charted")
        curves["rewrite, ms"].append((count, (time.perf_counter() - began) * 1000))
        curves[_HELD].append((count, await _in_scripts_ms(store) - before))
        reader = HistoryReader(store, settings, system_clock)
        question = parse_question({"startTime": str(begin), "endTime": str(now // SECOND), "interval": "day"}, now)
        state = await store.product(_ONE)
        if state is None:
            raise RuntimeError("the history was not written")
        curves["two years daily, ms"].append((count, await ms(reader.read, state, question)))
        recorder, prices = Recorder(store, 7 * DAY // SECOND), iter(range(5000, 6000))
        curves["one more change, ms"].append((count, await ms(_change, recorder, prices)))
    return dict(curves)


async def _once(store: Store) -> None:
    """Load the scripts: the first run of one is not what a history costs."""
    nothing = Steps([(DAY, 1000)], [], DAY)
    await rewrite(store, ProductID("us", "B0GROWTH01"), "USD", {Offer.BUYBOX: nothing}, reason="import")


async def _in_scripts_ms(store: Store) -> float:
    """How long (ms) scripts have held Redis since it was started."""
    stats = await store.client.info("commandstats")
    return stats["cmdstat_evalsha"]["usec"] / 1000


async def _change(recorder: Recorder, prices: Iterator[int]) -> None:
    await recorder.record([LookToRecord(Look(_ONE, "USD", {Offer.BUYBOX: next(prices)}))])
