"""Machines, memory, network and money for so many products, each figure derived from a measured one.

`make plan` prints the tables of `docs/capacity.md`, `make plan WRITE=1` puts them there. Prices are yours to give:
`python -m bench.plan --machine-eur 80 --ip-eur 2 --tb-eur 1`.
"""

import argparse
import sys
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Final

from bench.load import traffic

DOC: Final = Path(__file__).parents[1] / "docs" / "capacity.md"
BEGIN: Final = "<!-- tables: make plan WRITE=1 -->"
END: Final = "<!-- end of tables -->"
GIB: Final = 1 << 30
DAY_S: Final = 86_400
MONTH_S: Final = 30 * DAY_S


@dataclass(frozen=True)
class Measured:
    """A figure, the command that measures it again, and how `bench/RESULTS.md` says it."""

    value: float
    unit: str
    what: str
    command: str
    said: str
    """A regular expression whose group is the figure."""


_MEMORY: Final = "make bench ONLY=memory"
_SIZES: Final = "make bench ONLY=sizes"


def _size(value: float, what: str, row: str) -> Measured:
    return Measured(value, "B", what, _SIZES, rf"^\| {row} \| ([\d,.]+) \|$")


# As `bench/RESULTS.md` has them, on two cores of an AMD EPYC that others used as well; a test compares.
COLD: Final = Measured(
    294, "B", "a product that nobody watches, on the mix of histories", _MEMORY, r"the mix, kept cold: ([\d.]+) B"
)
RAW: Final = Measured(
    1_725, "B", "a watched product with 50 changes", _MEMORY, r"a product of tier raw with 50 changes: ([\d.]+) B"
)
CHARTED: Final = Measured(
    12_032, "B", "a watched product with 100 changes and compactions", _MEMORY, r"\| charted \| ([\d,.]+) \("
)
WATCH: Final = _size(88, "a watch in the index of Redis", "a watch in the index of Redis")
LOOK: Final = Measured(
    149e-6,
    "s",
    "Redis's core for a look at a packed product",
    _MEMORY,
    r"([\d.]+) µs of Redis's core and [\d,]+ B[^,]* on the mix",
)
LOG: Final = Measured(
    4_795,
    "B",
    "append-only file and replication for such a look",
    _MEMORY,
    r"Redis's core and ([\d,]+) B[^,]* on the mix",
)
FETCH: Final = Measured(
    3.21e-3, "s", "a core for a page: fetch, limit, claim, record", "make bench ONLY=egresses",
    r"fetch, limit, claim, record: one core \| ([\d.]+) \|",
)  # fmt: skip
PARSE: Final = Measured(
    33.85e-3, "s", "a core for a page: unpack and parse", "make bench ONLY=egresses",
    r"unpack and parse: a core for each child \| ([\d.]+) \|",
)  # fmt: skip
REPORT: Final = Measured(
    0.848e-3, "s", "a core of API, Redis and PostgreSQL for a report", "make bench ONLY=reports",
    r"a report costs ([\d.]+) µs",
)  # fmt: skip
ASKED: Final = Measured(
    0.358e-3, "s", "a core of the same for a history", "make bench ONLY=reports", r"a history beside them ([\d.]+) µs"
)
REBUILD: Final = Measured(
    43_587, "/s", "watches into the index of Redis", "make bench ONLY=growth-watches", r"rebuilt at ([\d,]+) watches/s"
)
PLACED: Final = Measured(
    44_944, "/s", "products into the frontier made anew", "make bench ONLY=growth-products",
    r"made anew at ([\d,]+) products/s",
)  # fmt: skip
PAGE: Final = _size(286_797, "a page of a shop, packed", "a page of a shop, packed")
REPORTS: Final = _size(1_017, "a request with reports", "a request with reports")
HISTORY: Final = _size(1_731, "a year of a product that changes often, packed", "the same in columns")
SITE: Final = Measured(
    33_100, "B", "a product's page with all that it needs, for a new visitor", "make bench ONLY=pages",
    r"a product's page, its picture aside: ([\d.]+) kB",
)  # fmt: skip
CATALOGUE: Final = _size(242, "a product in PostgreSQL, with its index", "a product in the catalogue, in PostgreSQL")
ROW: Final = _size(398, "a watch in PostgreSQL with its indexes", "a watch in PostgreSQL")
ALERT: Final = _size(855, "an alert with its delivery, in PostgreSQL", "an alert with its delivery, in PostgreSQL")
LOOKED: Final = _size(
    5_851, "a look in PostgreSQL's log, pages compressed", "a look in PostgreSQL's log, its pages compressed"
)
TOLD: Final = _size(2_556, "an alert in PostgreSQL's log", "an alert from decided to delivered, in its log")
SAVED: Final = _size(107, "a product with a watch in a backup", "a product with a watch in a backup")
MEASURED: Final = (
    *(COLD, RAW, CHARTED, WATCH, LOOK, LOG, FETCH, PARSE, REPORT, ASKED, REBUILD, PLACED),
    *(PAGE, REPORTS, HISTORY, SITE, CATALOGUE, ROW, ALERT, LOOKED, TOLD, SAVED),
)

