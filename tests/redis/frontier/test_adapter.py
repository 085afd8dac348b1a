"""The adapter of the evaluator runs the real thing: it claims what is there, once, and ends what it started."""

from pathlib import Path
from tempfile import gettempdir

from bench.adapters.frontier import Frontier


def _servers() -> set[Path]:
    return set(Path(gettempdir()).glob("pennywren-frontier-*"))


def test_the_adapter_learns_claims_and_cleans_up() -> None:
    before = _servers()
    frontier = Frontier()
    frontier.setup(
        {
            "n": 40,
            "watchers": [i % 4 for i in range(40)],
            "budget_per_day": 24.0,
            "step_s": 300.0,
            "slo_s": 3600.0,
            "horizon_s": 86_400.0,
        }
    )
    try:
        crawls = [0] * 40
        for step in range(1, 97):
            now = step * 300.0
            # Half of the watched products change every 2 hours, and now and then somebody reports.
            if step % 7 == 0:
                frontier.observe(step % 40, now - 10, False, "ext")
            if step % 5 == 0:
                frontier.observe(step % 40, now - 5, True, "signal")
            due = frontier.next_due(now, 3)
            assert len(set(due)) == len(due) <= 3
            for product in due:
                crawls[product] += 1
                frontier.observe(product, now, product % 8 == 3 and step % 24 < 12, "crawl")
    finally:
        frontier.close()
    assert sum(crawls) >= 96 * 3 * 0.9, "no request goes unused"
    assert min(crawls[i] for i in range(40) if i % 4) >= 1
    busy, idle = sum(crawls[i] for i in range(3, 40, 8)), sum(crawls[i] for i in range(0, 40, 8))
    assert busy > 1.5 * idle
    assert _servers() == before
