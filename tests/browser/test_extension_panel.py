"""The extension's panel on product pages: where it stands, what moves it, and whether everybody can use it."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from pennywren.local.shop.goods import GOODS
from pennywren.model.product import ProductID
from pennywren.observe.page.dom import decode
from tests.browser.axe import judge
from tests.browser.extension_world import PANEL, Backdrop, World, browsing, until
from tests.browser.panel import drawn, known, says
from tests.pages.labelled import needed

pytestmark = pytest.mark.asyncio(loop_scope="module")
SHIFTS = """(atLeast = 0) => new Promise(tell => {
  const seen = [];
  const name = ({ node, previousRect: a, currentRect: b }) =>
    `${node?.nodeName}#${node?.id} ${a.x},${a.y},${a.width},${a.height} -> ${b.x},${b.y},${b.width},${b.height}`;
  const counts = entry => !entry.hadRecentInput
    && entry.sources.some(({ previousRect: a, currentRect: b }) => Math.abs(a.y - b.y) >= atLeast);
  const told = entry => `${entry.value} at ${entry.startTime}: ${entry.sources.map(name).join("; ")}`;
  new PerformanceObserver(list => seen.push(...list.getEntries().filter(counts).map(told)))
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => tell(seen)));
})"""
FOCUSED = f"""(() => {{
  const at = document.querySelector("{PANEL}").shadowRoot?.activeElement;
  return at ? at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent : "";
}})()"""
WALK = [
    "Move the panel", "Pennywren", "Where the panel stands", "Settings", "All", "From zero", "Price history",
    "The figures as a table", "More about this price", "$15", "$15", "$14", "$13",
]  # fmt: skip
"""What Tab leads to in a panel, one after another, up to the first mark in each name."""


async def test_the_history_stands_under_the_price_and_nothing_moves(here: World) -> None:
    kettle = await known(here)
    page = await here.context.new_page()
    alarmed: list[str] = []
    page.on("dialog", lambda dialog: alarmed.append(dialog.message))
    page.on("console", lambda told: alarmed.append(told.text) if told.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: alarmed.append(str(error)))
    await page.goto(f"https://www.amazon.com/dp/{kettle.asin}")
    await drawn(page)

    text = await page.locator(f"{PANEL} .panel").inner_text()
    assert all(part in text for part in ("$15.99", "$17.99", "The lowest price that we know", "Tell me by mail"))
    assert await page.locator(f"#apex_desktop + {PANEL}").count() == 1
    assert await page.locator(f"{PANEL} img, {PANEL} script").count() == 0
    # The page may not even load its own picture and style; that is all that its policy has to complain of.
    assert [each for each in alarmed if f"/images/{kettle.asin}" not in each and "inline style" not in each] == []
    assert len([each for each in alarmed if "inline style" in each]) == await page.locator("style").count() == 1
    assert await page.locator(f"{PANEL} .panel").evaluate("panel => getComputedStyle(panel).borderRadius") == "10px"
    assert await page.evaluate(SHIFTS) == []
    assert await here.stored("ledger") is None, "nobody agreed to report"

    # The menu of a link to a product leads to its page here.
    chosen = "link => chrome.contextMenus.onClicked.dispatch({ menuItemId: 'history', linkUrl: link }, {})"
    async with here.context.expect_page() as opened:
        await here.worker.evaluate(chosen, f"https://www.amazon.com/A-Kettle/dp/{kettle.asin}/ref=x")
    menu = await opened.value
    await menu.wait_for_url(f"{here.origin}/products/{kettle}")


async def test_it_follows_what_the_page_does(here: World) -> None:
    kettle, lamp = await known(here), await known(here, 2199)
    page = await here.visit(kettle)
    await drawn(page)

    # Another variation without a reload, and the shop draws everything anew.
    await page.evaluate(f"history.replaceState(null, '', '/dp/{lamp.asin}?th=1'); document.title = 'x'")
    await says(page, "$21.99")
    await page.evaluate("document.querySelector('#centerCol').append(...document.querySelector('#centerCol').children)")
    await page.evaluate("document.querySelector('pennywren-panel').remove()")
    await page.wait_for_selector(f"#apex_desktop + {PANEL}", state="attached")
    await says(page, "$21.99")
    assert await page.locator(PANEL).count() == 1
    # A page without a product has none, also when it is reached without a reload.
    await page.evaluate("history.pushState(null, '', '/s?k=kettle'); document.title = 'y'")
    await expect(page.locator(PANEL)).to_have_count(0)
    elsewhere = await here.visit(kettle, path="https://www.amazon.com/s?k=kettle")
    assert await elsewhere.locator(PANEL).count() == 0


async def test_it_stays_where_it_is_put_and_as_it_is_folded(here: World) -> None:
    kettle = await known(here)
    page = await here.visit(kettle)
    await drawn(page)
    await page.locator(f"{PANEL} .move").select_option("title")
    await page.wait_for_selector(f"#title_feature_div + {PANEL}", state="attached")
    await page.locator(f"{PANEL} .fold").focus()
    await page.keyboard.press("Enter")
    await until(lambda: here.chosen("folded"))

    again = await here.visit(kettle)
    await again.wait_for_selector(f"#title_feature_div + {PANEL} .fold[aria-expanded=false]")
    assert await again.locator(f"{PANEL} .body").is_hidden()
    assert await again.locator(f"{PANEL} .pw-line").count() == 0, "folded, it asks nothing"
    assert await again.evaluate(SHIFTS) == []
    await again.locator(f"{PANEL} .fold").click()
    await again.locator(f"{PANEL} .move").select_option("corner")
    await expect(again.locator(f"{PANEL} .panel")).to_have_css("position", "fixed")
    await until(lambda: _at(here, "corner"))
    third = await here.visit(kettle)
    await drawn(third)
    assert await third.evaluate(SHIFTS) == []


async def _at(here: World, position: str) -> bool:
    return await here.chosen("position") == position


async def test_it_is_dragged_by_its_grip_or_moved_by_arrow_keys_and_never_leaves_the_window(here: World) -> None:
    kettle = await known(here)
    page = await here.visit(kettle)
    await drawn(page)
    grip, panel = page.locator(f"{PANEL} .grip"), page.locator(f"{PANEL} .panel")
    await grip.hover()
    await page.mouse.down()
    await page.mouse.move(700, 300)
    await page.mouse.move(640, 210, steps=4)
    box = await grip.bounding_box()
    assert box is not None
    assert abs(box["x"] + box["width"] / 2 - 640) < 1
    assert abs(box["y"] + box["height"] / 2 - 210) < 1
    await page.mouse.up()
    await until(lambda: _at(here, "free"))

    # The next page has it there from the start, a small window has all of it.
    spot = await here.chosen("spot")
    again = await here.visit(kettle)
    await drawn(again)
    assert await again.locator(f"{PANEL} .panel").bounding_box() == await panel.bounding_box()
    assert await again.evaluate(SHIFTS) == []
    await again.set_viewport_size({"width": 400, "height": 500})
    assert await _inside(again)

    # Folded and unfolded, its head stays where it is.
    await again.set_viewport_size({"width": 1280, "height": 720})
    head = await again.locator(f"{PANEL} .grip").bounding_box()
    await again.locator(f"{PANEL} .fold").click()
    assert await again.locator(f"{PANEL} .body").is_hidden()
    assert await again.locator(f"{PANEL} .grip").bounding_box() == head
    await again.locator(f"{PANEL} .fold").click()

    # A drag that is broken off is none, and keys do what a pointer does.
    await again.locator(f"{PANEL} .grip").hover()
    await again.mouse.down()
    await again.mouse.move(20, 20, steps=2)
    await again.keyboard.press("Escape")
    await again.mouse.up()
    assert await again.locator(f"{PANEL} .panel").bounding_box() == await panel.bounding_box()
    assert await here.chosen("spot") == spot
    await again.locator(f"{PANEL} .grip").focus()
    for key in ("ArrowUp",) * 30 + ("ArrowLeft",):
        await again.keyboard.press(key)
    assert await _inside(again)
    moved = await until(lambda: _changed(here, spot))
    assert moved["y"] == 0
    assert moved["x"] < spot["x"]
    focused = f"document.querySelector('{PANEL}').shadowRoot.activeElement.className"
    assert await again.evaluate(focused) == "grip"

    # The list puts it back into the page.
    await again.locator(f"{PANEL} .move").select_option("price")
    await again.wait_for_selector(f"#apex_desktop + {PANEL}", state="attached")
    await expect(again.locator(f"{PANEL} .panel")).not_to_have_css("position", "fixed")


async def _inside(page: Page) -> bool:
    box = await page.locator(f"{PANEL} .panel").bounding_box()
    size = page.viewport_size
    assert box is not None
    assert size is not None
    return (
        min(box["x"], box["y"]) >= -0.5
        and box["x"] + box["width"] <= size["width"] + 0.5
        and box["y"] + box["height"] <= size["height"] + 0.5
    )


async def _changed(here: World, before: object) -> dict[str, float] | None:
    spot = await here.chosen("spot")
    return spot if spot != before else None


async def test_everybody_can_use_it(here: World) -> None:
    """By ear, by keyboard, in the dark, on a narrow screen."""
    kettle = await known(here)
    page = await here.visit(kettle)
    await drawn(page)
    wrong = await judge(page, PANEL)
    names = ["options.html", "popup.html", "connect.html"]
    for name in names:
        own = await here.own(name)
        await own.wait_for_selector("main button")
        wrong += await judge(own)
        for width in (320, 1280) if name != "popup.html" else (380,):
            await own.set_viewport_size({"width": width, "height": 800})
            over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert await own.evaluate(over) <= 0, (name, width)
    assert wrong == []

    await page.locator(f"{PANEL} .grip").focus()
    walked: list[str] = []
    for _ in WALK:
        walked.append(await page.evaluate(FOCUSED))
        await page.keyboard.press("Tab")
    assert [name.partition(":")[0].partition(".")[0] for name in walked] == WALK


async def test_pages_as_shops_serve_them_get_a_panel_and_keep_working(here: World) -> None:
    labels = [label for label in needed() if label.id in ("us-elf-subscribe-save", "de-shaving-cream-3p")]
    for label in labels:
        here.shops.pages[f"{label.host}/dp/{label.asin}"] = decode(label.html)
    japanese = next(good.id for good in GOODS if good.id.marketplace == "jp")
    await here.crawled(japanese, 4280)
    for product in [japanese, *(ProductID(label.marketplace, str(label.asin)) for label in labels)]:
        page = await here.visit(product)
        await says(page, "¥4,280" if product is japanese else "Nobody follows this product yet.")
        assert await page.locator(PANEL).count() == 1
        assert await page.locator(f"#centerCol #apex_desktop + {PANEL}").count() == 1, "there is a price to stand under"
        # Such a page, without its style, moves a word or two itself while it comes; the panel's head would by more.
        assert await page.evaluate(SHIFTS, 40) == []


async def test_in_arabic_panel_and_chart_are_written_from_the_right(
    behind: Backdrop, built: Path, tmp_path: Path
) -> None:
    async with browsing(behind, built, tmp_path, locale="ar") as here:
        page = await here.visit(await known(here))
        await says(page, "راسلني")
        await says(page, "الكل")

        assert await page.locator(f"{PANEL} .panel").evaluate("panel => getComputedStyle(panel).direction") == "rtl"