# What is assumed.
WATCHES: Final = 10
"""Of a user."""
ALERTS_A_MONTH: Final = 1
"""Of a watch."""
ALERTS_KEPT: Final = 6
"""Months that an alert is kept, as PENNYWREN_ALERTS_KEPT is set by default."""
WARM: Final = 0.02
"""Of the products: watched or viewed."""
IS_CHARTED: Final = 0.1
"""Of these: with compactions."""
SPARE: Final = 1.5
"""Memory of a machine over what is used: fragments, buffers, a rewrite of the append-only file."""
FILES: Final = 3
"""Files of Redis over its memory, at most: the append-only file is made anew, beside itself, when it has doubled."""
ALONE_GB: Final = 50
"""PostgreSQL's files beyond which it has two machines of its own, the second to take over."""
BUSY: Final = 0.5
"""How busy a core may be on average: peaks are twice the average."""
FREE_CORES: Final = 2
"""Of a machine with Redis, kept for it."""
JOB: Final = 20
"""IPs of a crawl job, as PENNYWREN_EGRESSES_PER_JOB is set by default."""
MACHINE_GB: Final = 64
MACHINE_CORES: Final = 8


@dataclass(frozen=True)
class Prices:
    """What such things are rented for a month."""

    machine_eur: float = 55.0
    ip_eur: float = 1.5
    tb_eur: float = 1.0


@dataclass(frozen=True)
class Demand:
    """What is asked of an installation."""

    products: int
    users: int
    egresses: int

    @property
    def watches(self) -> int:
        return self.users * WATCHES

    def per_s(self, kind: str) -> float:
        """Requests of a kind, as `bench/load` has them."""
        return traffic.requests_per_s(self.users) * traffic.KINDS[kind] / sum(traffic.KINDS.values())


DEMANDS: Final = (
    Demand(1_000_000, 10_000, 10),
    Demand(50_000_000, 200_000, 200),
    Demand(500_000_000, 1_000_000, 1_000),
)


@dataclass(frozen=True)
class Plan:
    """What it takes. Sizes in bytes, rates in bytes a second, times in seconds."""

    memory: float
    redis_files: float
    redis_cores: float
    crawl_cores: float
    web_cores: float
    crawl_jobs: int
    web_processes: int
    came: float
    went: float
    redis_copied: float
    postgres_copied: float
    rows: float
    backup: float
    index_s: float
    frontier_s: float
    redis_nodes: int
    postgres_nodes: int
    other_nodes: int

    @property
    def nodes(self) -> int:
        return self.redis_nodes + self.postgres_nodes + self.other_nodes

    def eur(self, of: Demand, prices: Prices) -> float:
        """Money a month."""
        moved = (self.came + self.went) * MONTH_S / 1e12
        return self.nodes * prices.machine_eur + of.egresses * prices.ip_eur + moved * prices.tb_eur


def plan(of: Demand) -> Plan:
    """Everything for a demand; each egress fetches a page a second, all day."""
    warm = of.products * WARM
    memory = of.products * (1 - WARM) * COLD.value + of.watches * WATCH.value
    memory += warm * ((1 - IS_CHARTED) * RAW.value + IS_CHARTED * CHARTED.value)
    redis = of.egresses * LOOK.value / BUSY
    crawl = of.egresses * (FETCH.value + PARSE.value) / BUSY
    reports_s = of.users * traffic.REPORTS_A_DAY / DAY_S
    web = (reports_s * REPORT.value + of.per_s("history") * ASKED.value) / BUSY
    alerts = of.watches * ALERTS_A_MONTH
    rows = of.products * CATALOGUE.value + of.watches * ROW.value + alerts * ALERTS_KEPT * ALERT.value
    primaries = max(ceil(memory * SPARE / GIB / MACHINE_GB), ceil(redis / MACHINE_CORES))
    # A replica of each; what crawls and answers fits beside them on the same machines as far as there are cores.
    nodes = 2 * primaries
    free = nodes * (MACHINE_CORES - FREE_CORES)
    return Plan(
        memory=memory,
        redis_files=memory * FILES,
        redis_cores=redis,
        crawl_cores=crawl,
        web_cores=web,
        crawl_jobs=ceil(of.egresses / JOB),
        web_processes=max(2, ceil(web)),
        came=of.egresses * PAGE.value + of.per_s("reports") * REPORTS.value,
        went=of.per_s("history") * (1 - traffic.HELD) * HISTORY.value + of.per_s("page") * SITE.value,
        redis_copied=of.egresses * LOG.value,
        postgres_copied=of.egresses * LOOKED.value + alerts * TOLD.value / MONTH_S,
        rows=rows,
        backup=of.products * SAVED.value,
        index_s=of.watches / REBUILD.value,
        frontier_s=of.products / PLACED.value,
        redis_nodes=nodes,
        postgres_nodes=2 if rows > ALONE_GB * 1e9 else 0,
        other_nodes=max(0, ceil((crawl + web - free) / MACHINE_CORES)),
    )


