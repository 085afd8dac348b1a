"""Attacks and true drops as stories: from what browsers say over a crawl to who is told what."""

from datetime import timedelta

import httpx
import pytest

from pennywren import keyspace
from pennywren.frontier.admission import Admission, admit_all
from pennywren.frontier.claiming import Lease, claim
from pennywren.match import index
from pennywren.match.index import Watch
from pennywren.model.clock import DAY, SECOND
from pennywren.model.offer import Offer
from pennywren.model.provenance import Ground, Provenance
from pennywren.observe.outcome import Meaning, Outcome
from pennywren.observe.page.reading import OfferReading, PageReading
from pennywren.pipeline.concluding import Conclusions
from pennywren.pipeline.matching import Matcher
from pennywren.record.recording import Recorder
from pennywren.store.proofs import proofs_of
from pennywren.store.swaps import read_all
from pennywren.trust.hearsay import Hearsay
from pennywren.trust.memory import read_reputation, read_said
from pennywren.trust.reputation import Reputation
from pennywren.workqueue import WorkQueue
from tests.web.reports import browser_of
from tests.web.site import PRODUCT, Site

N = keyspace.partition_of(PRODUCT)


async def urgent(site: Site) -> float | None:
    return await site.resources.client.zscore(keyspace.urgent(N), str(PRODUCT))


async def lease_of(site: Site) -> Lease:
    """The product's turn has come: because it is in the urgent lane, else because we put it there."""
    if await urgent(site) is None:
        await admit_all(site.resources.client, [Admission(PRODUCT, urgent=True)])
    claimed = await claim(site.resources.client, N, "us", urgent_first=1)
    (lease,) = claimed.leases
    return lease


async def crawl(site: Site, price: int | None, lease: Lease | None = None) -> None:
    """A crawl sees a price of the product."""
    store = site.resources.store
    conclusions = Conclusions(store, Recorder(store, site.resources.settings.gap_after), 1)
    known = await conclusions.known(PRODUCT)
    reading = PageReading(
        kind="product",
        product_id=str(PRODUCT),
        offers={"buybox": OfferReading(price=price, currency="USD")},
        availability="in_stock",
    )
    await conclusions.seen(lease or await lease_of(site), known, reading, site.clock())


async def alerts(site: Site) -> list[int]:
    """Match what has changed; the prices that somebody is told."""
    resources = site.resources
    queue = WorkQueue(resources.settings.queue_url or "")
    matcher = Matcher(resources.store, resources.pool, queue, resources.clock, cooldown=timedelta(0))
    while await matcher.step(wait=0.01):
        pass
    queue.close()
    return [row["new_price"] for row in await resources.pool.fetch("select new_price from alerts order by id")]


async def proofs(site: Site) -> list[Provenance]:
    return list((await proofs_of(site.resources.client, PRODUCT)).samples.values())


async def hearsay(site: Site) -> Hearsay:
    (kept,) = await read_all(site.resources.store.raw, [keyspace.hearsay(PRODUCT)])
    return read_said(kept).get(Offer.BUYBOX, Hearsay())


async def reputation(site: Site, name: str) -> Reputation:
    (kept,) = await read_all(site.resources.store.raw, [keyspace.reporter(name)])
    return read_reputation(kept)


@pytest.fixture
async def phone(site: Site, owner: httpx.AsyncClient) -> Site:
    """Crawled just now at 999.00; somebody waits for 800.00, and the index has fifty more who do."""
    await site.record(99_900)
    await admit_all(site.resources.client, [Admission(PRODUCT, site.clock() + DAY)])
    wish = {"productID": str(PRODUCT), "threshold": 80_000, "notificationType": "EMAIL"}
    assert (await owner.post("/subscriptions", json=wish)).status_code == 201
    await index.add(site.resources.client, *(Watch(10**6 + n, PRODUCT, Offer.BUYBOX, 80_000) for n in range(50)))
    # Whoever subscribes has the product crawled at once.
    await crawl(site, 99_900)
    return site


