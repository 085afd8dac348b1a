"""How fresh 500 million products can be kept with so many egresses: production's rules over a weighted sample.

`python -m bench.capacity --egresses 1000 --reports 20000000` prints one line of `docs/capacity.md`; `make bench
ONLY=capacity` makes the whole table. Learning, value, due times, floor, priors and the search for the threshold are
production's; what is simulated is the world. Given the threshold, products do not know of each other: each is followed
by itself through a day, then what all of them together cost moves the threshold for the next.
"""

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import exp, inf, log, sqrt
from pathlib import Path
from typing import Final

from bench.capacity_world import MIXES, Demand, Sampled, draw
from bench.report import Section
from pennywren.frontier.due import Bounds, Interest, demand, wait_for
from pennywren.frontier.lanes import URGENT_SHARE
from pennywren.frontier.planning import Planner
from pennywren.frontier.priors import LookedAt
from pennywren.frontier.rate import Learned
from pennywren.frontier.threshold import HIGHEST, LOWEST
from pennywren.frontier.value import DAY_S, importance
from pennywren.settings import Settings

DOC: Final = Path(__file__).parents[1] / "docs" / "capacity.md"
BEGIN: Final = "<!-- table: make bench ONLY=capacity -->"
END: Final = "<!-- end of table -->"
EGRESSES: Final = (1, 100, 1_000, 10_000)
REPORTS: Final = (0.0, 20e6)
HEADER: Final = ("IPs", "reports a day", "changes", "seen within 1 h", "by our own crawls", "± (1 s.e.)", "command")

_HOUR_S: Final = 3_600.0
_RANKS: Final = 1_000
_DAYS: Final = 14
_BURN: Final = 10
_TAUGHT: Final = 300
_MOST_REPORTS: Final = 100 / DAY_S
"""What is reported every quarter of an hour is seen by reports alone; more of them would only take long to follow."""
_LATE_S: Final = 60.0
"""A product that is due is fetched within a minute."""


@dataclass(slots=True)
class _Product:
    of: Sampled
    learned: Learned = field(default_factory=Learned)
    last: float = 0.0
    wait: float = inf
    """From the last look until it is due (seconds)."""
    has_changed: bool = False
    """Since the last look."""
    next_change: float = inf
    next_report: float = inf
    seen_s: float = 0.0
    """Time at which a change would have been seen within the hour."""
    crawled_s: float = 0.0
    """The same, by a crawl of ours."""


@dataclass(frozen=True)
class Capacity:
    """What came out: shares of changes, each weighed by who waits for it."""

    seen: float
    crawled: float
    error: float
    """One standard error of `seen`."""
    used: float
    """Requests that were used, as a share of those that there are."""


class _Simulation:
    def __init__(self, wanted: Demand, egresses: int, seed: int) -> None:
        self._dice = random.Random(seed)
        self._products = [_Product(each) for each in draw(wanted, _RANKS, seed)]
        settings = Settings()
        self._per_second = float(egresses)
        self._floor_share = settings.floor_percent / 100
        self._planner = Planner(Bounds(settings.recrawl_after))
        for each in self._products:
            each.next_change = self._gap(each.of.changes)
            each.next_report = self._gap(min(each.of.reports, _MOST_REPORTS))

    def run(self) -> Capacity:
        self._calibrate()
        costs: list[float] = []
        for day in range(_DAYS):
            self._teach()
            cost = self._day(day * DAY_S, counted=day >= _BURN)
            if day >= _BURN:
                costs.append(cost)
            # What was asked for yesterday moves the threshold, as the controller does all day long.
            step = log(max(cost, 1e-9) / (self._per_second * DAY_S))
            logarithm = log(self._planner.threshold) + max(min(step, 1.0), -1.0)
            self._planner.threshold = min(max(exp(logarithm), LOWEST), HIGHEST)
        return self._result(sum(costs) / len(costs) / (self._per_second * DAY_S))

    def _gap(self, rate: float) -> float:
        return self._dice.expovariate(rate) if rate > 0 else inf

    def _interest(self, each: _Product) -> Interest:
        learned = each.learned
        chances = learned.chances(self._planner.priors.of("us", None))
        mu = importance(each.of.watchers, 0, learned.reports)
        return Interest(mu, chances, learned.report_rate(each.of.watchers))

    def _calibrate(self) -> None:
        """Where the threshold begins: where all products ask for the requests that there are (`threshold_for`)."""
        interests = [(each.of.stands_for, self._interest(each)) for each in self._products]
        low, high = log(LOWEST), log(HIGHEST)
        for _ in range(24):
            middle = (low + high) / 2
            asked = sum(weight * demand(of, exp(middle), self._planner.bounds) for weight, of in interests)
            low, high = (middle, high) if asked > self._per_second else (low, middle)
        self._planner.threshold = exp(high)

    def _teach(self) -> None:
        """As each sweep does: the priors learn from products at random."""
        weights = [each.of.stands_for for each in self._products]
        taught = [each for each in self._dice.choices(self._products, weights, k=_TAUGHT) if each.learned.watched_s]
        interests = [self._interest(each) for each in taught]
        looked_at = [LookedAt("us", None, of.importance, of.chances) for of in interests]
        self._planner.learn(Bounds(self._planner.bounds.soonest_s), self._planner.priors.learned(looked_at))

    def _day(self, start: float, *, counted: bool) -> float:
        """Follow each product through a day; what that cost in requests."""
        waits = [(each, self._wait(each)) for each in self._products]
        on_floor = sum(each.of.stands_for for each, wait in waits if wait == inf)
        floor_s = on_floor / (self._per_second * self._floor_share)
        cost = urgent = 0.0
        for each, wait in waits:
            each.wait = max(floor_s, DAY_S) if wait == inf else wait
            crawls, asked_for = self._follow(each, start, start + DAY_S, floor_s, counted=counted)
            cost += each.of.stands_for * crawls
            urgent += each.of.stands_for * asked_for
        return cost + min(urgent, URGENT_SHARE * self._per_second * DAY_S)

    def _wait(self, each: _Product) -> float:
        return wait_for(self._interest(each), self._planner.threshold, self._planner.bounds).seconds

    def _follow(self, each: _Product, start: float, end: float, floor_s: float, *, counted: bool) -> tuple[int, int]:
        crawls = urgent = 0
        while True:
            due = max(each.last + each.wait, start) + self._dice.random() * _LATE_S
            at = min(due, each.next_change, each.next_report)
            if at >= end:
                return crawls, urgent
            if at == each.next_change:
                each.has_changed = True
                each.next_change = at + self._gap(each.of.changes)
                continue
            reported, moved = at == each.next_report, each.has_changed
            if reported:
                each.next_report = at + self._gap(min(each.of.reports, _MOST_REPORTS))
                # No alert without a crawl of ours: a report of another price asks for one at once.
                urgent += each.has_changed and each.of.watchers > 0
            else:
                crawls += 1
            self._look(each, at, reported=reported, counted=counted)
            if moved or not reported:
                wait = self._wait(each)
                each.wait = max(floor_s, DAY_S) if wait == inf else wait

    def _look(self, each: _Product, at: float, *, reported: bool, counted: bool) -> None:
        if counted:
            in_time = min(at - max(each.last, _BURN * DAY_S), _HOUR_S)
            each.seen_s += in_time
            each.crawled_s += 0.0 if reported else in_time
        each.learned = each.learned.after(changed=each.has_changed, elapsed_s=at - each.last, reported=reported)
        each.has_changed = False
        each.last = at

    def _result(self, used: float) -> Capacity:
        """The shares, and the error that comes from having drawn these products and not others."""
        watched = [each for each in self._products if each.of.watchers]
        # Changes come at any time, so the time at which one would be seen says more than the few that came.
        weights = [each.of.stands_for * each.of.watchers * each.of.changes for each in watched]
        whole, total = (_DAYS - _BURN) * DAY_S, sum(weights)
        seen = sum(w * each.seen_s for w, each in zip(weights, watched, strict=True)) / whole / total
        crawled = sum(w * each.crawled_s for w, each in zip(weights, watched, strict=True)) / whole / total
        off = (w * (each.seen_s / whole - seen) for w, each in zip(weights, watched, strict=True))
        return Capacity(seen, crawled, sqrt(sum(each**2 for each in off)) / total, used)


