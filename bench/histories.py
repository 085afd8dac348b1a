"""Histories as the website and the extension ask for them: many products by Zipf, half of the answers held already.

Beside PostgreSQL with a daily table made beforehand, and with date_bin over the samples, behind the same server.
"""

import asyncio
import random
import shutil
import subprocess
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Final

import asyncpg

from bench.history_http import CONNECTIONS, figures, peers
from bench.report import Goal, Section, median_of
from bench.servers import Servers
from pennywren.model.clock import DAY, SECOND, system_clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import Steps
from pennywren.record.rewriting import Past, restore
from pennywren.store.connect import connect
from pennywren.store.store import Store

PRODUCTS: Final = 100_000
LONG: Final = 100
"""The most popular products, 43 % of the requests, have 10,000 changes; a table for all of them would fill the disk."""
CHANGES: Final = 10_000
SHORT: Final = 5
SPAN: Final = 730 * DAY
SECONDS: Final = 5
ROUNDS: Final = 3
ASKED: Final = 20_000
"""Requests that are drawn beforehand, and sent over and over."""
_PAGE: Final = 1_000
_DAILY: Final = """
create table bench_daily as
select product_id, date_bin('1 day', at, timestamptz '2000-01-03') as bucket, avg(price)::bigint as price,
    min(price) as low, max(price) as high from bench_samples group by 1, 2
"""
_SCRIPT: Final = """
local paths, tags = {}, {}
for line in io.lines("%s") do
  local path, tag = line:match("^(%%S+) ?(.*)$")
  paths[#paths + 1], tags[#tags + 1] = path, tag
end
local i = 0
request = function()
  i = i %% #paths + 1
  local tag = tags[i] ~= "" and tags[i] or nil
  return wrk.format("GET", paths[i], { ["Accept-Encoding"] = "gzip", ["If-None-Match"] = tag })
end
"""


def _product(n: int) -> ProductID:
    return ProductID("us", f"B{n:09d}")


