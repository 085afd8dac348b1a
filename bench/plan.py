"""Machines, memory, network and money for so many products, each figure derived from a measured one.

`python -m bench.plan` prints the tables of `docs/capacity.md`.
"""

import sys
from dataclasses import dataclass
from math import ceil
from typing import Final

GIB: Final = 1 << 30
DAY_S: Final = 86_400


@dataclass(frozen=True)
class Measured:
    """A figure, and the command that measures it again."""

    value: float
    unit: str
    what: str
    command: str


# As `bench/RESULTS.md` has them, on two cores of an AMD EPYC that others used as well.
COLD: Final = Measured(294, "B", "a product that nobody watches, on the mix of histories", "make bench ONLY=memory")
RAW: Final = Measured(1_725, "B", "a watched product with 50 changes", "make bench ONLY=memory")
CHARTED: Final = Measured(12_032, "B", "a watched product with 100 changes and compactions", "make bench ONLY=memory")
WATCH: Final = Measured(86, "B", "a watch in the index of Redis", "MEMORY USAGE of an index of a million")
LOOK: Final = Measured(149e-6, "s", "Redis's core for a look at a packed product", "make bench ONLY=memory")
LOG: Final = Measured(4_795, "B", "append-only file and replication for such a look", "make bench ONLY=memory")
FETCH: Final = Measured(3.21e-3, "s", "a core for a page: fetch, limit, claim, record", "make bench ONLY=egresses")
PARSE: Final = Measured(33.9e-3, "s", "a core for a page: unpack and parse", "make bench ONLY=egresses")
REPORT: Final = Measured(0.85e-3, "s", "a core of API, Redis and PostgreSQL for a report", "make bench ONLY=reports")
ASKED: Final = Measured(0.42e-3, "s", "a core of the same for a history", "make bench ONLY=reports")
HISTORY: Final = Measured(54_000, "B", "a history of two years, before it is packed", "make bench ONLY=history")
ROW: Final = Measured(320, "B", "a watch in PostgreSQL with its indexes", "make bench ONLY=growth-watches")
REBUILD: Final = Measured(20_000, "/s", "watches into the index of Redis", "make bench ONLY=growth-watches")
PLACED: Final = Measured(6_849, "/s", "products into the frontier made anew", "make bench ONLY=growth-products")
MEASURED: Final = (COLD, RAW, CHARTED, WATCH, LOOK, LOG, FETCH, PARSE, REPORT, ASKED, HISTORY, ROW, REBUILD, PLACED)

# What is assumed. Money is what such things are rented for in Europe without a contract; put in your own.
PAGE_BYTES: Final = 300_000
"""A product page as it comes, packed."""
PACKED: Final = 0.15
"""What gzip leaves of a history."""
WARM: Final = 0.02
IS_CHARTED: Final = 0.1
SPARE: Final = 1.5
"""Memory of a machine over what is used: fragments, buffers, a rewrite of the append-only file."""
BUSY: Final = 0.5
"""How busy a core may be on average: peaks are twice the average."""
MACHINE_GB: Final = 64
MACHINE_CORES: Final = 8
MACHINE_EUR: Final = 55
IP_EUR: Final = 1.5
TB_EUR: Final = 1.0


@dataclass(frozen=True)
class Demand:
    """What is asked of an installation."""

    products: int
    users: int
    egresses: int

    @property
    def watches(self) -> int:
        return self.users * 10

    @property
    def reports_s(self) -> float:
        """20 a user and day."""
        return self.users * 20 / DAY_S

    @property
    def histories_s(self) -> float:
        """As `bench/load` has them: 1.6 for each request with reports, which holds 2.5 of them."""
        return 1.6 * self.reports_s / 2.5


DEMANDS: Final = (
    Demand(1_000_000, 10_000, 10),
    Demand(50_000_000, 200_000, 200),
    Demand(500_000_000, 1_000_000, 1_000),
)


@dataclass(frozen=True)
class Plan:
    """What it takes."""

    memory_gb: float
    redis_cores: float
    crawl_cores: float
    web_cores: float
    in_tb: float
    out_tb: float
    copied_mb_s: float
    rows_gb: float
    index_min: float
    frontier_h: float
    redis_nodes: int
    other_nodes: int
    eur: float


