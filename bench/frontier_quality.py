"""How good the crawl frontier is beside the evaluator's own learned policies, on the same workloads.

`python -m bench.frontier_quality --seeds 301,302` prints one row for each workload; the first seed alone takes about
8 minutes. The evaluator is `eval/eval_frontier.py` of the shared folder.
"""

import argparse
import sys
from typing import Any, Final

from bench.evaluators import evaluate
from bench.report import Goal, Section

PEERS: Final = ("due_gamma", "blend_gamma", "blend_grid")
WORKLOADS: Final = (
    "",
    "--burst",
    "--drift 0.3",
    "--mix calm",
    "--mix hectic",
    "--signal 0.5",
    "--budget 0.05",
    "--budget 0.1",
    "--budget 0.5",
    "--budget 1",
)
SEEDS: Final = (301,)
_LONGEST_S: Final = 120.0


def measure(seeds: tuple[int, ...] = SEEDS, workloads: tuple[str, ...] = WORKLOADS) -> Section:
    """Each workload once for each seed; the goals are those of the project for the default one, and for all others."""
    section = Section(
        "The frontier",
        "`eval_frontier.py` with the adapter (production's rules, learning and claim on a real Redis), one policy for "
        "all workloads; S/S* beside the best of the evaluator's own learned policies, which know the same.",
        ["workload", "seed", "S/S*", "T/T*", "F/F*", "best peer", "over it", "seconds"],
    )
    over: list[float] = []
    slowest = 0.0
    defaults: list[dict[str, Any]] = []
    for workload in workloads:
        for seed in seeds:
            arguments = [*workload.split(), "--seed", str(seed)]
            (ours,) = evaluate("eval_frontier.py", [*arguments, "--adapter", "bench.adapters.frontier:Frontier"])
            peer = max(row["SS"] for row in evaluate("eval_frontier.py", [*arguments, "--policy", ",".join(PEERS)]))
            over.append(ours["SS"] - peer)
            slowest = max(slowest, ours["sec"])
            defaults += [] if workload else [ours]
            figures = [f"{ours['SS']:.4f}", f"{ours['TT']:.4f}", f"{ours['FF']:.4f}", f"{peer:.4f}"]
            section.rows.append([workload or "default", str(seed), *figures, f"{over[-1]:+.4f}", f"{ours['sec']:.0f}"])
            sys.stderr.write(" ".join(section.rows[-1]) + "\n")
    for name, key, goal in (("S/S*", "SS", 0.97), ("T/T*", "TT", 0.90), ("F/F*", "FF", 0.95)):
        if defaults:
            section.goals.append(Goal(f"default, {name}, worst seed", min(row[key] for row in defaults), goal))
    section.goals.append(Goal("S/S* over the best peer, worst line", min(over), -0.005))
    section.goals.append(Goal(f"budget of {_LONGEST_S:.0f} s over the slowest run", _LONGEST_S / slowest, 1))
    return section


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.frontier_quality", description=__doc__)
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    parser.add_argument("--workloads", help="separated by commas; all of them if not given")
    given = parser.parse_args()
    workloads = tuple(w.strip() for w in given.workloads.split(",")) if given.workloads is not None else WORKLOADS
    sys.stdout.write(measure(tuple(map(int, given.seeds.split(","))), workloads).markdown() + "\n")


if __name__ == "__main__":
    main()