def _past(n: int, now: int) -> Steps:
    chance = random.Random(n)
    begin = (now - SPAN) // SECOND
    times = sorted(chance.sample(range(begin, now // SECOND), CHANGES if n < LONG else SHORT))
    price, points = 5000, list[tuple[int, int]]()
    for at in times:
        step = chance.choice([-300, -100, -1, 1, 100, 300])
        price += step if price + step >= 100 else 300
        points.append((at * SECOND, price))
    return Steps(points, [], points[-1][0])


async def _fill(servers: Servers, now: int) -> None:
    client, in_bytes = connect(servers.redis_url), connect(servers.redis_url, decode=False)
    connection = await asyncpg.connect(servers.postgres_url)
    try:
        await client.flushall()
        await connection.execute(
            "drop table if exists bench_samples, bench_daily; "
            "create table bench_samples (product_id text, at timestamptz, price bigint)"
        )
        pages = [range(n, n + 1) for n in range(LONG)]
        pages += [range(n, min(n + _PAGE, PRODUCTS)) for n in range(LONG, PRODUCTS, _PAGE)]
        for page in pages:
            pasts = {n: _past(n, now) for n in page}
            tier = "charted" if page.start < LONG else "raw"
            await restore(
                Store(client, in_bytes),
                [Past(_product(n), "USD", {Offer.BUYBOX: steps}, tier) for n, steps in pasts.items()],
            )
            rows = [
                (str(_product(n)), datetime.fromtimestamp(at / 1000, UTC), price)
                for n, steps in pasts.items()
                for at, price in steps.prices
            ]
            await connection.copy_records_to_table("bench_samples", records=rows)
        await connection.execute("alter table bench_samples add primary key (product_id, at)", timeout=600)
        await connection.execute(_DAILY, timeout=600)
        await connection.execute("alter table bench_daily add primary key (product_id, bucket)", timeout=600)
        await connection.execute("vacuum analyze bench_samples", timeout=600)
        await connection.execute("vacuum analyze bench_daily", timeout=600)
    finally:
        await connection.close()
        await client.aclose()
        await in_bytes.aclose()


def _asked() -> list[int]:
    weights = list(accumulate(1 / (n + 1) for n in range(PRODUCTS)))
    return random.Random(3).choices(range(PRODUCTS), cum_weights=weights, k=ASKED)


def _tags(base: str, paths: Sequence[str]) -> dict[str, str]:
    """What browsers hold: the ETag of each history. Asking for all of them also makes every answer once."""
    tags: dict[str, str] = {}
    for path in paths:
        with urllib.request.urlopen(urllib.request.Request(base + path, headers={"Accept-Encoding": "gzip"})) as answer:
            tags[path] = str(answer.headers["ETag"])
    return tags


def _wrk(base: str, script: Path) -> tuple[float, float]:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", "-s", str(script), base]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said:
        raise RuntimeError(f"errors from {base}: {said}")
    return figures(said)


def measure(servers: Servers) -> Section:
    """One worker of the server; the load generator, Redis and PostgreSQL have the rest."""
    section = Section(
        "Histories over HTTP, as they are asked for",
        f"Two years daily of {PRODUCTS:,} products by Zipf, half of the requests with an ETag, all taking gzip as "
        f"browsers do; the {LONG} most popular have {CHANGES:,} changes, the others {SHORT}. {CONNECTIONS} "
        f"connections, one server process; medians of {ROUNDS} rounds of {SECONDS} s, in turns.",
        ["route", "requests/s", "p99 ms"],
    )
    if shutil.which("wrk") is None:
        section.limits.append("not measured: the load generator wrk is missing (apt-get install wrk)")
        return section
    now = system_clock()
    asyncio.run(_fill(servers, now))
    asked = _asked()
    question = f"history?startTime={(now - SPAN) // SECOND}&endTime={now // SECOND}&interval=day"
    with peers(servers, PENNYWREN_REQUESTS_PER_NETWORK="0") as base:
        ours = [f"/products/{_product(n)}/{question}" for n in asked]
        tags = _tags(base, sorted(set(ours)))
        lines = {
            "no-op": ["/bench/noop"],
            "ours": [f"{path} {tags[path] if i % 2 else ''}" for i, path in enumerate(ours)],
            "PostgreSQL, daily table": [f"/bench/daily/{_product(n)}" for n in asked],
            "PostgreSQL, date_bin": [f"/bench/date_bin/{_product(n)}" for n in asked],
        }
        runs: dict[str, list[tuple[float, float]]] = {name: [] for name in lines}
        for turn in range(ROUNDS + 1):
            for number, (name, each) in enumerate(lines.items()):
                listed, script = (servers.folder / f"{number}.{kind}" for kind in ("txt", "lua"))
                listed.write_text("\n".join(each) + "\n")
                script.write_text(_SCRIPT % listed)
                run = _wrk(base, script)
                if turn:
                    runs[name].append(run)
    rate = {name: median_of([r for r, _ in found]) for name, found in runs.items()}
    late = {name: median_of([p for _, p in found]) for name, found in runs.items()}
    section.rows += [[name, f"{rate[name]:,.0f}", f"{late[name]:.1f}"] for name in lines]
    section.goals += [
        Goal("ours over PostgreSQL's daily table", rate["ours"] / rate["PostgreSQL, daily table"], 8),
        Goal("ours over PostgreSQL's date_bin", rate["ours"] / rate["PostgreSQL, date_bin"], 25),
        Goal("ours over the no-op route", rate["ours"] / rate["no-op"], 0.8),
        Goal("p99 of ours", late["ours"], 25, at_most=True, unit="ms"),
    ]
    section.limits += [
        "What limits ours: the server itself, which takes two thirds of a request, and the headers that each answer "
        "has for browsers; Redis is not asked, but tells what moves.",
        "What limits the daily table: 730 rows for each request, and their JSON; date_bin aggregates 10,000 of them.",
    ]
    return section
