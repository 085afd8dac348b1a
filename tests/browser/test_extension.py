"""What a person does with the extension: real browser, real server, shops over TLS with a strict policy."""

import json
import re
from pathlib import Path

import httpx
import msgspec
import pytest
from playwright.async_api import expect

from pennywren.accounts.signing_in import make_link
from pennywren.local.ports import free_port
from pennywren.model.product import ProductID
from tests.browser.axe import judge
from tests.browser.extension_world import PANEL, World, serving, until
from tests.browser.panel import drawn, known, says
from tests.browser.popup import click_in_the_toolbar

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_address_once_then_one_click_is_a_watch_and_a_drop_is_a_mail(here: World) -> None:
    kettle, lamp_id = await known(here), await known(here, 2199)
    page = await here.visit(kettle)
    async with here.context.expect_page() as opened:
        await page.locator(f"{PANEL} .targets button").nth(1).click()
    connect = await opened.value
    await connect.fill("#email", "ada@example.com")
    await connect.click("form button")
    await says(connect, "We sent a link to ada@example.com", "main")
    assert await judge(connect) == []
    code = await connect.inner_text(".code")
    async with httpx.AsyncClient() as mail_program:
        assert code in (await mail_program.get(here.link("pair"))).text
        assert (await mail_program.post(here.link("pair"))).status_code == 200
    await says(connect, "Connected: alerts go to ada@example.com", "main")

    await page.reload()
    await says(page, "You get a mail at $15.19 or less.")
    lamp = await here.visit(lamp_id)
    await lamp.locator(f"{PANEL} .targets button").nth(2).click()
    await says(lamp, "You get a mail at $19.79 or less.")
    await here.crawled(lamp_id, 1899)
    await here.tell()
    assert any("18.99" in mail["subject"] and mail["to"] == "ada@example.com" for mail in here.mails())

    # It is at its low and watched: the tab says so. Two tabs of one product agree.
    await lamp.reload()
    await says(lamp, "Your target of $19.79 is met.")
    badge = "chrome.tabs.query({ active: true }).then(([tab]) => chrome.action.getBadgeText({ tabId: tab.id }))"
    await lamp.bring_to_front()
    assert await until(lambda: here.ground.evaluate(badge)) == "↓"
    popup = await here.own("popup.html")
    await says(popup, "Your target of $19.79 is met.", "#watches")
    assert await popup.locator("#watches li").count() == 2
    await _stop_the_worker(here)
    await lamp.locator(f"{PANEL} .targets .plain").click()
    await says(lamp, "Tell me by mail when it costs")
    second = await here.visit(lamp_id)
    await says(second, "Tell me by mail when it costs")


async def test_an_account_is_connected_by_a_code_and_can_end_it(here: World) -> None:
    kettle = await known(here)
    account = await here.context.new_page()
    link = await make_link(here.resources.pool, "grace@example.com", here.resources.clock())
    await account.goto(f"{here.origin}/sign-in/{link}")
    await account.click("main form button")
    connect = await here.own("connect.html")
    await connect.click("#code button")
    async with here.context.expect_page() as opened:
        await connect.click("main a")
    confirm = await opened.value
    assert await connect.inner_text(".code") in await confirm.inner_text("main")
    await confirm.click("main form button")
    await says(connect, "Connected: alerts go to grace@example.com", "main")

    page = await here.visit(kettle)
    await page.locator(f"{PANEL} .targets button").first.click()
    await says(page, "You get a mail at $15.98 or less.")
    await account.goto(f"{here.origin}/account/connections")
    await account.click("text=End it")
    await page.locator(f"{PANEL} .targets button").nth(1).click()
    await says(page, "This browser is no longer connected.")


