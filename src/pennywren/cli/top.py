"""`top`: how the pipeline runs, stage by stage, as it happens."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager

import click
import msgspec
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pennywren.cli.parts import open_parts, required
from pennywren.model.clock import SECOND, rfc3339, system_clock
from pennywren.pipeline.metrics import COUNTED, Sources, collect
from pennywren.store.counters import Counter, Distribution, Sample
from pennywren.workqueue import WorkQueue

Reading = Mapping[tuple[str, tuple[str, ...]], float]
"""Every value there is, by the metric's name and its labels."""

_STAGES = (
    ("crawl", "pennywren_crawls_total", "outcome"),
    ("observe", "pennywren_pages_total", "readable"),
    ("report", "pennywren_reports_total", "verdict"),
    ("record", "pennywren_observations_total", "outcome"),
    ("archive", "pennywren_archived_total", "kind"),
    ("deliver", "pennywren_deliveries_total", "outcome"),
)
"""Each stage, what it counts, and the label by which its rate is split."""
_STANDING = (
    ("products followed", "pennywren_frontier_products"),
    ("leased now", "pennywren_frontier_leases"),
    ("urgent", "pennywren_frontier_urgent"),
    ("oldest due (s)", "pennywren_frontier_oldest_due_seconds"),
    ("changes wait (s)", "pennywren_changes_waiting_seconds"),
    ("jobs wait", "pennywren_queue_jobs"),
    ("oldest job (s)", "pennywren_queue_oldest_seconds"),
    ("alerts of a day", "pennywren_alerts"),
    ("seen within", "pennywren_seen_within"),
    ("Redis memory (MB)", "pennywren_redis_memory_bytes"),
)


@click.command()
@click.option("--every", type=click.FloatRange(0.5, 60), default=2.0, show_default=True, help="Seconds between looks.")
@click.option("--once", is_flag=True, help="Look twice, write it once, and end.")
@click.option("--json", "as_json", is_flag=True, help="With --once: write one JSON object.")
def top(every: float, once: bool, as_json: bool) -> None:
    """Show how the pipeline runs: the rate of each stage, and what waits where. Ctrl-C ends it.

    \b
    Examples:
      pennywren top
      pennywren top --once --json
    """
    if as_json and not once:
        raise click.UsageError("--json goes with --once")
    try:
        asyncio.run(_top(every, once=once, as_json=as_json))
    except KeyboardInterrupt:
        return


async def _top(every: float, *, once: bool, as_json: bool) -> None:
    async with _sources() as sources:
        before, at = await _read(sources), time.monotonic()
        if once:
            await asyncio.sleep(every)
            now = await _read(sources)
            rates = stage_rates(before, now, time.monotonic() - at)
            if as_json:
                click.echo(msgspec.json.encode({"rates": rates, "standing": _standing(now)}))
            else:
                Console(width=110).print(_screen(rates, now))
            return
        with Live(_screen({}, before), auto_refresh=False, screen=True) as live:
            while True:
                await asyncio.sleep(every)
                now, later = await _read(sources), time.monotonic()
                live.update(_screen(stage_rates(before, now, later - at), now), refresh=True)
                before, at = now, later


@asynccontextmanager
async def _sources() -> AsyncGenerator[Sources]:
    async with open_parts(connections=2) as parts:
        queue = WorkQueue(required(parts.settings, "queue_url"))
        try:
            yield Sources(parts.settings, parts.store.client, parts.pool, queue, system_clock)
        finally:
            queue.close()


async def _read(sources: Sources) -> Reading:
    found: Sequence[Sample | Distribution] = await collect(sources)
    return {(each.family.name, each.labels): each.value for each in found if isinstance(each, Sample)}


def stage_rates(before: Reading, now: Reading, seconds: float) -> dict[str, dict[str, float]]:
    """What each stage did a second between two readings, by outcome; outcomes that did not happen are left out."""
    labels = {family.name: family.labels for family in _counters()}
    rates: dict[str, dict[str, float]] = {}
    for stage, metric, split in _STAGES:
        place = labels[metric].index(split)
        of = rates.setdefault(stage, {})
        for (name, values), value in now.items():
            if name == metric and (more := value - before.get((name, values), 0.0)) > 0:
                of[values[place]] = of.get(values[place], 0.0) + more / seconds
    return rates


def _counters() -> list[Counter]:
    return [family for family in COUNTED if isinstance(family, Counter)]


def _standing(now: Reading) -> dict[str, dict[str, float]]:
    return {
        title: {" ".join(values) or "all": value for (name, values), value in now.items() if name == metric}
        for title, metric in _STANDING
    }


def _screen(rates: Mapping[str, Mapping[str, float]], now: Reading) -> Group:
    stages = Table("stage", "a second", "of these", title=f"pennywren {rfc3339(system_clock() // SECOND * SECOND)}")
    for stage, _, _ in _STAGES:
        of = rates.get(stage, {})
        split = "  ".join(f"{word} {rate:.1f}" for word, rate in sorted(of.items()))
        stages.add_row(stage, f"{sum(of.values()):.1f}", split)
    standing = Table("what", "how much")
    for title, values in _standing(now).items():
        scale = 1e6 if title.endswith("(MB)") else 1
        named = [(word, f"{value / scale:,.6g}") for word, value in values.items()]
        shown = "  ".join(number if word == "all" else f"{word} {number}" for word, number in named)
        standing.add_row(title, shown or "-")
    down = [values[0] for (name, values), value in now.items() if name == "pennywren_part_up" and not value]
    return Group(stages, standing, Text(f"does not answer: {', '.join(down)}" if down else "every part answers"))
