"""A person's way through the whole: with a mouse, with a keyboard, without a script."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from tests.browser.demo import Demo, Visitor, link, visitor


@pytest.fixture
async def person(demo: Demo, chromium: Browser) -> AsyncIterator[Visitor]:
    """Somebody new with an ordinary browser, who must not be given a reason to complain."""
    found = await visitor(demo, chromium)
    yield found
    await found.context.close()
    assert found.complaints == []


async def test_from_a_pasted_link_to_a_mail_and_out_again(demo: Demo, person: Visitor) -> None:
    page, product = person.page, "us:B0JOURNEY1"
    demo.set_price(product, 4999)
    await person.go("/")
    await page.get_by_label("Product link or ASIN").fill("https://www.amazon.com/Some-Kettle/dp/B0JOURNEY1?th=1")
    await page.get_by_role("button", name="Show the price").click()
    # Nobody followed it before: its price, its title and its chart come by themselves.
    await page.locator(".now", has_text="$49.99").wait_for()
    await page.locator("h1", has_text="Demo product B0JOURNEY1").wait_for()
    await page.locator("svg .pw-line, svg .pw-dots").first.wait_for(state="attached")
    assert await person.context.cookies() == [], "no cookie before sign-in"

    await person.sign_in("ada@example.com")
    await person.go(f"/products/{product}")
    await page.get_by_role("button", name=re.compile("10% less")).click()
    await page.wait_for_url("**/account#watch-*")
    await expect(page.get_by_role("main")).to_contain_text("$49.99")

    # A page that is open shows the drop without being asked.
    await person.go(f"/products/{product}")
    await expect(page.locator(".watch")).to_contain_text("$44.99")
    demo.set_price(product, 3999)
    await page.locator(".now", has_text="$39.99").wait_for()
    await page.locator(".pw-summary", has_text="$39.99 now").wait_for()

    mail = await person.mail("ada@example.com", "39.99", product)
    await person.go(link(mail, "/watch/"))
    await page.get_by_role("button", name="A day").click()
    await expect(page.get_by_role("main")).to_contain_text("Quiet until")
    await person.go(link(mail, "/unsubscribe/"))
    await page.get_by_role("button", name="Stop watching").click()
    await page.get_by_role("heading", name="Done").wait_for()

    await person.go("/account/data")
    data = await person.context.request.get(f"{demo.site}/account/data.json")
    table = await person.context.request.get(f"{demo.site}/account/watches.csv")
    assert data.ok
    assert "ada@example.com" in await data.text()
    assert table.ok
    await page.get_by_role("link", name="Delete the account").click()
    await page.get_by_role("button", name="Delete everything").click()
    await page.wait_for_load_state()
    assert (await person.context.request.get(f"{demo.site}/account/data.json")).status == 401


async def test_with_a_keyboard_alone(demo: Demo, person: Visitor) -> None:
    page, product = person.page, "us:B0JOURNEY2"
    demo.set_price(product, 2999)
    await person.go("/")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await expect(page.locator(".skip")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await _tab_to(person, "#product")
    await page.keyboard.type(product)
    await page.keyboard.press("Enter")
    await page.locator(".now", has_text="$29.99").wait_for()
    await page.locator(".pw-plot").wait_for()

    await _tab_to(person, ".pw-plot")
    await page.keyboard.press("End")
    await expect(page.locator(".pw-tip")).to_contain_text("$29.99")
    await page.keyboard.press("Escape")
    await _tab_to(person, "#email")
    await page.keyboard.type("grace@example.com")
    await _tab_to(person, ".chip")
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Look into your mail").wait_for()


async def test_without_a_script(demo: Demo, chromium: Browser) -> None:
    product = "us:B0JOURNEY3"
    demo.set_price(product, 1999)
    person = await visitor(demo, chromium, scripts=False, width=360)
    page = person.page
    await person.go("/")
    await page.get_by_label("Product link or ASIN").fill(product)
    await page.get_by_role("button", name="Show the price").click()
    await page.locator(".now", has_text="$19.99").wait_for()
    await expect(page.locator(".chart svg:visible")).to_have_count(1)
    await page.locator("summary", has_text="The figures as a table").click()
    await page.get_by_role("link", name=re.compile("Why this price")).last.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("$19.99")
    await person.go(f"/products/{product}")
    await page.get_by_label("Your e-mail address").fill("joan@example.com")
    await page.get_by_role("button", name=re.compile("Any drop")).click()
    await page.get_by_role("heading", name="Look into your mail").wait_for()
    await person.go(link(await person.mail("joan@example.com", "/begin/"), "/begin/"))
    await page.get_by_role("button", name="Watch this price").click()
    await page.get_by_role("heading", name="We watch it for you").wait_for()
    await person.context.close()
    assert person.complaints == []


async def _tab_to(person: Visitor, selector: str) -> None:
    """Press Tab until the focus is there; whatever lies on the way must show that it has it."""
    for _ in range(60):
        await person.page.keyboard.press("Tab")
        if await person.page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached by Tab")
