"""How well reports are judged, beside the evaluator's own rules, in the same worlds.

`python -m bench.trust_quality --seeds 201,202` prints a row for each world, seed and rule; one seed takes about
4 minutes. The evaluator is `eval/eval_trust.py` of the shared folder.
"""

import argparse
import sys
from typing import Any, Final

from bench.evaluators import evaluate
from bench.report import Goal, Section

ATTACKS: Final = ("troll", "sybil", "botnet", "slow", "replay", "bury", "dos")
WORLDS: Final = ("", "--attack 5", "--attack 10", "--honest-err 0.01", *(f"--only {attack}" for attack in ATTACKS))
SEEDS: Final = (201,)
PEERS: Final = ("combined", "verify_all")
"""The evaluator's best rule, and the bound: who crawls for every report stores whatever can be stored in time."""
OURS: Final = ("bench.adapters.trust:Judge", "bench.adapters.trust:JudgeWithoutAsn")
_CLUMSY: Final = "--honest-err 0.01"


def _figures(row: dict[str, Any]) -> list[str]:
    counts = [f"{row['FA']:.0f}", f"{row['poison']:.1f}"]
    return [*counts, f"{row['ok0']:.3f}", f"{row['in1h']:.4f}", f"{row['ver']:.1f}"]


def measure(seeds: tuple[int, ...] = SEEDS, worlds: tuple[str, ...] = WORLDS) -> Section:
    """Each world once for each seed, with and without ASNs, beside the evaluator's own rules."""
    section = Section(
        "Trust",
        "`eval_trust.py` with the adapter (production's rules and reputations). FA: false alerts, poison: wrong points "
        "stored, both per million reports; ok0: honest reports accepted without a crawl; in 1 h: true drops stored "
        "within the hour, weighted by watchers; crawls: per 1,000 reports.",
        ["world", "seed", "rule", "FA", "poison", "ok0", "in 1 h", "crawls"],
    )
    ours: list[tuple[str, dict[str, Any]]] = []
    short_of_bound: list[float] = []
    for world in worlds:
        for seed in seeds:
            arguments = [*world.split(), "--seed", str(seed)]
            with_asn, without = (evaluate("eval_trust.py", [*arguments, "--adapter", adapter])[0] for adapter in OURS)
            peers = evaluate("eval_trust.py", [*arguments, "--rule", ",".join(PEERS)])
            ours += [(world, with_asn), (world, without)]
            short_of_bound += [peers[-1]["in1h"] - row["in1h"] for row in (with_asn, without)]
            rows = {"ours": with_asn, "ours, no ASN": without, **{row["rule"]: row for row in peers}}
            for name, row in rows.items():
                section.rows.append([world or "default", str(seed), name, *_figures(row)])
                sys.stderr.write(" ".join(section.rows[-1]) + "\n")
    section.goals += _goals(ours, short_of_bound)
    section.limits.append(
        "What limits drops stored within the hour: some end before a crawl can be back (90 s); verify_all, where "
        "it does not choke on its own queue, shows about how many of each seed can be stored in time at all."
    )
    return section


def _goals(ours: list[tuple[str, dict[str, Any]]], short_of_bound: list[float]) -> list[Goal]:
    rows = [row for _, row in ours]
    goals = [
        Goal("false alerts, worst line", max(row["FA"] for row in rows), 0, at_most=True, unit="a million"),
        Goal("poisoned points, worst line", max(row["poison"] for row in rows), 3, at_most=True, unit="a million"),
        Goal("honest reports accepted without a crawl, worst line", min(row["ok0"] for row in rows), 0.95, unit=""),
        Goal("drops stored within the hour, worst line", min(row["in1h"] for row in rows), 0.97, unit=""),
        Goal("the same below verify-everything, worst line", max(short_of_bound), 0.02, at_most=True, unit=""),
    ]
    for clumsy, limit, name in ((False, 20, "crawls"), (True, 25, "crawls with 1 % honest errors")):
        found = [row["ver"] for world, row in ours if (world == _CLUMSY) is clumsy]
        if found:
            goals.append(Goal(f"{name}, worst line", max(found), limit, at_most=True, unit="per 1,000 reports"))
    return goals


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.trust_quality", description=__doc__)
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    parser.add_argument("--worlds", help="separated by commas; all of them if not given")
    given = parser.parse_args()
    worlds = tuple(w.strip() for w in given.worlds.split(",")) if given.worlds is not None else WORLDS
    sys.stdout.write(measure(tuple(map(int, given.seeds.split(","))), worlds).markdown() + "\n")


if __name__ == "__main__":
    main()
