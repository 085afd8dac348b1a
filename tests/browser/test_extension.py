"""What a person does with the extension: real browser, real server, shops over TLS with a strict policy."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from pennywren.accounts.signing_in import make_link
from pennywren.local.ports import free_port
from pennywren.local.shop.goods import GOODS, HERO
from pennywren.model.product import ProductID
from pennywren.observe.page.dom import decode
from pennywren.settings import Settings
from tests.browser.extension_world import PANEL, World, build, until, world
from tests.pages.labelled import needed

KETTLE = HERO.id
LAMP = ProductID("us", "B0DEMOLAMP")
HOSTILE = "</script><img src=x onerror=alert(1)>"
SHIFTS = """() => new Promise(tell => {
  const seen = [];
  new PerformanceObserver(list => seen.push(...list.getEntries().filter(e => !e.hadRecentInput).map(e => e.value)))
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => tell(seen)));
})"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("extension"))


@pytest.fixture
async def here(settings: Settings, built: Path, tmp_path: Path) -> AsyncIterator[World]:
    async with world(settings, built, tmp_path) as opened:
        yield opened


async def _text(page: Page) -> str:
    return await page.locator(f"{PANEL} .panel").inner_text()


async def _drawn(page: Page) -> None:
    await page.wait_for_selector(f"{PANEL} svg .pw-line", state="attached")


async def _says(page: Page, words: str, within: str = f"{PANEL} .panel") -> None:
    await expect(page.locator(within)).to_contain_text(words)


async def _known(here: World, product: ProductID = KETTLE, price: int = 1599) -> None:
    await here.crawled(product, price + 200, HOSTILE)
    await here.crawled(product, price, HOSTILE)


async def test_the_history_stands_under_the_price_and_nothing_moves(here: World) -> None:
    await _known(here)
    page = await here.visit(KETTLE)
    alarmed: list[str] = []
    page.on("dialog", lambda dialog: alarmed.append(dialog.message))
    await _drawn(page)

    text = await _text(page)
    assert all(part in text for part in ("$15.99", "$17.99", "The lowest price that we know", "Tell me by mail"))
    assert await page.locator(f"#apex_desktop + {PANEL}").count() == 1
    assert await page.locator(f"{PANEL} img, {PANEL} script").count() == 0
    assert alarmed == []
    assert await page.evaluate(SHIFTS) == []
    assert await here.worker.evaluate("chrome.storage.local.get('ledger')") == {}, "nobody agreed to report"

    # The menu of a link to a product leads to its page here.
    chosen = "link => chrome.contextMenus.onClicked.dispatch({ menuItemId: 'history', linkUrl: link }, {})"
    async with here.context.expect_page() as opened:
        await here.worker.evaluate(chosen, f"https://www.amazon.com/A-Kettle/dp/{KETTLE.asin}/ref=x")
    menu = await opened.value
    await menu.wait_for_url(f"{here.origin}/products/{KETTLE}")


async def test_it_follows_what_the_page_does_and_stays_where_it_is_put(here: World) -> None:
    await _known(here)
    await _known(here, LAMP, 2199)
    page = await here.visit(KETTLE)
    await _drawn(page)

    # Another variation without a reload, and the shop draws everything anew.
    await page.evaluate(f"history.replaceState(null, '', '/dp/{LAMP.asin}?th=1'); document.title = 'x'")
    await _says(page, "$21.99")
    await page.evaluate("document.querySelector('#centerCol').append(...document.querySelector('#centerCol').children)")
    await page.evaluate("document.querySelector('pennywren-panel').remove()")
    await page.wait_for_selector(f"#apex_desktop + {PANEL}", state="attached")
    await _says(page, "$21.99")
    assert await page.locator(PANEL).count() == 1

    # Moved by its list, folded by its name: the next page has it so from the start.
    await page.locator(f"{PANEL} .move").select_option("title")
    await page.wait_for_selector(f"#title_feature_div + {PANEL}", state="attached")
    await page.locator(f"{PANEL} .fold").focus()
    await page.keyboard.press("Enter")
    await until(lambda: here.worker.evaluate("chrome.storage.sync.get('folded').then(({ folded }) => folded)"))
    again = await here.visit(KETTLE)
    await again.wait_for_selector(f"#title_feature_div + {PANEL} .fold[aria-expanded=false]")
    assert await again.locator(f"{PANEL} .body").is_hidden()
    assert await again.locator(f"{PANEL} .pw-line").count() == 0, "folded, it asks nothing"
    await again.locator(f"{PANEL} .fold").click()
    await again.locator(f"{PANEL} .move").select_option("corner")
    await expect(again.locator(f"{PANEL} .panel")).to_have_css("position", "fixed")

    elsewhere = await here.visit(KETTLE, path="https://www.amazon.com/s?k=kettle")
    assert await elsewhere.locator(PANEL).count() == 0