def measured_table() -> str:
    """What everything is derived from."""
    lines = ["| measured | what | again with |", "|---|---|---|"]
    for each in MEASURED:
        value = f"{each.value * 1000:.3g} ms" if each.unit == "s" else f"{each.value:,.0f} {each.unit}"
        lines.append(f"| {value.replace(' /s', '/s')} | {each.what} | `{each.command}` |")
    return "\n".join(lines)


def plan_table(prices: Prices) -> str:
    """What each demand takes."""
    plans = [plan(each) for each in DEMANDS]
    rows: list[tuple[str, list[str]]] = [
        ("extension's users, watches", [f"{each.users:,}, {each.watches:,}" for each in DEMANDS]),
        ("IPs that crawl, a page a second each", [f"{each.egresses:,}" for each in DEMANDS]),
        ("memory of Redis, one copy", [f"{each.memory / 1e9:,.1f} GB" for each in plans]),
        ("its files, one copy", [f"{each.redis_files / 1e9:,.1f} GB" for each in plans]),
        ("files of PostgreSQL, one copy", [f"{each.rows / 1e9:,.1f} GB" for each in plans]),
        ("a backup", [f"{each.backup / 1e9:,.1f} GB" for each in plans]),
        ("cores: Redis", [f"{each.redis_cores:,.2f}" for each in plans]),
        ("cores: crawling and parsing", [f"{each.crawl_cores:,.1f}" for each in plans]),
        ("cores: API, with what it asks", [f"{each.web_cores:,.2f}" for each in plans]),
        ("crawl workers, processes of the API", [f"{each.crawl_jobs}, {each.web_processes}" for each in plans]),
        ("from outside: pages and reports", [_rate(each.came) for each in plans]),
        ("to browsers: histories and pages", [_rate(each.went) for each in plans]),
        ("from Redis to its replicas", [f"{each.redis_copied / 1e6:,.2f} MB/s" for each in plans]),
        ("from PostgreSQL to its replica", [f"{each.postgres_copied / 1e6:,.2f} MB/s" for each in plans]),
        ("index of watches made anew", [f"{each.index_s / 60:,.1f} min" for each in plans]),
        ("frontier made anew by one process", [f"{each.frontier_s / 3600:,.2f} h" for each in plans]),
        (
            f"machines for Redis, of {MACHINE_GB} GB and {MACHINE_CORES} cores",
            [f"{each.redis_nodes}" for each in plans],
        ),
        ("machines for PostgreSQL", [f"{each.postgres_nodes}" for each in plans]),
        ("machines for crawling", [f"{each.other_nodes}" for each in plans]),
        ("money a month", [f"{each.eur(of, prices):,.0f} €" for each, of in zip(plans, DEMANDS, strict=True)]),
    ]
    head = " | ".join(f"{each.products // 1_000_000} M products" for each in DEMANDS)
    return "\n".join(
        [f"| | {head} |", f"|---|{'---|' * len(DEMANDS)}", *(f"| {name} | {' | '.join(row)} |" for name, row in rows)]
    )


def _rate(bytes_s: float) -> str:
    month = bytes_s * MONTH_S / 1e9
    return f"{bytes_s / 1e6:,.2f} MB/s, {f'{month / 1e3:,.1f} TB' if month >= 1e3 else f'{month:,.0f} GB'} a month"


def tables(prices: Prices) -> str:
    """Both tables."""
    return f"{measured_table()}\n\n{plan_table(prices)}"


def put_into(document: str, new: str) -> str:
    """The document with `new` for its tables.

    Raises:
        ValueError: it has no place for them.
    """
    before, found, rest = document.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"{DOC} has no place for the tables: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{new}\n\n{END}{after}"


def main() -> int:
    """Print both tables, or write them."""
    parser = argparse.ArgumentParser(prog="python -m bench.plan", description="Tables of docs/capacity.md.")
    parser.add_argument("--machine-eur", type=float, default=Prices.machine_eur, help="a machine a month")
    parser.add_argument("--ip-eur", type=float, default=Prices.ip_eur, help="an IP a month")
    parser.add_argument("--tb-eur", type=float, default=Prices.tb_eur, help="a TB that comes or goes")
    parser.add_argument("--write", action="store_true", help="put them into docs/capacity.md instead")
    asked = parser.parse_args()
    made = tables(Prices(asked.machine_eur, asked.ip_eur, asked.tb_eur))
    if asked.write:
        DOC.write_text(put_into(DOC.read_text(), made))
    else:
        sys.stdout.write(made + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
