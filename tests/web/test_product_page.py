"""What the page of a product says of its price, and what it does not."""

import httpx

from pennywren.model.clock import DAY
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.record.recording import LookToRecord, Recorder
from tests.web.site import PRODUCT, Site

ADDRESS = f"/products/{PRODUCT}"


async def test_a_price_is_judged_only_where_somebody_has_looked_lately(site: Site, browser: httpx.AsyncClient) -> None:
    at = site.clock()
    for days, price in ((60, 2999), (40, 3999), (20, 2499), (0, 2999)):
        await site.record(price, at=at - days * DAY)
    now = (await browser.get(ADDRESS)).text
    site.clock.now += 8 * DAY
    later = (await browser.get(ADDRESS)).text

    assert "A usual price, 5% below its average of 90 days" in now
    assert "Nobody has looked since" not in now
    assert "Nobody has looked since" in later
    assert "its average of 90 days" not in later


async def test_who_runs_no_script_is_told_that_a_page_stands_still(site: Site, browser: httpx.AsyncClient) -> None:
    await site.record(1999)

    assert "load it again to see what is new" in (await browser.get(ADDRESS)).text


async def test_where_the_buy_box_never_had_a_price_another_offer_is_drawn(
    site: Site, browser: httpx.AsyncClient
) -> None:
    seen = Look(PRODUCT, "USD", {Offer.BUYBOX: None, Offer.NEW: None, Offer.USED: 3399})
    await Recorder(site.resources.store, site.resources.settings.gap_after).record([LookToRecord(seen)])
    page = (await browser.get(f"/products/{PRODUCT}")).text

    assert "No offer" in page
    assert page.count('class="price-chart"') == 2
    assert f"Lowest used price of {PRODUCT}. Only one price in the time shown: $33.99." in page
    assert 'data-offers="buybox' in page