async def test_an_address_once_then_one_click_is_a_watch_and_a_drop_is_a_mail(here: World) -> None:
    await _known(here)
    await _known(here, LAMP, 2199)
    page = await here.visit(KETTLE)
    async with here.context.expect_page() as opened:
        await page.locator(f"{PANEL} .targets button").nth(1).click()
    connect = await opened.value
    await connect.fill("#email", "ada@example.com")
    await connect.click("form button")
    await _says(connect, "We sent a link to ada@example.com", "main")
    code = await connect.inner_text(".code")
    async with httpx.AsyncClient() as mail_program:
        assert code in (await mail_program.get(here.link("pair"))).text
        assert (await mail_program.post(here.link("pair"))).status_code == 200
    await _says(connect, "Connected: alerts go to ada@example.com", "main")

    await page.reload()
    await _says(page, "You get a mail at $15.19 or less.")
    lamp = await here.visit(LAMP)
    await lamp.locator(f"{PANEL} .targets button").nth(2).click()
    await _says(lamp, "You get a mail at $19.79 or less.")
    await here.crawled(LAMP, 1899)
    await here.tell()
    assert any("18.99" in mail["subject"] and mail["to"] == "ada@example.com" for mail in here.mails())

    # It is at its low and watched: the tab says so. Two tabs of one product agree.
    await lamp.reload()
    await _says(lamp, "Your target of $19.79 is met.")
    badge = "chrome.tabs.query({ active: true }).then(([tab]) => chrome.action.getBadgeText({ tabId: tab.id }))"
    await lamp.bring_to_front()
    assert await until(lambda: here.worker.evaluate(badge)) == "↓"
    popup = await here.own("popup.html")
    await _says(popup, "Your target of $19.79 is met.", "#watches")
    assert await popup.locator("#watches li").count() == 2
    await lamp.locator(f"{PANEL} .targets .plain").click()
    await _says(lamp, "Tell me by mail when it costs")
    second = await here.visit(LAMP)
    await _says(second, "Tell me by mail when it costs")


async def test_an_account_is_connected_by_a_code_and_can_end_it(here: World) -> None:
    await _known(here)
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
    await _says(connect, "Connected: alerts go to grace@example.com", "main")

    page = await here.visit(KETTLE)
    await page.locator(f"{PANEL} .targets button").first.click()
    await _says(page, "You get a mail at $15.98 or less.")
    await account.goto(f"{here.origin}/account/connections")
    await account.click("text=End it")
    await page.locator(f"{PANEL} .targets button").nth(1).click()
    await _says(page, "This browser is no longer connected.")


async def test_after_a_yes_a_price_is_reported_once_and_the_exact_bytes_are_shown(here: World) -> None:
    await _known(here)
    options = await here.own("options.html")
    await _says(options, here.origin, "#reports")
    await options.click("#reports .act")
    await _says(options, "Prices that you see are reported", "#reports")
    # Two tabs of one product are one report.
    await here.visit(KETTLE)
    await here.visit(KETTLE)
    await until(lambda: _waiting(here))

    # The worker is stopped in the middle of it: what is stored is sent when the alarm wakes it.
    session = await here.context.new_cdp_session(options)
    await session.send("ServiceWorker.enable")
    await session.send("ServiceWorker.stopAllWorkers")
    await options.evaluate("chrome.alarms.create('send-reports', { when: Date.now() })")
    await _says(options, "accepted: ", "#sent")
    await options.click("#sent summary")
    body = await options.inner_text("#sent pre")
    (seen,) = json.loads(body)["observations"]
    assert (seen["productID"], seen["price"], seen["currency"]) == (str(KETTLE), 1599, "USD")
    stored = await options.evaluate("chrome.storage.local.get('ledger')")
    assert [sent["body"] for sent in stored["ledger"]["sent"]] == [body]
    assert (await here.resources.store.product(KETTLE)) is not None

    await options.click("#reports .act:has-text('Pause')")
    await _says(options, "Paused", "#reports")
    await options.click("#reports .act:has-text('Withdraw')")
    await _says(options, "It is off until you agree", "#reports")
    await _says(options, "Nothing was sent", "#sent")
    pool = here.resources.pool
    assert await until(lambda: pool.fetchval("select revoked_at is not null from installs"))


async def _waiting(here: World) -> bool:
    ledger = await here.stored("ledger")
    return bool(ledger and ledger["waiting"])


async def test_what_goes_wrong_is_a_sentence_and_a_way_on(here: World) -> None:
    page = await here.visit(KETTLE)
    await _says(page, "Nobody follows this product yet.")
    await page.click(f"{PANEL} .body button")
    await _says(page, "We have just begun to follow this product.")
    await _known(here)

    nowhere = f"http://127.0.0.1:{free_port()}"
    await here.worker.evaluate("origin => chrome.storage.local.set({ origin })", nowhere)
    await page.reload()
    await _says(page, "Pennywren cannot be reached.")
    await here.worker.evaluate("chrome.storage.local.set({ origin: 'https://prices.example.com' })")
    await page.click(f"{PANEL} .body button")
    await _says(page, "The extension may not ask this server.")
    await here.worker.evaluate("origin => chrome.storage.local.set({ origin })", here.origin)
    await page.click(f"{PANEL} .body button")
    await _drawn(page)


async def test_pages_as_shops_serve_them_get_a_panel_and_keep_working(here: World) -> None:
    labels = [label for label in needed() if label.id in ("us-elf-subscribe-save", "de-shaving-cream-3p")]
    for label in labels:
        here.shops.pages[f"{label.host}/dp/{label.asin}"] = decode(label.html)
    japanese = next(good.id for good in GOODS if good.id.marketplace == "jp")
    await _known(here, japanese, 4280)
    for product in [japanese, *(ProductID(label.marketplace, str(label.asin)) for label in labels)]:
        page = await here.visit(product)
        await _says(page, "¥4,280" if product is japanese else "Nobody follows this product yet.")
        assert await page.locator(PANEL).count() == 1
        assert await page.locator(f"#centerCol #apex_desktop + {PANEL}").count() == 1, "there is a price to stand under"


async def test_in_arabic_panel_and_chart_are_written_from_the_right(
    settings: Settings, built: Path, tmp_path: Path
) -> None:
    async with world(settings, built, tmp_path, locale="ar") as here:
        await _known(here)
        page = await here.visit(KETTLE)
        await _says(page, "راسلني")
        await _says(page, "الكل")

        assert await page.locator(f"{PANEL} .panel").evaluate("panel => getComputedStyle(panel).direction") == "rtl"
