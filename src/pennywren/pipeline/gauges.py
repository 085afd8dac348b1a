"""How things stand now, worked out for `GET /metrics`: egresses, the frontier, the change streams, alerts."""

import asyncio
from math import exp
from typing import Any, Final

from redis.exceptions import ResponseError

from pennywren import keyspace
from pennywren.frontier import hints
from pennywren.frontier.places import ask_sizes, read_sizes
from pennywren.match import hints as match_hints
from pennywren.model.clock import SECOND
from pennywren.observe import egress
from pennywren.observe.hosts import Hosts
from pennywren.postgres.pool import Pool, transaction
from pennywren.settings import Settings
from pennywren.store.connect import Client, each_server
from pennywren.store.counters import Gauge, Sample
from pennywren.workqueue import QUEUES, WorkQueue

_BY_EGRESS: Final = ("egress", "host")
_RATE: Final = Gauge(
    "pennywren_egress_rate", "Requests per second that may leave; 0 while the circuit is open.", _BY_EGRESS
)
_CIRCUIT: Final = Gauge("pennywren_egress_circuit", "1 for the state that the circuit is in.", (*_BY_EGRESS, "state"))
_BACKOFF: Final = Gauge(
    "pennywren_egress_backoff_until_seconds",
    "Until when nothing leaves (Unix time); 0 where nothing holds it.",
    _BY_EGRESS,
)
_LAST_MINUTE: Final = Gauge("pennywren_egress_requests_last_minute", "Requests in the last 60 seconds.", _BY_EGRESS)
EGRESS: Final = (_RATE, _CIRCUIT, _BACKOFF, _LAST_MINUTE)
_STATES: Final = ("closed", "open", "probing")

PRODUCTS: Final = Gauge("pennywren_frontier_products", "Products that are crawled, leased ones included.")
LEASES: Final = Gauge("pennywren_frontier_leases", "Products that are being crawled.")
URGENT: Final = Gauge("pennywren_frontier_urgent", "Products in the urgent lane.")
OLDEST: Final = Gauge(
    "pennywren_frontier_oldest_due_seconds",
    "How long the first that is due has waited; 0 where none is.",
    ("marketplace",),
)
LAMBDA: Final = Gauge("pennywren_frontier_lambda", "The crawl value above which a product is due.")
FRONTIER: Final = (PRODUCTS, LEASES, URGENT, OLDEST, LAMBDA)

_UNREAD: Final = Gauge("pennywren_changes_unread", "Price changes that a group has not read yet.", ("group",))
_PENDING: Final = Gauge("pennywren_changes_pending", "Price changes that a group has read and not handled.", ("group",))
_HINT_AGE: Final = Gauge(
    "pennywren_changes_oldest_seconds", "How long the first partition with unread changes has waited; 0 where none has."
)
_WAITING: Final = Gauge(
    "pennywren_changes_waiting_seconds",
    "How long the oldest price change that a group has not handled has been in its stream; 0 where there is none.",
    ("group",),
)
CHANGES: Final = (_UNREAD, _PENDING, _WAITING, _HINT_AGE)

_ALERTS: Final = Gauge("pennywren_alerts", "Alerts that were decided in the last day, by state now.", ("state",))
ALERTS: Final = (_ALERTS,)
ALERT_STATES: Final = ("decided", "held", "sending", "delivered", "failed", "dropped")


async def egresses(client: Client, settings: Settings, now: int) -> list[Sample]:
    """How each egress stands with each host that it ever sent a request to; `now` in ms."""
    hosts = Hosts.of(settings)
    served = sorted({hosts.host(code) for code in await hints.marketplaces(client)})
    found: list[Sample] = []
    for each in await egress.status(client, [one.name for one in settings.egresses], served):
        of = (each.egress, each.host)
        found += (
            Sample(_RATE, of, each.rate(now)),
            *(Sample(_CIRCUIT, (*of, state), float(each.circuit == state)) for state in _STATES),
            Sample(_BACKOFF, of, each.waits_until(now) / SECOND),
            Sample(_LAST_MINUTE, of, each.last_minute(now)),
        )
    return found


