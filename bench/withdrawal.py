"""From the decision that a told price was false to the correction that the SMTP server accepted, through all processes.

Most are decided by the rule (the crawls of two other egresses saw the price before), some by an operator's command.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace

import asyncpg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from bench.report import Goal, Section, quantile
from bench.servers import Servers, running
from pennywren import keyspace
from pennywren.local.children import Program
from pennywren.local.ports import free_port
from pennywren.model.clock import rfc3339, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.doubting import Doubting
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.tiering import warm_up
from pennywren.store.connect import connect
from pennywren.store.store import Store
from pennywren.trust.doubts import Doubt, doubt_field

PRODUCTS = 200
BY_COMMAND = 3
"""Of the products, those that an operator withdraws."""
WATCHERS = 5
"""People who are told of each."""
TRUE, FALSE = 1599, 900
WITHIN_S = 600.0
"""What is promised, and how long is waited."""


class _Accepted:
    """When each mail was accepted, by its recipient: first the alert, then the correction."""

    def __init__(self) -> None:
        self.times: defaultdict[str, list[float]] = defaultdict(list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        for recipient in envelope.rcpt_tos:
            self.times[recipient].append(time.monotonic())
        return "250 accepted"

    async def all_have(self, count: int) -> None:
        """Wait until everybody has had so many mails, or patience ends."""
        deadline = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline:
            if sum(len(each) >= count for each in self.times.values()) == PRODUCTS * WATCHERS:
                return
            await asyncio.sleep(0.05)


def _watcher(product: int, n: int) -> str:
    return f"watcher{n}.of{product}@example.com"


class _World:
    """The products, and people who were told a false price of them."""

    def __init__(self, servers: Servers, store: Store) -> None:
        self.servers = servers
        self.store = store
        self.recorder = Recorder(store, 7 * 86_400)
        self.products = [ProductID("us", f"B{number:09d}") for number in range(PRODUCTS)]
        self.seen: dict[ProductID, int] = {}

    async def prepare(self) -> None:
        """Prices, people and watches."""
        await self.store.client.flushall()
        await self._see(TRUE)
        await warm_up(self.store, self.products, system_clock())
        connection = await asyncpg.connect(self.servers.postgres_url)
        try:
            await connection.execute("truncate people, products cascade")
            await connection.execute(
                "insert into products (id, title) select unnest($1::text[]), 'A thing'", [*map(str, self.products)]
            )
            emails = [_watcher(i, n) for i in range(PRODUCTS) for n in range(WATCHERS)]
            wanted = [str(product) for product in self.products for _ in range(WATCHERS)]
            rows = await connection.fetch(
                "with p as (insert into people (email) select unnest($1::text[]) returning id, email) "
                "insert into subscriptions (person_id, product_id, offer, threshold, currency, notification_type) "
                "select p.id, w.product, 'buybox', 1300, 'USD', 'EMAIL' from p "
                "join unnest($1::text[], $2::text[]) as w (email, product) on w.email = p.email "
                "returning id, product_id",
                emails,
                wanted,
            )
        finally:
            await connection.close()
        async with self.store.client.pipeline(transaction=False) as pipe:
            for row in rows:
                pipe.zadd(keyspace.watch(ProductID.parse(row["product_id"]), Offer.BUYBOX), {str(row["id"]): 1300})
            await pipe.execute()

    async def tell(self, accepted: _Accepted) -> None:
        """Let a crawl see the false price, and everybody be told."""
        await self._see(FALSE)
        await accepted.all_have(1)

    async def _see(self, price: int) -> None:
        for product in self.products:
            result = (await self.recorder.record([LookToRecord(Look(product, "USD", {Offer.BUYBOX: price}))]))[0]
            self.seen[product] = result.at

    async def decide(self, product: ProductID) -> None:
        """The second look of another egress sees the price before: the rule says what follows."""
        at = self.seen[product]
        doubt = replace(Doubt(FALSE, TRUE, at, "e1"), against=1, asked=2)
        held = {doubt_field(Offer.BUYBOX): doubt.write()}
        state = await self.store.product(product)
        look = Look(product, "USD", {Offer.BUYBOX: TRUE})
        await Doubting(self.store, "e3", alone=False).looked(look, state, held, {}, None, at + 90_000)

    def command(self, product: ProductID, env: Mapping[str, str]) -> None:
        """What an operator types."""
        words = [
            "trust",
            "withdraw",
            str(product),
            "buybox",
            rfc3339(self.seen[product]),
            "--because",
            "a misread page",
            "--yes",
        ]
        argv = [sys.executable, "-m", "pennywren", *words]
        subprocess.run(argv, check=True, env=dict(env), stdout=subprocess.DEVNULL)

    async def wrong(self) -> int:
        """Products whose series, compactions, low or high know the false price still, or whose watches sleep."""
        connection = await asyncpg.connect(self.servers.postgres_url)
        try:
            unarmed = await connection.fetch("select product_id from subscriptions where last_alert_at is not null")
        finally:
            await connection.close()
        wrong = {row["product_id"] for row in unarmed}
        for product in self.products:
            state = await self.store.product(product)
            offer = state.offers[Offer.BUYBOX] if state is not None else None
            steps = await self.store.steps(product, Offer.BUYBOX, 0, 1 << 48)
            series = self.store.client.ts()
            days = keyspace.compaction(product, Offer.BUYBOX, "day", "min")
            lows = await series.range(days, "-", "+") if await self.store.client.exists(days) else []
            lowest = [price for _, price in steps.prices] + [round(value) for _, value in lows]
            if offer is None or (offer.price, offer.low, offer.high) != (TRUE, TRUE, TRUE) or min(lowest) != TRUE:
                wrong.add(str(product))
        return len(wrong)


async def _withdraw(world: _World, accepted: _Accepted, env: Mapping[str, str]) -> list[float]:
    """Withdraw all; seconds from each decision to each of its corrections."""
    decided: dict[int, float] = {}
    for i, product in enumerate(world.products):
        decided[i] = time.monotonic()
        if i < BY_COMMAND:
            await asyncio.to_thread(world.command, product, env)
        else:
            await world.decide(product)
    await accepted.all_have(2)
    waits: list[float] = []
    for i, at in decided.items():
        for n in range(WATCHERS):
            mails: Sequence[float] = accepted.times[_watcher(i, n)]
            waits += [mails[1] - at] if len(mails) > 1 else []
    return waits


async def _run(servers: Servers, env: Mapping[str, str], accepted: _Accepted) -> tuple[list[float], int]:
    client, bytes_client = connect(servers.redis_url), connect(servers.redis_url, decode=False)
    world = _World(servers, Store(client, bytes_client))
    try:
        await world.prepare()
        with ExitStack() as stack:
            for name, words in {"match": ["match"], "deliver": ["worker", "deliver"]}.items():
                argv = [sys.executable, "-m", "pennywren", *words]
                stack.enter_context(running(Program(name=name, argv=argv, env=env, log=servers.folder / f"{name}.log")))
            await world.tell(accepted)
            waits = await _withdraw(world, accepted, env)
        return waits, await world.wrong()
    finally:
        await client.aclose()
        await bytes_client.aclose()


def measure(servers: Servers) -> Section:
    """The matcher and one delivery worker, as `pennywren up` starts them."""
    accepted = _Accepted()
    controller = Controller(accepted, hostname="127.0.0.1", port=free_port())
    controller.start()
    env = {**os.environ, **servers.environ, "PENNYWREN_SMTP_URL": f"smtp://127.0.0.1:{controller.port}"}
    try:
        waits, wrong = asyncio.run(_run(servers, env, accepted))
    finally:
        controller.stop()
    people = PRODUCTS * WATCHERS
    section = Section(
        "From a withdrawal to its corrections",
        f"{PRODUCTS} prices that {WATCHERS} people each were told are found false, {PRODUCTS - BY_COMMAND} by the rule "
        f"and {BY_COMMAND} by `pennywren trust withdraw`: from the decision to the SMTP server's 250.",
        ["corrections", "p50 s", "p99 s", "slowest s", "products not right again"],
        [
            [
                f"{len(waits):,} of {people:,}",
                *(f"{quantile(waits, share):.2f}" for share in (0.5, 0.99, 1.0)),
                str(wrong),
            ]
        ],
    )
    section.goals.append(Goal("slowest correction", quantile(waits, 1.0), WITHIN_S, at_most=True, unit="s"))
    section.goals.append(Goal("corrections that came", float(len(waits)), people, unit="mails"))
    section.goals.append(
        Goal(
            "series, compactions, low, high or watches not right again", float(wrong), 0, at_most=True, unit="products"
        )
    )
    return section
