"""Several API processes that hear of one product at the same moment, as two services on the same servers."""

import asyncio
from typing import Final

import pytest
from msgspec.structs import replace

from pennywren import keyspace
from pennywren.accounts.installs import make_install
from pennywren.errors import RateLimited
from pennywren.frontier.admission import URGENT_CAP
from pennywren.model.clock import DAY, HOUR, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.report_batches import Batch
from pennywren.pipeline.report_context import Observation
from pennywren.pipeline.report_following import PUT_OFF, REPORTS
from pennywren.pipeline.report_judging import ASKED_LATELY
from pennywren.pipeline.reporting import Reporting
from pennywren.postgres.pool import Pool
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.tiering import warm_up
from pennywren.settings import Settings
from pennywren.store.counters import read
from pennywren.store.round_trip import RoundTrip
from pennywren.store.store import Store
from pennywren.store.swaps import read_all
from pennywren.trust.asns import Asns
from pennywren.trust.believed import ask, read_believed
from pennywren.trust.blocking import set_blocked, set_network_blocked
from pennywren.trust.conditions import Conditions
from pennywren.trust.memory import read_reputation, read_said
from tests.web.site import HandClock

PRODUCT: Final = ProductID("us", "B08N5WRWNW")
KEY: Final = b"a key of networks"


def seen(price: int) -> Observation:
    return Observation(PRODUCT, Offer.BUYBOX, price, "USD", system_clock(), Conditions())


def service(store: Store, pool: Pool, settings: Settings) -> Reporting:
    return Reporting(store, pool, settings, system_clock, KEY, Asns())


def batch(token: str, network: str, *prices: int) -> Batch:
    return Batch(token, network, tuple(seen(price) for price in prices), None, b"of no matter here")


async def reasons(store: Store) -> dict[str, float]:
    """How often each reason was given."""
    return {each.labels[1]: each.value for each in await read(store.client, [REPORTS])}  # type: ignore[union-attr]


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


@pytest.mark.parametrize("limited", ["reports_per_install", "reports_per_network"])
async def test_a_limit_lets_in_exactly_so_many_however_many_processes_hear_them(
    store: Store, pool: Pool, settings: Settings, limited: str
) -> None:
    await known(store)
    # One an hour, of which a whole batch of a hundred may come at once: none comes back while the test runs.
    services = [service(store, pool, replace(settings, **{limited: 1})) for _ in range(3)]
    made = [await make_install(store.raw, pool, "192.0.2.0/24", system_clock()) for _ in range(2)]
    tokens = [made[0][1]] if limited == "reports_per_install" else [token for _, token in made]

    answers = await asyncio.gather(
        *(services[n % 3].report(batch(tokens[n % len(tokens)], "192.0.2.0/24", *[1999] * 7)) for n in range(60)),
        return_exceptions=True,
    )
    for each in services:
        await each.close()

    let_in = [told for told in answers if isinstance(told, list)]
    assert [len(told) for told in let_in] == [7] * 14, "98 of the hundred; two more are no whole batch"
    assert sum(isinstance(each, RateLimited) for each in answers) == 46
    assert sum(sample.value for sample in await read(store.client, [REPORTS])) == 98  # type: ignore[union-attr]


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


async def test_a_report_that_finds_the_urgent_lane_full_is_not_said_to_be_verified_and_is_asked_again(
    store: Store, pool: Pool, settings: Settings
) -> None:
    await known(store)
    await store.client.zadd(keyspace.watch(PRODUCT, Offer.BUYBOX), {str(i): 1600 for i in range(50)})
    urgent = keyspace.urgent(keyspace.partition_of(PRODUCT))
    await store.client.zadd(urgent, {f"us:B{i:09d}": i for i in range(URGENT_CAP)})
    clock = HandClock()
    reporting = Reporting(store, pool, settings, clock, KEY, Asns())
    made = [await make_install(store.raw, pool, f"192.0.{n}.0/24", clock.now) for n in range(3)]

    await reporting.report(batch(made[0][1], "192.0.0.0/24", 1500))
    assert await store.client.zscore(urgent, str(PRODUCT)) is None
    await store.client.delete(urgent)
    clock.now += ASKED_LATELY
    await reporting.report(batch(made[1][1], "192.0.1.0/24", 1500))
    assert await store.client.zscore(urgent, str(PRODUCT)) is not None
    clock.now += ASKED_LATELY
    await reporting.report(batch(made[2][1], "192.0.2.0/24", 1500))
    await reporting.close()

    assert await reasons(store) == {"worth_a_crawl": 2, "being_verified": 1}
    (sample,) = await read(store.client, [PUT_OFF])
    assert sample.value == 1  # type: ignore[union-attr]


async def test_a_claim_is_held_against_the_range_of_the_last_90_days(store: Store) -> None:
    now = system_clock()
    for days, price in ((400, 500), (300, 4000), (100, 2100), (40, 1900), (1, 2000)):
        look = Look(PRODUCT, "USD", {Offer.BUYBOX: price}, now - days * DAY)
        await Recorder(store, 1000 * DAY).record([LookToRecord(look)])
    trip = RoundTrip(store.raw)
    place = ask(trip, PRODUCT, [(Offer.BUYBOX, 1500), (Offer.BUYBOX, 2000), (Offer.USED, 900)], now)
    claim, agreement, unknown = read_believed((await trip.send())[place]).claims
    assert (claim.low, claim.high) == (1900, 2100), "2100 still held 90 days ago"
    assert (agreement.low, agreement.high) == (500, 4000), "what agrees is held against nothing"
    assert (unknown.low, unknown.high) == (None, None)
    # It was packed so far; with series it is the same.
    await warm_up(store, [PRODUCT], now)
    trip = RoundTrip(store.raw)
    place = ask(trip, PRODUCT, [(Offer.BUYBOX, 1500)], now)
    assert read_believed((await trip.send())[place]).claims == (claim,)
    await store.client.delete(keyspace.raw(PRODUCT, Offer.BUYBOX))
    trip = RoundTrip(store.raw)
    place = ask(trip, PRODUCT, [(Offer.BUYBOX, 1500)], now)
    (claim,) = read_believed((await trip.send())[place]).claims
    assert (claim.low, claim.high) == (500, 4000), "without a series all that is known counts"