def plan(of: Demand) -> Plan:
    """Everything for a demand; each egress fetches a page a second, all day."""
    warm = of.products * WARM
    memory = of.products * (1 - WARM) * COLD.value + of.watches * WATCH.value
    memory += warm * ((1 - IS_CHARTED) * RAW.value + IS_CHARTED * CHARTED.value)
    redis = of.egresses * LOOK.value / BUSY
    crawl = of.egresses * (FETCH.value + PARSE.value) / BUSY
    web = (of.reports_s * REPORT.value + of.histories_s * ASKED.value) / BUSY
    month_s = 30 * DAY_S
    primaries = max(ceil(memory * SPARE / GIB / MACHINE_GB), ceil(redis / MACHINE_CORES))
    # A replica of each; what crawls and answers fits beside them on the same machines as far as there are cores.
    nodes = 2 * primaries
    free = nodes * (MACHINE_CORES - 2)
    others = max(0, ceil((crawl + web - free) / MACHINE_CORES))
    came = of.egresses * PAGE_BYTES * month_s / 1e12
    went = of.histories_s / 2 * HISTORY.value * PACKED * month_s / 1e12
    eur = (nodes + others) * MACHINE_EUR + of.egresses * IP_EUR + (came + went) * TB_EUR
    return Plan(
        memory_gb=memory / 1e9,
        redis_cores=redis,
        crawl_cores=crawl,
        web_cores=web,
        in_tb=came,
        out_tb=went,
        copied_mb_s=of.egresses * LOG.value / 1e6,
        rows_gb=of.watches * ROW.value / 1e9,
        index_min=of.watches / REBUILD.value / 60,
        frontier_h=of.products / PLACED.value / 3600,
        redis_nodes=nodes,
        other_nodes=others,
        eur=eur,
    )


def measured_table() -> str:
    """What everything is derived from."""
    lines = ["| measured | what | again with |", "|---|---|---|"]
    for each in MEASURED:
        value = f"{each.value * 1000:.3g} ms" if each.unit == "s" else f"{each.value:,.0f} {each.unit}"
        lines.append(f"| {value.replace(' /s', '/s')} | {each.what} | {each.command} |")
    return "\n".join(lines)


def plan_table() -> str:
    """What each demand takes."""
    plans = [plan(each) for each in DEMANDS]
    rows: list[tuple[str, list[str]]] = [
        ("extension's users, watches", [f"{each.users:,}, {each.watches:,}" for each in DEMANDS]),
        ("IPs that crawl, a page a second each", [f"{each.egresses:,}" for each in DEMANDS]),
        ("memory of Redis, one copy", [f"{each.memory_gb:,.1f} GB" for each in plans]),
        ("cores: Redis", [f"{each.redis_cores:,.2f}" for each in plans]),
        ("cores: crawling and parsing", [f"{each.crawl_cores:,.1f}" for each in plans]),
        ("cores: API, with what it asks", [f"{each.web_cores:,.2f}" for each in plans]),
        ("pages that come, a month", [f"{each.in_tb:,.1f} TB" for each in plans]),
        ("histories that go, a month", [f"{each.out_tb:,.1f} TB" for each in plans]),
        ("from primaries to replicas", [f"{each.copied_mb_s:,.2f} MB/s" for each in plans]),
        ("watches in PostgreSQL", [f"{each.rows_gb:,.2f} GB" for each in plans]),
        ("index of watches made anew", [f"{each.index_min:,.1f} min" for each in plans]),
        ("frontier made anew by one process", [f"{each.frontier_h:,.2f} h" for each in plans]),
        (
            f"machines for Redis, of {MACHINE_GB} GB and {MACHINE_CORES} cores",
            [f"{each.redis_nodes}" for each in plans],
        ),
        ("further machines of that kind", [f"{each.other_nodes}" for each in plans]),
        ("money a month", [f"{each.eur:,.0f} €" for each in plans]),
    ]
    head = " | ".join(f"{each.products // 1_000_000} M products" for each in DEMANDS)
    return "\n".join(
        [f"| | {head} |", f"|---|{'---|' * len(DEMANDS)}", *(f"| {name} | {' | '.join(row)} |" for name, row in rows)]
    )


def main() -> int:
    """Print both tables."""
    sys.stdout.write(f"{measured_table()}\n\n{plan_table()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
