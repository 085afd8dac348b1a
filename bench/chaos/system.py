"""A system for one run: servers behind proxies, products and subscriptions, and the processes of `pennywren up`."""

import asyncio
import os
import random
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from bench.chaos.judging import Decided, Watcher
from bench.chaos.mail_peer import MailPeer, mail_peer
from bench.chaos.prices import LEAST, MOST, Prices, post
from bench.chaos.processes import Processes
from bench.chaos.proxy import Proxy, proxy_to
from pennywren import keyspace
from pennywren.frontier.admission import Admission, admit_all
from pennywren.local.children import Program
from pennywren.local.ports import free_port
from pennywren.local.postgres import embedded_postgres
from pennywren.local.redis import embedded_redis
from pennywren.match import hints
from pennywren.model.clock import HOUR, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.watch_rebuild import rebuild_watches
from pennywren.postgres.migrate import migrate
from pennywren.postgres.pool import open_pool
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.connect import connect
from pennywren.store.store import Store


@dataclass(frozen=True)
class Size:
    """How large a system is."""

    products: int
    watchers: int
    egresses: int
    per_second: float
    """Prices that move in a second."""
    deliverers: int
    api: bool = True


@dataclass
class System:
    """What runs, and what the judge needs."""

    size: Size
    processes: Processes
    proxies: dict[str, Proxy]
    mails: MailPeer
    prices: Prices
    products: list[ProductID]
    watchers: list[Watcher]
    postgres_url: str

    async def unread(self) -> int:
        """Partitions with changes that the matcher has not handled."""
        partitions = sorted({keyspace.partition_of(product) for product in self.products})
        return len(await hints.waiting(self.prices.store.client, hints.GROUP, partitions))

    async def decided(self) -> list[Decided]:
        """All alerts."""
        connection = await asyncpg.connect(self.postgres_url)
        try:
            rows = await connection.fetch("select id, subscription_id, old_price, new_price, state from alerts")
        finally:
            await connection.close()
        return [Decided(*row) for row in rows]


RECOVERY = {
    "ALERT_COOLDOWN": "0",
    "RECRAWL_AFTER": "2",
    "CRAWL_LEASE": "8",
    "MATCH_LEASE": "5",
    "DELIVERY_LEASE": "12",
    "DELIVERY_RETRY": "2",
    "SMTP_CONNECTIONS": "1",  # so that one kill repeats one mail at most
    "SWEEP_EVERY": "4",
    "QUEUE_LOST_AFTER": "10",
    "WORKER_LOST_AFTER": "4",
    "FREE_SUBSCRIPTIONS": "1000000",
}
"""Recovery within seconds, where production takes a minute or two."""


@asynccontextmanager
async def system(size: Size, chance: random.Random) -> AsyncGenerator[System]:
    """Start everything; end everything, and forget it."""
    folder = Path(tempfile.mkdtemp(prefix="pennywren-chaos-"))
    processes = Processes(chance)
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(processes.stop_all)
        redis = embedded_redis("redis", folder / "redis", logs=folder)
        queue = embedded_redis("queue", folder / "queue", logs=folder, time_series=False)
        postgres = embedded_postgres(folder / "postgres", logs=folder)
        mails = await stack.enter_async_context(mail_peer(chance))
        urls = {
            "redis": redis.url,
            "queue": queue.url,
            "postgres": postgres.url,
            "smtp": f"smtp://127.0.0.1:{mails.port}",
        }
        proxies = {
            name: await stack.enter_async_context(proxy_to(urlsplit(url).port or 0)) for name, url in urls.items()
        }
        for part in (redis, queue, postgres):
            processes.start(part.program)
        for part in (redis, queue, postgres):
            await processes.wait_until(part.is_ready, part.program.name)
        await asyncio.to_thread(migrate, postgres.url)
        shop_port = free_port()
        base = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
        shop = Program(
            name="shop",
            argv=[sys.executable, "-m", "pennywren.local.shop", "--port", str(shop_port)],
            env=base,
            log=folder / "shop.log",
        )
        # The oracle is not killed.
        oracle = Processes(chance)
        stack.callback(oracle.stop_all)
        oracle.start(shop)
        client, bytes_client = connect(redis.url), connect(redis.url, decode=False)
        stack.push_async_callback(client.aclose)
        stack.push_async_callback(bytes_client.aclose)
        store = Store(client, bytes_client)
        products = [ProductID("us", f"B{number:09d}") for number in range(size.products)]
        begin = {str(product): chance.randrange(LEAST, MOST) for product in products}
        await _until_listening(shop_port)
        await post(shop_port, begin)
        watchers = await _fill(store, postgres.url, products, begin, size, chance)
        env = base | {f"PENNYWREN_{name}": value for name, value in RECOVERY.items()}
        env |= {
            "PENNYWREN_DATA_DIR": str(folder / "data"),
            "PENNYWREN_HTTP_PORT": str(free_port()),
            "PENNYWREN_SHOP_ORIGINS": f"us=http://127.0.0.1:{shop_port}",
            "PENNYWREN_EGRESSES": ",".join(
                f"e{i}=direct@127.0.{20 + i // 200}.{1 + i % 200}" for i in range(size.egresses)
            ),
            **{f"PENNYWREN_{name.upper()}_URL": _through(url, proxies[name]) for name, url in urls.items()},
        }
        for program in _parts(size, env, folder):
            processes.start(program)
        prices = Prices(shop_port, store, chance, {product: [price] for product, price in begin.items()})
        yield System(size, processes, proxies, mails, prices, products, watchers, postgres.url)


