"""`make bench`: measures what Pennywren promises, prints it, and writes it to `bench/RESULTS.md`."""

import argparse
import sys
from collections.abc import Callable
from typing import Final

from bench import (
    alert_latency,
    capacity,
    cluster_nodes,
    egresses,
    extension_paint,
    fan_out,
    frontier_quality,
    histories,
    history_http,
    live,
    memory,
    pages,
    record_step,
    reports_http,
    restoring,
    sizes,
    targets,
    trust_quality,
    withdrawal,
)
from bench.growth import histories as growth_histories
from bench.growth import pages as growth_pages
from bench.growth import products as growth_products
from bench.growth import watches as growth_watches
from bench.report import Section, write
from bench.servers import Servers, servers

BENCHES: Final[dict[str, Callable[[Servers], Section]]] = {
    "record": lambda up: record_step.measure(up.redis_url, up.postgres_url),
    "history": history_http.measure,
    "histories": histories.measure,
    "live": live.measure,
    "memory": memory.measure,
    "pages": pages.measure,
    "reports": reports_http.measure,
    "alerts": alert_latency.measure,
    "egresses": egresses.measure,
    "extension": extension_paint.measure,
    "fanout": fan_out.measure,
    "frontier": lambda _: frontier_quality.measure(),
    "growth-products": growth_products.measure,
    "growth-watches": growth_watches.measure_watches,
    "growth-watchers": growth_watches.measure_watchers,
    "growth-histories": growth_histories.measure,
    "growth-pages": growth_pages.measure,
    "capacity": lambda _: capacity.measure(),
    "cluster": cluster_nodes.measure,
    "restore": restoring.measure,
    "sizes": sizes.measure,
    "targets": lambda _: targets.measure(),
    "trust": lambda _: trust_quality.measure(),
    "withdrawal": withdrawal.measure,
}


def main() -> int:
    """Run all benches, or the ones that are named."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("only", nargs="*", choices=[*BENCHES, []], help="which benches to run; all if none is named")
    only: list[str] = parser.parse_args().only or list(BENCHES)
    with servers() as up:
        for name in only:
            section = BENCHES[name](up)
            sys.stdout.write(section.markdown() + "\n")
            sys.stdout.flush()
            write(section)
    return 0


if __name__ == "__main__":
    sys.exit(main())
