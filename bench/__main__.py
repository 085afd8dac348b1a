"""`make bench`: measures what Pennywren promises, prints it, and writes `bench/RESULTS.md`."""

import argparse
import sys

from bench import alert_latency, history_http, record_step
from bench.report import Section, write
from bench.servers import servers


def main() -> int:
    """Run all benches, or the ones that are named; only a whole run is written down."""
    names = ["record", "history", "alerts"]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("only", nargs="*", choices=[*names, []], help="which benches to run; all if none is named")
    only: list[str] = parser.parse_args().only or names
    sections: list[Section] = []
    with servers() as running:
        if "record" in only:
            sections.append(record_step.measure(running.redis_url, running.postgres_url))
            sys.stdout.write(sections[-1].markdown() + "\n")
        if "history" in only:
            sections.append(history_http.measure(running))
            sys.stdout.write(sections[-1].markdown() + "\n")
        if "alerts" in only:
            sections.append(alert_latency.measure(running))
            sys.stdout.write(sections[-1].markdown() + "\n")
    if only == names:
        write(sections)
    return 0


if __name__ == "__main__":
    sys.exit(main())
