"""Several API processes that hear of one product at the same moment, as two services on the same servers."""

import asyncio
from typing import Final

from pennywren import keyspace
from pennywren.accounts.installs import make_install
from pennywren.model.clock import DAY, HOUR, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.report_batches import Batch
from pennywren.pipeline.report_context import Observation
from pennywren.pipeline.report_following import REPORTS
from pennywren.pipeline.reporting import Reporting
from pennywren.postgres.pool import Pool
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.settings import Settings
from pennywren.store.counters import read
from pennywren.store.store import Store
from pennywren.store.swaps import read_all
from pennywren.trust.asns import Asns
from pennywren.trust.blocking import set_blocked, set_network_blocked
from pennywren.trust.conditions import Conditions
from pennywren.trust.memory import read_reputation, read_said

PRODUCT: Final = ProductID("us", "B08N5WRWNW")
KEY: Final = b"a key of networks"


def seen(price: int) -> Observation:
    return Observation(PRODUCT, Offer.BUYBOX, price, "USD", system_clock(), Conditions())


def service(store: Store, pool: Pool, settings: Settings) -> Reporting:
    return Reporting(store, pool, settings, system_clock, KEY, Asns())


def batch(token: str, network: str, *prices: int) -> Batch:
    return Batch(token, network, tuple(seen(price) for price in prices), None, b"of no matter here")


async def known(store: Store, price: int = 1999) -> None:
    look = Look(PRODUCT, "USD", {Offer.BUYBOX: price}, system_clock() - HOUR)
    await Recorder(store, DAY).record([LookToRecord(look)])


async def test_no_claim_is_lost_where_two_processes_hear_of_one_product_at_once(
    store: Store, pool: Pool, settings: Settings
) -> None:
    await known(store)
    made = [await make_install(store.raw, pool, f"192.0.{n}.0/24", system_clock()) for n in range(24)]
    services = [service(store, pool, settings) for _ in range(2)]

    await asyncio.gather(
        *(services[n % 2].report(batch(token, f"192.0.{n}.0/24", 1500, 1999)) for n, (_, token) in enumerate(made))
    )
    for each in services:
        await each.close()

    (kept,) = await read_all(store.raw, [keyspace.hearsay(PRODUCT)])
    hearsay = read_said(kept)[Offer.BUYBOX]
    names = {install.id for install, _ in made}
    assert {voice.reporter for voice in hearsay.claims} == names
    assert {voice.reporter for voice in hearsay.agreements} == names
    assert len({voice.network for voice in hearsay.claims}) == 24
    assert not any("192.0" in voice.network for voice in hearsay.claims)
    reputations = [read_reputation(of) for of in await read_all(store.raw, [keyspace.reporter(n) for n in names])]
    assert all((round(each.agreed), round(each.claimed)) == (1, 1) for each in reputations)
    assert sum(sample.value for sample in await read(store.client, [REPORTS])) == 48  # type: ignore[union-attr]
    assert await pool.fetchval("select count(*) from report_log") == 24


async def test_who_is_blocked_or_comes_from_a_blocked_network_is_told_so_and_leaves_no_trace(
    store: Store, pool: Pool, settings: Settings
) -> None:
    await known(store)
    reporting = service(store, pool, settings)
    made = [await make_install(store.raw, pool, "192.0.2.0/24", system_clock()) for _ in range(2)]
    await set_blocked(store.raw, made[0][0].id, True, system_clock())
    await set_network_blocked(store.client, "198.51.100.0/24", "a farm")

    first = await reporting.report(batch(made[0][1], "192.0.2.0/24", 1500))
    second = await reporting.report(batch(made[1][1], "198.51.100.0/24", 1500))
    third = await reporting.report(batch(made[1][1], "192.0.2.0/24", 1999))
    await reporting.close()

    assert [told.code for told in (*first, *second, *third)] == ["blocked", "blocked", "confirms"]
    (kept,) = await read_all(store.raw, [keyspace.hearsay(PRODUCT)])
    assert read_said(kept)[Offer.BUYBOX].claims == ()