def _parts(size: Size, env: dict[str, str], folder: Path) -> list[Program]:
    crawlers = -(-size.egresses // 20)
    words = {
        "match": ["match"],
        "schedule": ["schedule"],
        "worker-upkeep": ["worker", "upkeep"],
        **({"api": ["api"]} if size.api else {}),
        **{f"worker-crawl-{i}": ["worker", "crawl"] for i in range(1, crawlers + 1)},
        **{f"worker-deliver-{i}": ["worker", "deliver"] for i in range(1, size.deliverers + 1)},
    }
    return [
        Program(name=name, argv=[sys.executable, "-m", "pennywren", *argv], env=env, log=folder / f"{name}.log")
        for name, argv in words.items()
    ]


def _through(url: str, proxy: Proxy) -> str:
    parts = urlsplit(url)
    login = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    return urlunsplit(parts._replace(netloc=f"{login}127.0.0.1:{proxy.port}"))


async def _until_listening(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def _fill(
    store: Store, postgres_url: str, products: list[ProductID], begin: dict[str, int], size: Size, chance: random.Random
) -> list[Watcher]:
    """Record the first prices, make the subscriptions, and let everything be due."""
    recorder = Recorder(store, 7 * 86_400)
    looks = [LookToRecord(Look(product, "USD", {Offer.BUYBOX: begin[str(product)]})) for product in products]
    for start in range(0, len(looks), 500):
        await recorder.record(looks[start : start + 500])
    pool = await open_pool(postgres_url, size=2)
    try:
        rows = [(i, str(chance.choice(products)), chance.randrange(LEAST, MOST)) for i in range(size.watchers)]
        async with pool.acquire() as connection:
            await connection.execute(
                "insert into products (id, title) select unnest($1::text[]), 'A thing'", [*map(str, products)]
            )
            made = await connection.fetch(
                """
                with wished as (
                    select * from unnest($1::text[], $2::text[], $3::bigint[]) as w (email, product, threshold)
                ), person as (insert into people (email) select email from wished returning id, email)
                insert into subscriptions
                    (person_id, product_id, offer, threshold, currency, notification_type, armed_at)
                select person.id, product, 'buybox', threshold, 'USD', 'EMAIL', clock_timestamp()
                from wished join person on person.email = wished.email::citext
                returning id, product_id, threshold
                """,
                [f"watcher{i}@example.com" for i, _, _ in rows],
                [product for _, product, _ in rows],
                [threshold for _, _, threshold in rows],
            )
        await rebuild_watches(store, pool, system_clock())
    finally:
        await pool.close()
    await admit_all(store.client, [Admission(product, system_clock() - HOUR) for product in products])
    return [Watcher(row["id"], row["product_id"], row["threshold"]) for row in made]