def capacity(wanted: Demand, egresses: int, seed: int = 1) -> Capacity:
    """What so many egresses can do for such a demand."""
    return _Simulation(wanted, egresses, seed).run()


def row(wanted: Demand, egresses: int, found: Capacity) -> list[str]:
    """One line of the table."""
    command = f"`python -m bench.capacity --egresses {egresses} --reports {wanted.reports_a_day:.0f}"
    command += "`" if wanted.mix == "default" else f" --mix {wanted.mix}`"
    reports = f"{wanted.reports_a_day / 1e6:.0f} M" if wanted.reports_a_day else "none"
    shares = (f"{found.seen:.1%}", f"{found.crawled:.1%}", f"{found.error:.1%}")
    return [f"{egresses:,}", reports, wanted.mix, *shares, command]


def lines() -> list[tuple[Demand, int]]:
    """The lines of the table."""
    wanted = [(Demand(reports_a_day=reports), egresses) for reports in REPORTS for egresses in EGRESSES]
    return wanted + [(replace(Demand(), mix=mix, reports_a_day=REPORTS[1]), 1_000) for mix in MIXES if mix != "default"]


def table(rows: Sequence[Sequence[str]]) -> str:
    """The table as it stands in the document."""
    head = [f"| {' | '.join(HEADER)} |", f"|{'---|' * len(HEADER)}"]
    return "\n".join([*head, *(f"| {' | '.join(each)} |" for each in rows)])


def put_into(document: str, new: str) -> str:
    """The document with another table."""
    before, _, rest = document.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{DOC} has no place for the table: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{new}\n\n{END}{after}"


def measure() -> Section:
    """All lines; also writes them into `docs/capacity.md`."""
    section = Section(
        "Capacity",
        "Share of price changes, weighed by who waits for them, that are seen within the hour: 500 M products, 10 M "
        "watches, one request a second and IP; the method and its errors are in `docs/capacity.md`.",
        HEADER,
    )
    for wanted, egresses in lines():
        section.rows.append(row(wanted, egresses, capacity(wanted, egresses)))
        sys.stderr.write(" ".join(section.rows[-1]) + "\n")
    DOC.write_text(put_into(DOC.read_text(), table(section.rows)))
    return section


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(prog="python -m bench.capacity", description=__doc__)
    known = Demand()
    parser.add_argument("--products", type=int, default=known.products)
    parser.add_argument("--watches", type=int, default=known.watches)
    parser.add_argument("--egresses", type=int, default=100)
    parser.add_argument("--reports", type=float, default=known.reports_a_day, help="trusted reports a day")
    parser.add_argument("--mix", choices=MIXES, default=known.mix, help="how often prices change")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    wanted = Demand(asked.products, asked.watches, asked.reports, asked.mix)
    found = capacity(wanted, asked.egresses, asked.seed)
    sys.stdout.write(table([row(wanted, asked.egresses, found)]) + f"\n\nrequests used: {found.used:.1%}\n")


if __name__ == "__main__":
    main()
