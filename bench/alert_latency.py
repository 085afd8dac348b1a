"""From a price that our crawl saw to the mail that the SMTP server accepted, through all processes."""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack

import asyncpg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from bench import fan_out
from bench.report import Goal, Section, quantile
from bench.servers import Servers, running
from pennywren import keyspace
from pennywren.local.children import Program
from pennywren.local.ports import free_port
from pennywren.model.clock import system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.postgres.pool import open_pool
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.tiering import warm_up
from pennywren.store.connect import connect
from pennywren.store.store import Store

CHANGES = 2_000
PER_SECOND = 100
LOADED = 1_000_000
"""Watches of other products that lie in PostgreSQL and in the index meanwhile."""
LOADED_PRODUCTS = 100_000
PATIENCE_S = 60
DELIVERERS = 1


class _Accepted:
    """Notes when each mail was accepted, by its recipient: each product has a watcher of its own."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        for recipient in envelope.rcpt_tos:
            self.times.setdefault(recipient, time.monotonic())
        return "250 accepted"


async def _prepare(servers: Servers, products: Sequence[ProductID]) -> None:
    client, bytes_client = connect(servers.redis_url), connect(servers.redis_url, decode=False)
    await client.flushall()
    recorder = Recorder(Store(client, bytes_client), 7 * 86_400)
    # As whoever subscribes does; what nobody watches is kept by the second, and could seem older than its watch.
    await warm_up(Store(client, bytes_client), products, system_clock())
    await recorder.record([LookToRecord(Look(product, "USD", {Offer.BUYBOX: 1599})) for product in products])
    pool = await open_pool(servers.postgres_url, size=1)
    await fan_out.load_spread(pool, client, LOADED, LOADED_PRODUCTS)
    await pool.close()
    connection = await asyncpg.connect(servers.postgres_url)
    try:
        await connection.execute(
            "insert into products (id, title) select unnest($1::text[]), 'A thing'", [*map(str, products)]
        )
        emails = [f"watcher{i}@example.com" for i in range(len(products))]
        rows = await connection.fetch(
            "with p as (insert into people (email) select unnest($1::text[]) returning id, email) "
            "insert into subscriptions (person_id, product_id, offer, threshold, currency, notification_type) "
            "select p.id, w.product, 'buybox', 1300, 'USD', 'EMAIL' from p "
            "join unnest($1::text[], $2::text[]) as w (email, product) on w.email = p.email returning id, product_id",
            emails,
            [*map(str, products)],
        )
    finally:
        await connection.close()
    async with client.pipeline(transaction=False) as pipe:
        for row in rows:
            pipe.zadd(keyspace.watch(ProductID.parse(row["product_id"]), Offer.BUYBOX), {str(row["id"]): 1300})
        await pipe.execute()
    await client.aclose()
    await bytes_client.aclose()


async def _drop(servers: Servers, products: Sequence[ProductID], accepted: _Accepted) -> list[float]:
    """Record one drop after another at a steady pace; seconds from each to its mail."""
    client, bytes_client = connect(servers.redis_url), connect(servers.redis_url, decode=False)
    recorder = Recorder(Store(client, bytes_client), 7 * 86_400)
    seen: dict[str, float] = {}
    begin = time.monotonic()
    for i, product in enumerate(products):
        await asyncio.sleep(max(0.0, begin + i / PER_SECOND - time.monotonic()))
        seen[f"watcher{i}@example.com"] = time.monotonic()
        await recorder.record([LookToRecord(Look(product, "USD", {Offer.BUYBOX: 1299}))])
    deadline = time.monotonic() + PATIENCE_S
    while len(accepted.times) < len(products) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    await client.aclose()
    await bytes_client.aclose()
    return [accepted.times[who] - at for who, at in seen.items() if who in accepted.times]


def measure(servers: Servers) -> Section:
    """The matcher and the delivery workers, as `pennywren match` and `pennywren worker deliver` start them."""
    accepted = _Accepted()
    controller = Controller(accepted, hostname="127.0.0.1", port=free_port())
    controller.start()
    env = {**os.environ, **servers.environ, "PENNYWREN_SMTP_URL": f"smtp://127.0.0.1:{controller.port}"}
    products = [ProductID("us", f"B{number:09d}") for number in range(CHANGES)]
    try:
        asyncio.run(_prepare(servers, products))
        with ExitStack() as stack:
            workers = {f"deliver-{number}": ["worker", "deliver"] for number in range(DELIVERERS)}
            for name, words in {"match": ["match"], **workers}.items():
                argv = [sys.executable, "-m", "pennywren", *words]
                stack.enter_context(running(Program(name=name, argv=argv, env=env, log=servers.folder / f"{name}.log")))
            waits = asyncio.run(_drop(servers, products, accepted))
    finally:
        controller.stop()
    section = Section(
        "From seen to mailed",
        f"{CHANGES:,} price drops, {PER_SECOND} a second, one watcher each, with {LOADED:,} watches of other products "
        f"loaded and {DELIVERERS} delivery worker: from the moment before recording to the SMTP server's 250.",
        ["mails", "p50 s", "p95 s", "p99 s", "slowest s"],
        [[f"{len(waits):,} of {CHANGES:,}", *(f"{quantile(waits, share):.2f}" for share in (0.5, 0.95, 0.99, 1.0))]],
    )
    section.goals.append(Goal("p99 from seen to mailed", quantile(waits, 0.99), 2.0, at_most=True, unit="s"))
    section.goals.append(Goal("mails that came", float(len(waits)), CHANGES, unit="mails"))
    section.limits.append(
        "What limits it: an RQ worker forks for each job and connects to PostgreSQL and SMTP anew; the "
        "busier it is, the more a job takes along."
    )
    return section
