"""What a report does to the time at which we look next: a trusted one is a look, another one a hint."""

from pennywren import keyspace
from pennywren.frontier.admission import Admission, admit_all
from pennywren.frontier.score import time_of
from pennywren.match import index
from pennywren.match.index import Watch
from pennywren.model.clock import DAY, SECOND
from pennywren.model.offer import Offer
from pennywren.model.series import OfferState
from tests.frontier_places import score_of
from tests.web.reports import browser_of
from tests.web.site import PRODUCT, Site


async def believed(site: Site) -> OfferState:
    state = await site.resources.store.product(PRODUCT)
    assert state
    return state.offers[Offer.BUYBOX]


async def due(site: Site) -> int:
    score = await score_of(site.resources.client, PRODUCT)
    assert score is not None
    return time_of(score)


async def _looked_at(site: Site, *, due_in: int) -> int:
    """Crawled just now, and due in so many ms; when it was crawled."""
    await site.record(1999)
    seen = (await believed(site)).last_seen
    await admit_all(site.resources.client, [Admission(PRODUCT, seen + due_in)])
    site.clock.now = seen + 60 * SECOND
    return seen


async def test_a_trusted_report_is_a_look_and_the_next_one_of_ours_can_wait(site: Site) -> None:
    seen = await _looked_at(site, due_in=61 * SECOND)
    assert await (await browser_of(site)).report(1999) == ["accepted confirms"]
    assert (await believed(site)).last_seen == site.clock()
    assert await due(site) >= seen + 60 * SECOND + site.resources.settings.recrawl_after * SECOND


async def test_where_somebody_waits_a_new_install_that_agrees_puts_nothing_off(site: Site) -> None:
    seen = await _looked_at(site, due_in=61 * SECOND)
    await index.add(site.resources.client, Watch(1, PRODUCT, Offer.BUYBOX, 1500))
    assert await (await browser_of(site)).report(1999) == ["accepted confirms"]
    assert (await believed(site)).last_seen == seen
    assert await due(site) == seen + 61 * SECOND


async def test_an_untrusted_report_brings_our_look_forward_and_changes_no_price(site: Site) -> None:
    seen = await _looked_at(site, due_in=30 * DAY)
    assert await (await browser_of(site)).report(1899) == ["held unverified"]
    assert ((await believed(site)).price, (await believed(site)).last_seen) == (1999, seen)
    assert await site.resources.client.exists(keyspace.urgent(keyspace.partition_of(PRODUCT))) == 0
    brought_forward = await due(site)
    assert brought_forward < seen + DAY
    assert await (await browser_of(site, 2)).report(1899) == ["held unverified"]
    assert await due(site) == brought_forward, "said again within ten minutes"