async def frontier(client: Client, now: int) -> list[Sample]:
    """How much there is to crawl, how late it is, and what a crawl must be worth; `now` in ms."""
    marketplaces = await hints.marketplaces(client)
    async with client.pipeline(transaction=False) as pipe:
        for n in range(keyspace.PARTITIONS):
            ask_sizes(pipe, n)
            pipe.zcard(keyspace.leases(n))
            pipe.zcard(keyspace.urgent(n))
        for code in marketplaces:
            pipe.zrange(keyspace.ready_due(code), 0, 0, withscores=True)
            pipe.zrange(keyspace.ready_firm(code), 0, 0, withscores=True)
        pipe.get(keyspace.crawl_threshold())
        replies: list[Any] = await pipe.execute()
    sizes, firsts = replies[: 4 * keyspace.PARTITIONS], replies[4 * keyspace.PARTITIONS : -1]
    waiting = sum(sum(read_sizes(*both)) for both in zip(sizes[0::4], sizes[1::4], strict=True))
    leased = sum(sizes[2::4])
    found = [
        Sample(PRODUCTS, (), waiting + leased),
        Sample(LEASES, (), leased),
        Sample(URGENT, (), sum(sizes[3::4])),
    ]
    for i, code in enumerate(marketplaces):
        due = [score for first in firsts[2 * i : 2 * i + 2] for _, score in first]
        found.append(Sample(OLDEST, (code,), max(0.0, (now - min(due, default=now)) / SECOND)))
    return found + ([Sample(LAMBDA, (), exp(float(replies[-1])))] if replies[-1] is not None else [])


async def changes(client: Client, now: int) -> list[Sample]:
    """How far the readers of the change streams are behind; `now` in ms."""
    async with client.pipeline(transaction=False) as pipe:
        for n in range(keyspace.PARTITIONS):
            pipe.xinfo_groups(keyspace.changes(n))
        pipe.zrange(keyspace.ready_changes(), 0, 0, withscores=True)
        *replies, first = await pipe.execute(raise_on_error=False)
    unread, pending = dict.fromkeys(match_hints.GROUPS, 0), dict.fromkeys(match_hints.GROUPS, 0)
    behind: list[tuple[str, int, str, bool]] = []
    for n, groups in enumerate(replies):
        if isinstance(groups, ResponseError):  # this partition has no stream yet
            continue
        if isinstance(groups, Exception):
            raise groups
        for group in groups:
            name = group["name"]
            if name in unread:
                unread[name] += group["lag"] or 0
                pending[name] += group["pending"]
                if group["lag"] != 0 or group["pending"]:
                    behind.append((name, n, group["last-delivered-id"], group["pending"] > 0))
    if isinstance(first, Exception):
        raise first
    hint_age = max(0.0, (now - first[0][1]) / SECOND) if first else 0.0
    waited = await _waited(client, behind, now)
    return [
        *(Sample(_UNREAD, (group,), count) for group, count in unread.items()),
        *(Sample(_PENDING, (group,), count) for group, count in pending.items()),
        *(Sample(_WAITING, (group,), waited.get(group, 0.0)) for group in match_hints.GROUPS),
        Sample(_HINT_AGE, (), hint_age),
    ]


async def _waited(client: Client, behind: list[tuple[str, int, str, bool]], now: int) -> dict[str, float]:
    """For each group the age (s) of the oldest entry that it has not handled, where it is behind."""
    async with client.pipeline(transaction=False) as pipe:
        for group, n, delivered, some_pending in behind:
            if some_pending:
                pipe.xpending(keyspace.changes(n), group)
            else:
                pipe.xrange(keyspace.changes(n), f"({delivered}", "+", count=1)
        replies: list[Any] = await pipe.execute()
    waited: dict[str, float] = {}
    for (group, *_, some_pending), reply in zip(behind, replies, strict=True):
        oldest = reply["min"] if some_pending else reply[0][0] if reply else None
        if oldest is not None:
            age = max(0.0, (now - int(str(oldest).partition("-")[0])) / SECOND)
            waited[group] = max(waited.get(group, 0.0), age)
    return waited


async def alerts(pool: Pool) -> list[Sample]:
    """The alerts of the last day by state."""
    async with transaction(pool) as connection:
        rows = await connection.fetch(
            "select state, count(*) from alerts where decided_at > now() - interval '1 day' group by state"
        )
    by_state = {str(row["state"]): int(row["count"]) for row in rows}
    return [Sample(_ALERTS, (state,), by_state.get(state, 0)) for state in ALERT_STATES]


