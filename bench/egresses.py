"""What crawling costs: 200 egresses of one crawl job against the real pages' sizes, on this machine.

The job is production's (`jobs/crawl.py`) in a process of its own; the shop serves real pages (`page_shop`). Parsing 200
pages a second wants more cores than a small machine has, so the parser children remember what is on each page
(`remembering_parser`): what is measured is one process that fetches, limits, claims and records for all. What parsing
costs is measured with the real children, by itself.
"""

import asyncio
import gzip
import http.client
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.page_shop import MARKETPLACE, real_pages
from bench.remembering_parser import FILE
from bench.report import Goal, Section
from bench.servers import Servers, running
from pennywren import keyspace
from pennywren.frontier.admission import Admission, admit_all
from pennywren.local.children import Program
from pennywren.local.ports import free_port
from pennywren.model.clock import HOUR, system_clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.observe.child import PageParser
from pennywren.store.connect import connect

EGRESSES: Final = 200
_WARM_S: Final = 12.0
_MEASURED_S: Final = 25.0
_JOB: Final = """
import functools, sys
from jobs import crawl as job
job.PageParser = functools.partial(job.PageParser, module="bench.remembering_parser")
job.crawl(sys.argv[1].split(), 100_000)
"""
_PARSED_EACH: Final = 4
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_WATCHER: Final = "00000000-0000-7000-8000-000000000001"


@dataclass(frozen=True)
class Cost:
    """What a process used over some pages."""

    pages: int
    cpu_s: float
    memory_mb: float

    @property
    def per_core(self) -> float:
        """Pages a second that a core has time for."""
        return self.pages / self.cpu_s

    def row(self) -> list[str]:
        """As a table shows it."""
        return [f"{1000 / self.per_core:.2f}", f"{self.per_core:.0f}", f"{self.memory_mb:.0f}"]


def _ask(port: int, path: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = gzip.decompress(answer.read())
    connection.close()
    return json.loads(body)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def _admit(redis_url: str, names: list[str]) -> None:
    client = connect(redis_url)
    await client.flushall()
    products = [ProductID.parse(name) for name in names]
    # Somebody waits for each, so that all are worth a look as often as is allowed.
    for product in products:
        await client.zadd(keyspace.watch(product, Offer.BUYBOX), {_WATCHER: 1})
    await admit_all(client, [Admission(product, system_clock() - HOUR) for product in products])
    await client.aclose()


def measure(up: Servers) -> Section:
    """Run the job for a while, and look at what its processes used."""
    port = free_port()
    env = {**os.environ, "PYTHONPATH": ":".join([str(Path(__file__).parents[1]), *sys.path])}
    readings = up.folder / "readings"
    argv = [sys.executable, "-m", "bench.page_shop", "--port", str(port), "--readings", str(readings)]
    shop = Program(name="page-shop", argv=argv, log=up.folder / "page-shop.log", env=env)
    names = [f"e{number}" for number in range(EGRESSES)]
    through = (f"e{number}=direct@127.0.{20 + number // 200}.{1 + number % 200}" for number in range(EGRESSES))
    crawl_env = {
        **env,
        "PENNYWREN_REDIS_URL": up.redis_url,
        "PENNYWREN_POSTGRES_URL": up.postgres_url,
        "PENNYWREN_DATA_DIR": str(up.folder),
        "PENNYWREN_SHOP_ORIGINS": f"{MARKETPLACE}=http://127.0.0.1:{port}",
        "PENNYWREN_EGRESSES": ",".join(through),
        "PENNYWREN_RECRAWL_AFTER": "1",
        FILE: str(readings),
    }
    with running(shop):
        about = _wait_for(port)
        asyncio.run(_admit(up.redis_url, about["products"]))
        with (up.folder / "crawl.log").open("wb") as log:
            job = subprocess.Popen([sys.executable, "-c", _JOB, " ".join(names)], env=crawl_env, stdout=log, stderr=log)
        try:
            time.sleep(_WARM_S)
            if job.poll() is not None:
                raise SystemExit(f"the crawl job ended: {(up.folder / 'crawl.log').read_text()[-2000:]}")
            before, began, own = _ask(port, "/_counts"), time.monotonic(), _cpu_s(job.pid)
            time.sleep(_MEASURED_S)
            own, took, after = _cpu_s(job.pid) - own, time.monotonic() - began, _ask(port, "/_counts")
            memory = _memory_mb(job.pid)
        finally:
            # Not asked to end: what is under way is of no use, and a busy machine would take long over it.
            job.kill()
            job.wait()
    pages = sum(after.values()) - sum(before.values())
    crawling = Cost(pages, own, memory)
    return _section(about, len(after), took, crawling, asyncio.run(_parse()))


async def _parse() -> Cost:
    """What a real child needs for the real pages, gzipped as they come."""
    pages = [gzip.compress(html, 4) for _, html, _ in real_pages()]
    others = set(_children(os.getpid()))
    async with PageParser() as parser:
        (child,) = set(_children(os.getpid())) - others
        before = _cpu_s(child)
        for page in pages * _PARSED_EACH:
            await parser.read(page, MARKETPLACE)
        return Cost(len(pages) * _PARSED_EACH, _cpu_s(child) - before, _memory_mb(child))


def _wait_for(port: int) -> dict[str, Any]:
    for _ in range(240):
        try:
            return _ask(port, "/_products")
        except OSError:
            time.sleep(0.5)
    raise SystemExit("the shop of real pages did not come up in two minutes")


def _section(about: dict[str, Any], seen: int, took: float, crawling: Cost, parsing: Cost) -> Section:
    section = Section(
        "Crawling with 200 egresses",
        f"One crawl job with {EGRESSES} loopback egresses ({seen} seen by the shop); "
        f"{about['pages']} real pages of {about['bytes'] / 1e6:.2f} MB on average, gzip, under "
        f"{len(about['products'])} names; {crawling.pages} pages in {took:.0f} s on this machine, which all of it "
        "shares. The parser children remember what is on a page, as parsing so many wants more cores than there are; "
        "what parsing costs is that of a real child.",
        ["process", "CPU ms a page", "pages/s a core", "memory MB"],
    )
    section.rows += [
        ["fetch, limit, claim, record: one core", *crawling.row()],
        ["unpack and parse: a core for each child", *parsing.row()],
    ]
    section.goals.append(
        Goal("pages/s that one core can fetch, limit and claim", crawling.per_core, EGRESSES, unit="/s")
    )
    section.limits += [
        f"Load: {crawling.pages / took:.0f} pages/s came through while this was measured, so what {EGRESSES} egresses "
        "cost while they wait is in it, too. Processor time is the process's own, whatever else the machine does.",
        f"Memory: {crawling.memory_mb / EGRESSES:.1f} MB an egress in the crawling process, besides the parsers.",
        f"What limits it: parsing; {EGRESSES} pages/s of this size want {EGRESSES / parsing.per_core:.1f} cores for it "
        f"and {EGRESSES / crawling.per_core:.2f} for everything else.",
    ]
    return section