async def test_a_liars_phone_for_a_cent_is_told_to_nobody_and_refuted_by_the_next_crawl(phone: Site) -> None:
    liar = await browser_of(phone)
    assert await liar.report(1) == ["held unverified"]
    assert await alerts(phone) == []
    await crawl(phone, 99_900)

    assert await alerts(phone) == []
    said = await hearsay(phone)
    assert (said.claims, [each.price for each in said.refuted]) == ((), [1])
    assert (await reputation(phone, liar.id)).wrong > 0


async def test_an_army_that_agrees_on_a_false_price_buys_one_crawl_and_no_alert(phone: Site) -> None:
    army = [await browser_of(phone, n) for n in range(1, 20)]
    for each in army:
        await each.report(60_000)
    assert await urgent(phone) is not None
    await crawl(phone, 99_900)

    assert await alerts(phone) == []
    assert await urgent(phone) is None
    assert [each.price for each in (await hearsay(phone)).refuted] == [60_000]
    for each in army:
        assert (await reputation(phone, each.id)).wrong > 0


async def test_a_true_drop_that_three_report_is_crawled_urgently_and_then_told(phone: Site) -> None:
    honest = [await browser_of(phone, n) for n in (1, 2, 3)]
    for each in honest:
        assert await each.report(75_000) == ["held unverified"]
    assert await alerts(phone) == []
    asked = await urgent(phone)
    assert asked is not None
    assert asked < phone.clock()
    lease = await lease_of(phone)
    assert (lease.product, lease.lane) == (PRODUCT, "urgent")
    await crawl(phone, 75_000, lease)

    assert await alerts(phone) == [75_000]
    assert (await hearsay(phone)).claims == ()
    assert [(of.ground, of.reporters) for of in await proofs(phone)] == [(Ground.VERIFIED, 3)]
    for each in honest:
        assert (await reputation(phone, each.id)).right > 0


async def test_while_the_shop_cannot_be_reached_what_is_held_stays_held(phone: Site) -> None:
    browser = await browser_of(phone)
    await browser.report(75_000)
    store = phone.resources.store
    conclusions = Conclusions(store, Recorder(store, phone.resources.settings.gap_after), 1)
    known = await conclusions.known(PRODUCT)
    await conclusions.not_seen(await lease_of(phone), known, Meaning(Outcome.UNREACHABLE, "timeout"), phone.clock())

    assert [voice.price for voice in (await hearsay(phone)).claims] == [75_000]
    assert await (await browser_of(phone, 2)).report(75_000) == ["held shop_unreachable"]
    await crawl(phone, 75_000)
    assert await alerts(phone) == [75_000]


async def test_a_small_move_that_reports_recorded_is_told_when_a_crawl_has_seen_it(
    site: Site, owner: httpx.AsyncClient
) -> None:
    await site.record(2000)
    await admit_all(site.resources.client, [Admission(PRODUCT, site.clock() + DAY)])
    real = site.clock.now
    for n in range(1, 9):
        # Some time after the last look, so that a change is no surprise; what is seen is stamped before now.
        browser = await browser_of(site, n)
        site.clock.now = real + 50 * SECOND
        assert await browser.report(1960) in (["held unverified"], ["accepted confirms"])
    state = await site.resources.store.product(PRODUCT)
    assert state
    offer = state.offers[Offer.BUYBOX]
    assert (offer.price, offer.crawled, offer.crawled_price) == (1960, False, 2000)
    assert await alerts(site) == []

    wish = {"productID": str(PRODUCT), "threshold": 1970, "notificationType": "EMAIL"}
    assert (await owner.post("/subscriptions", json=wish)).json()["alreadyMet"] is False
    (before,) = await proofs(site)
    assert (before.ground, before.reporters >= 3, before.crawled_at) == (Ground.CORROBORATED, True, None)
    await crawl(site, 1960)
    assert await alerts(site) == [1960]
    (after,) = await proofs(site)
    assert (after.ground, after.crawled_at) == (Ground.CORROBORATED, site.clock())


async def test_members_prices_leave_no_trace(phone: Site) -> None:
    browser, before = await browser_of(phone), await hearsay(phone)
    assert await browser.report(75_000, context={"memberPrice": True}) == ["rejected member_price"]

    assert await hearsay(phone) == before