_JOBS: Final = Gauge("pennywren_queue_jobs", "Jobs that wait.", ("queue",))
_OLDEST_JOB: Final = Gauge(
    "pennywren_queue_oldest_seconds", "How long the first job that waits has waited; 0 where none does.", ("queue",)
)
QUEUE: Final = (_JOBS, _OLDEST_JOB)

_MEMORY: Final = Gauge("pennywren_redis_memory_bytes", "Memory that a Redis of prices has in use.", ("server",))
_LIMIT: Final = Gauge("pennywren_redis_memory_limit_bytes", "What it may use; 0 where nothing limits it.", ("server",))
_DURABLE: Final = Gauge(
    "pennywren_redis_durable", "1 where its append-only file is on and was written the last time.", ("server",)
)
_BYTES_A_PRODUCT: Final = Gauge("pennywren_redis_product_bytes", "Memory in use for each product that is crawled.")
_PARTITION_BYTES: Final = Gauge(
    "pennywren_partition_bytes", "Memory of the median and of the largest partition, by its share of products.", ("of",)
)
SERVER: Final = (_MEMORY, _LIMIT, _DURABLE, _BYTES_A_PRODUCT, _PARTITION_BYTES)

_SEEN: Final = Gauge(
    "pennywren_seen_within", "Share of the followed products that were seen within a time; of a sample.", ("within",)
)
FRESHNESS: Final = (_SEEN,)
_SAMPLE: Final = 50_000
_SEEN_WITHIN: Final = """
select avg((last_seen > now() - interval '1 hour')::int)::float as hour,
    avg((last_seen > now() - interval '1 day')::int)::float as day,
    avg((last_seen > now() - interval '7 days')::int)::float as week
from (select coalesce(last_seen, '-infinity') as last_seen from products tablesample system ({percent})
    where retired_at is null limit {sample}) of_some
"""


async def queues(queue: WorkQueue, now: int) -> list[Sample]:
    """How much waits in each queue; `now` in ms."""
    found: list[Sample] = []
    for name in QUEUES:
        count, since = await asyncio.to_thread(queue.waiting, name)
        found.append(Sample(_JOBS, (name,), count))
        found.append(Sample(_OLDEST_JOB, (name,), 0.0 if since is None else max(0.0, (now - since) / SECOND)))
    return found


async def server(client: Client) -> list[Sample]:
    """How full the Redis of prices is, or each primary of a cluster, and whether what it takes is kept."""
    found: list[Sample] = []
    memory = 0.0
    for address, each in await each_server(client):
        info: Any = await each.info()
        durable = info.get("aof_enabled") == 1 and info.get("aof_last_write_status") == "ok"
        memory += info["used_memory"]
        found.append(Sample(_MEMORY, (address,), float(info["used_memory"])))
        found.append(Sample(_LIMIT, (address,), float(info.get("maxmemory", 0))))
        found.append(Sample(_DURABLE, (address,), float(durable)))
    async with client.pipeline(transaction=False) as pipe:
        for n in range(keyspace.PARTITIONS):
            ask_sizes(pipe, n)
        replies: list[Any] = await pipe.execute()
    sizes = sorted(sum(read_sizes(*both)) for both in zip(replies[0::2], replies[1::2], strict=True))
    products, by_size = sum(sizes), {"median": sizes[len(sizes) // 2], "largest": sizes[-1]}
    return [
        *found,
        *([Sample(_BYTES_A_PRODUCT, (), memory / products)] if products else []),
        *(Sample(_PARTITION_BYTES, (of,), memory * size / max(products, 1)) for of, size in by_size.items()),
    ]


async def freshness(pool: Pool) -> list[Sample]:
    """How much of what is followed was seen lately, of a sample that costs the same however much there is."""
    async with transaction(pool) as connection:
        rows = max(await connection.fetchval("select reltuples from pg_class where oid = 'products'::regclass"), 1.0)
        percent = min(100.0, 100.0 * 2 * _SAMPLE / rows)
        row = await connection.fetchrow(_SEEN_WITHIN.format(percent=percent, sample=_SAMPLE))
    if row is None or row["hour"] is None:
        return []
    return [Sample(_SEEN, (within,), row[within]) for within in ("hour", "day", "week")]
