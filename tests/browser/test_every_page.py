"""Every page, in both themes, narrow and wide: axe finds nothing serious, nothing is wider than the screen."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from pennywren.local.shop.goods import GOODS, HERO
from tests.browser.axe import judge_at_all_widths
from tests.browser.demo import Demo, Visitor, link, visitor

OPEN = [
    "/",
    f"/products/{HERO.id}",
    "/products/us:B0NOTTHERE",
    "/products/us:nonsense",
    "/about",
    "/privacy",
    "/status",
    "/developers",
    "/sign-in",
    "/mailbox",
    "/problems/plan-limit",
    "/nothing/here",
]

OWN = [
    "/account/preferences",
    "/account/phones",
    "/account/push-subscriptions",
    "/account/webhooks",
    "/account/email",
    "/account/deliveries",
    "/account/connections",
    "/account/sessions",
    "/account/import",
    "/account/bought",
    "/account/data",
    "/account/delete",
]


@pytest.fixture
async def reader(demo: Demo, chromium: Browser) -> AsyncIterator[Visitor]:
    """Somebody whose pages are looked at."""
    found = await visitor(demo, chromium)
    yield found
    await found.context.close()


async def _settle(person: Visitor, path: str) -> None:
    await person.go(path)
    if await person.page.locator("[data-chart]").count():
        await person.page.locator(".pw-plot").wait_for()


async def test_open_pages_are_for_everybody(reader: Visitor) -> None:
    async with asyncio.timeout(30):  # the first crawl of the shop's most wanted product
        while not await reader.page.locator("[data-chart]").count():
            await reader.go(f"/products/{HERO.id}")
    wrong: list[str] = []
    for path in OPEN:
        await _settle(reader, path)
        wrong += await judge_at_all_widths(reader.page)
    proof = await _first_proof(reader)
    await _settle(reader, proof)
    wrong += await judge_at_all_widths(reader.page)
    # A form that is shown again: what is wrong has the focus, and is read out with it.
    await _settle(reader, f"/products/{HERO.id}")
    await reader.page.get_by_label("Your e-mail address").fill("grace@example.com")
    await reader.page.get_by_label(re.compile("Or at or below")).fill("cheap")
    await reader.page.get_by_role("button", name="Watch this price").click()
    amount = reader.page.get_by_label(re.compile("Or at or below"))
    await expect(amount).to_be_focused()
    await expect(amount).to_have_accessible_description(re.compile("is not an amount"))
    await expect(amount).to_have_value("cheap")
    await expect(reader.page.get_by_label("Your e-mail address")).to_have_value("grace@example.com")
    wrong += await judge_at_all_widths(reader.page)
    assert wrong == []
    # A page that is not there is told so by the browser itself; nothing else may be.
    assert [each for each in reader.complaints if "status of 40" not in each] == []
    assert await reader.context.cookies() == []


async def test_a_persons_own_pages_are_for_everybody(reader: Visitor) -> None:
    await reader.sign_in("mary@example.com")
    wrong = await judge_at_all_widths(reader.page)
    for good in GOODS[:2]:
        await _settle(reader, f"/products/{good.id}")
        await reader.page.get_by_label(re.compile("Or at or below")).fill("1")
        await reader.page.get_by_role("button", name="Watch this price").click()
        await reader.page.wait_for_url("**/account#watch-*")
    wrong += await judge_at_all_widths(reader.page)
    for path in OWN:
        await _settle(reader, path)
        wrong += await judge_at_all_widths(reader.page)
    # The demo's own person is told of the drop by now, or soon.
    mail = await reader.mail("/unsubscribe/", str(HERO.id))
    for path in ("/watch/", "/unsubscribe/"):
        await _settle(reader, link(mail, path))
        wrong += await judge_at_all_widths(reader.page)
    assert wrong == []
    assert reader.complaints == []


async def _first_proof(person: Visitor) -> str:
    await person.go(f"/products/{HERO.id}")
    return str(await person.page.locator("a[href*='/proof']").first.get_attribute("href"))