async def test_after_a_yes_a_price_is_reported_once_and_the_exact_bytes_are_shown(here: World) -> None:
    kettle = await known(here)
    options = await here.own("options.html")
    await says(options, here.origin, "#reports")
    await options.click("#reports .act")
    await says(options, "Prices that you see are reported", "#reports")
    # Two tabs of one product are one report.
    await here.visit(kettle)
    await here.visit(kettle)
    await until(lambda: _waiting(here))

    # The worker is stopped in the middle of it: what is stored is sent when the alarm wakes it.
    await _stop_the_worker(here)
    await options.evaluate("chrome.alarms.create('send-reports', { when: Date.now() })")
    await says(options, "accepted: ", "#sent")
    await options.click("#sent summary")
    body = await options.inner_text("#sent pre")
    assert await judge(options) == []
    (seen,) = json.loads(body)["observations"]
    assert (seen["productID"], seen["price"], seen["currency"]) == (str(kettle), 1599, "USD")
    stored = await options.evaluate("chrome.storage.local.get('ledger')")
    assert [sent["body"] for sent in stored["ledger"]["sent"]] == [body]
    assert (await here.resources.store.product(kettle)) is not None

    await options.click("#reports .act:has-text('Pause')")
    await says(options, "Paused", "#reports")
    await options.click("#reports .act:has-text('Withdraw')")
    await says(options, "It is off until you agree", "#reports")
    await says(options, "Nothing was sent", "#sent")
    pool = here.resources.pool
    assert await until(lambda: pool.fetchval("select revoked_at is not null from installs"))


async def _stop_the_worker(here: World) -> None:
    session = await here.context.new_cdp_session(here.ground)
    await session.send("ServiceWorker.enable")
    await session.send("ServiceWorker.stopAllWorkers")
    await session.detach()


async def _waiting(here: World) -> bool:
    ledger = await here.stored("ledger")
    return bool(ledger and ledger["waiting"])


async def test_a_click_in_the_toolbar_shows_the_product_of_the_tab(here: World) -> None:
    kettle = await known(here)
    product_page = await here.visit(kettle)
    await drawn(product_page)
    popup = await click_in_the_toolbar(here, product_page)
    await popup.says("$15.99")
    await popup.says("Tell me by mail when it costs")
    await until(lambda: popup.evaluate("document.querySelector('svg .pw-line') !== null"))

    elsewhere = await here.visit(kettle, path="https://www.amazon.com/s?k=kettle")
    popup = await click_in_the_toolbar(here, elsewhere)
    await popup.says("Open a product page of a supported Amazon shop")


async def test_what_goes_wrong_is_a_sentence_and_a_way_on(here: World) -> None:
    kettle = ProductID("us", "B0DEMOSOCK")
    page = await here.visit(kettle)
    await says(page, "Nobody follows this product yet.")
    await page.click(f"{PANEL} .body button")
    await says(page, "We have just begun to follow this product.")
    await here.crawled(kettle, 3450)

    nowhere = f"http://127.0.0.1:{free_port()}"
    await here.ground.evaluate("origin => chrome.storage.local.set({ origin })", nowhere)
    await page.reload()
    await says(page, "Pennywren cannot be reached.")
    await here.ground.evaluate("chrome.storage.local.set({ origin: 'https://prices.example.com' })")
    await page.click(f"{PANEL} .body button")
    await says(page, "The extension may not ask this server.")
    await here.ground.evaluate("origin => chrome.storage.local.set({ origin })", here.origin)
    await here.context.set_offline(True)
    await page.click(f"{PANEL} .body button")
    await says(page, "Pennywren cannot be reached.")
    await here.context.set_offline(False)
    await page.click(f"{PANEL} .body button")
    await drawn(page)


async def test_who_asks_too_much_is_told_when_to_come_again(here: World, tmp_path: Path) -> None:
    kettle = await known(here)
    strict = msgspec.structs.replace(here.settings, requests_per_network=10)
    async with serving(strict, tmp_path) as (busy, _):
        await here.ground.evaluate("origin => chrome.storage.local.set({ origin })", busy.base_url)
        page = await here.visit(kettle)
        await expect(page.locator(f"{PANEL} .body")).to_contain_text(re.compile(r"Try again in \d+ seconds\."))
        await here.ground.evaluate("origin => chrome.storage.local.set({ origin })", here.origin)
        await page.click(f"{PANEL} .body button")
        await drawn(page)
