"""The website as it runs in production, one process, with products that have a past; for the benches of pages."""

import math
import random
import sys
import time
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

from bench.servers import Servers, running
from pennywren.local.children import Program
from pennywren.local.ports import free_port
from pennywren.model.clock import DAY, HOUR, MINUTE, system_clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import State, Steps
from pennywren.postgres import catalogue
from pennywren.postgres.catalogue import CatalogueEntry
from pennywren.postgres.pool import open_pool
from pennywren.record.rewriting import rewrite
from pennywren.store.connect import connect
from pennywren.store.store import Store

CURRENCY = "USD"


def products(count: int) -> list[ProductID]:
    """Ids of so many products."""
    return [ProductID("us", f"B0SITE{number:04}") for number in range(count)]


def past(seed: int, changes: int, days: int) -> Steps:
    """Prices that come and go, a time without an offer and one in which nobody looked; all of it invented."""
    chance, now = random.Random(seed), system_clock()
    times = sorted(chance.sample(range(HOUR, days * DAY, MINUTE), changes), reverse=True)
    # Each differs from the one before: even ones are even, odd ones odd.
    level = [5000 + int(800 * math.sin(n / 3)) + chance.randrange(-300, 300) for n in range(changes)]
    prices = [(now - at, level[n] // 2 * 2 + n % 2) for n, at in enumerate(times)]
    states = [(now - at * days * DAY // 10, state) for at, state in (
        (6, State.NO_OFFER), (5, State.OFFERED), (4, State.NOT_OBSERVED), (3, State.OFFERED)
    )]  # fmt: skip
    return Steps(prices, states, now - MINUTE)


async def fill(servers: Servers, known: Sequence[ProductID], changes: int = 80, days: int = 500) -> None:
    """Give each product a title and a past; the first has a second offer, too."""
    client, bytes_client = connect(servers.redis_url), connect(servers.redis_url, decode=False)
    pool = await open_pool(servers.postgres_url, size=2)
    try:
        await client.flushall()
        store = Store(client, bytes_client)
        await catalogue.upsert(
            pool, [CatalogueEntry(each, f"An invented kettle of the kind {each.asin}, 1 l, steel") for each in known]
        )
        for number, each in enumerate(known):
            offers = {Offer.BUYBOX: past(number, changes, days)}
            if number == 0:
                offers[Offer.USED] = past(-1, changes // 2, days)
            await rewrite(store, each, CURRENCY, offers, reason="import", expected_version=0)
    finally:
        await pool.close()
        await client.aclose()
        await bytes_client.aclose()


@contextmanager
def website(servers: Servers, more: Mapping[str, str] | None = None) -> Generator[str]:
    """One process of the website, with `more` settings; its address."""
    port = free_port()
    env = {
        **servers.environ,
        "PENNYWREN_HTTP_PORT": str(port),
        # All visitors of a bench come from one address.
        "PENNYWREN_STREAMS_PER_NETWORK": "10000",
        "PATH": "/usr/bin:/bin",
        **(more or {}),
    }
    argv = [sys.executable, "-m", "pennywren", "api"]
    with running(Program(name="website", argv=argv, env=env, log=servers.folder / "website.log")):
        address = f"http://127.0.0.1:{port}"
        for _ in range(400):
            try:
                with urllib.request.urlopen(f"{address}/healthz"):
                    break
            except OSError:
                time.sleep(0.05)
        else:
            raise RuntimeError("the website does not answer")
        yield address
