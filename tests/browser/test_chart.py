"""The chart in a real browser, by mouse, keyboard and finger, under the Content-Security-Policy of the website."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route

from pennywren.web.rendering.assets import BUILD
from pennywren.web.serving.headers import CONTENT_SECURITY_POLICY

ORIGIN = "http://pennywren.test"
NOW = datetime.now(UTC).replace(microsecond=0)


def _time(days_ago: float) -> str:
    return (NOW - timedelta(days=days_ago)).isoformat().replace("+00:00", "Z")


def _history(offer: str, points: list[tuple[float, int]], **more: Any) -> dict[str, Any]:
    return {
        "productID": "us:B08N5WRWNW", "offer": offer, "currency": "USD", "interval": "raw",
        "startTime": _time(points[0][0]), "endTime": _time(0), "low": None, "high": None, "average": None,
        "history": [{"timestamp": _time(ago), "price": price} for ago, price in points],
        "lastSeen": _time(1), "noOffer": [], "notObserved": [], **more,
    }  # fmt: skip


LONG = {
    "buybox": _history(
        "buybox",
        [(200, 4999), (170, 4499), (150, 4999), (110, 5299), (100, 4799), (60, 3999), (20, 4599), (5, 4299)],
        noOffer=[{"startTime": _time(120), "endTime": _time(110)}],
        notObserved=[{"startTime": _time(90), "endTime": _time(60)}],
    ),
    "used": _history("used", [(180, 3799), (80, 3499), (30, 3599)]),
}
SHORT = {"buybox": _history("buybox", [(6, 1999), (3, 1799)])}


async def _open(page: Page, histories: dict[str, dict[str, Any]], target: str = "") -> list[str]:
    """Show a page with a chart of these histories; what the browser complains about is collected."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    offers = " ".join(histories) or "buybox"
    page_text = (
        f'<!doctype html><html lang="en"><title>Chart</title>'
        f'<link rel="stylesheet" href="{BUILD.address("chart.css")}">'
        f'<script type="module" src="{BUILD.address("client")}"></script><main><h1>Kettle</h1>'
        f'<div data-chart data-product="us:B08N5WRWNW" data-offers="{offers}" data-target="{target}">'
        "<p>picture of the server</p></div><p>below</p></main></html>"
    )

    async def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        if path == "/":
            headers = {"content-security-policy": CONTENT_SECURITY_POLICY}
            await route.fulfill(body=page_text, content_type="text/html", headers=headers)
        elif (asset := BUILD.assets.get(path.rpartition("/")[2])) is not None:
            await route.fulfill(body=asset.body, content_type=asset.media_type)
        elif (asked := re.search(r"history\?offer=(\w+)", path)) and asked[1] in histories:
            await route.fulfill(body=json.dumps(histories[asked[1]]), content_type="application/json")
        else:
            await route.fulfill(status=404, body="")

    await page.route("**/*", answer)
    await page.goto(f"{ORIGIN}/")
    return complaints


@pytest.fixture
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """A tab of a middling window."""
    context = await chromium.new_context(viewport={"width": 800, "height": 900}, locale="en-US")
    yield await context.new_page()
    await context.close()


async def test_the_chart_takes_the_pictures_place_and_tells_everything(page: Page) -> None:
    complaints = await _open(page, LONG, target="3900")
    await page.wait_for_selector(".pw-line")
    text = await page.inner_text(".pw-chart")

    assert complaints == []
    assert "picture of the server" not in text
    assert "$42.99 now" in text
    assert "In the time shown: lowest $39.99" in text
    assert "highest $52.99" in text
    for explained in ("dotted", "hatched", "dashed", "band", "your target"):
        assert explained in text
    for drawn in (".pw-noOffer", ".pw-unseen", ".pw-unconfirmed", ".pw-typical", ".pw-target", ".pw-mark.pw-low"):
        assert await page.locator(f"svg {drawn}").count() >= 1, drawn
    assert await page.locator(".pw-ranges button:disabled").all_inner_texts() == ["1 year"]
    assert await page.locator(".pw-ranges [aria-pressed=true]").all_inner_texts() == ["All"]


async def test_nothing_jumps_when_it_arrives(page: Page) -> None:
    await page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(e => window.shift += e.value))"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    await _open(page, LONG)
    await page.wait_for_selector(".pw-line")
    await page.wait_for_function("document.querySelector('.pw-legend').children.length > 0")

    assert await page.evaluate("window.shift") < 0.01


async def test_the_line_steps_and_never_slopes(page: Page) -> None:
    await _open(page, LONG)
    path = await page.locator("svg .pw-offered").first.get_attribute("d", timeout=30_000)

    assert path
    assert set(re.findall(r"[A-Za-z]", path)) <= {"M", "H", "V"}


async def test_a_young_product_shows_its_points_and_no_verdict(page: Page) -> None:
    await _open(page, SHORT)
    await page.wait_for_selector("svg .pw-dots")

    assert "not enough to say what is usual" in await page.inner_text(".pw-summary")
    assert await page.locator("svg .pw-typical").count() == 0


async def test_one_absurd_price_does_not_flatten_the_rest(page: Page) -> None:
    spike = {"buybox": _history("buybox", [(200, 4999), (100, 499_900), (99, 4499), (20, 4599)])}
    await _open(page, spike)
    await page.wait_for_selector("svg .pw-offered")
    ticks = "[...document.querySelectorAll('svg .pw-label')].map(label => label.textContent)"
    cut, said = await page.evaluate(ticks), await page.inner_text(".pw-chart")
    mark = page.locator("svg .pw-high")
    box, plot = await mark.bounding_box(), await page.locator(".pw-plot").bounding_box()
    await page.get_by_label("Outliers, too").check()
    whole = await page.evaluate(ticks)

    assert "50" in cut
    assert not {"1,000", "5,000"} & set(cut)
    assert {"1,000", "5,000"} <= set(whole)
    assert "being far from all others: 1" in said
    assert "highest $4,999.00" in said
    assert box is not None
    assert plot is not None
    assert plot["y"] < box["y"] < plot["y"] + 30
    assert "being far from all others" not in await page.inner_text(".pw-chart")


async def test_the_keyboard_goes_from_change_to_change(page: Page) -> None:
    await _open(page, LONG)
    await page.focus(".pw-plot")
    await page.keyboard.press("Home")
    first = await page.inner_text(".pw-tip")
    await page.keyboard.press("ArrowRight")
    second = await page.inner_text(".pw-tip")
    assert "$49.99" in first
    assert "$44.99" in second
    assert "$44.99" in await page.inner_text(".pw-spoken")

    await page.keyboard.press("End")
    assert "not confirmed since" in await page.inner_text(".pw-tip")
    await page.keyboard.press("Escape")
    assert await page.is_hidden(".pw-tip")


async def test_what_is_pinned_leads_to_its_proof_and_so_does_every_row(page: Page) -> None:
    await _open(page, LONG)
    await page.focus(".pw-plot")
    await page.keyboard.press("Home")
    proof = await page.get_attribute(".pw-tip a", "href", timeout=30_000)
    assert proof
    assert re.fullmatch(r"/products/us:B08N5WRWNW/points/[0-9T:.-]+Z/proof\?offer=buybox", proof)
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.matches('.pw-tip a')"), "a reader without a mouse gets there"
    assert await page.is_visible(".pw-tip")
    await page.keyboard.press("Tab")
    assert await page.is_hidden(".pw-tip")

    await page.click(".pw-table summary")
    links = page.locator(".pw-table tbody a")
    await links.first.wait_for()
    assert len({await link.get_attribute("href") for link in await links.all()}) >= 8


async def test_up_and_down_follow_another_offer(page: Page) -> None:
    await _open(page, LONG)
    await page.focus(".pw-plot")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Home")
    assert "Used" in await page.inner_text(".pw-held")
    assert "$37.99" in await page.inner_text(".pw-spoken")
    await page.keyboard.press("ArrowUp")
    assert "Buy box" in await page.inner_text(".pw-held")


async def test_what_only_browsers_reported_is_drawn_and_explained(page: Page) -> None:
    points = LONG["buybox"]["history"]
    unverified = [{"startTime": points[5]["timestamp"], "endTime": points[6]["timestamp"]}]
    await _open(page, {"buybox": {**LONG["buybox"], "unverified": unverified}})
    await page.wait_for_selector("svg .pw-unverified", state="attached")
    assert "reported by browsers" in await page.inner_text(".pw-legend")


async def test_a_newer_price_is_drawn_where_the_reader_looks(page: Page) -> None:
    histories = {"buybox": dict(LONG["buybox"])}
    await _open(page, histories)
    await page.click(".pw-ranges button >> text='1 month'")
    newer = [*LONG["buybox"]["history"], {"timestamp": _time(0.5), "price": 1234}]
    histories["buybox"] |= {"history": newer, "lastSeen": _time(0.5)}
    await page.dispatch_event("[data-chart]", "pennywren:newer")
    await page.locator(".pw-summary", has_text="$12.34 now").wait_for()
    assert await page.locator(".pw-ranges [aria-pressed=true]").all_inner_texts() == ["1 month"]


async def test_a_target_that_somebody_tries_is_a_line(page: Page) -> None:
    await _open(page, LONG)
    await page.wait_for_selector("svg .pw-line")
    assert await page.locator("svg .pw-target").count() == 0
    box = page.locator("[data-chart]")
    await box.evaluate("box => box.dispatchEvent(new CustomEvent('pennywren:target', { detail: 3900 }))")
    assert await page.locator("svg .pw-target-label").all_text_contents() == ["target $39.00"]


async def test_a_click_pins_and_a_drag_zooms(page: Page) -> None:
    await _open(page, LONG)
    box = await page.locator(".pw-plot").bounding_box(timeout=30_000)
    assert box
    middle = box["y"] + box["height"] / 2
    await page.mouse.move(box["x"] + 300, middle)
    assert await page.is_visible(".pw-tip")
    await page.mouse.down()
    await page.mouse.up()
    pinned = await page.inner_text(".pw-tip")
    await page.mouse.move(box["x"] + 650, middle)
    assert await page.inner_text(".pw-tip") == pinned

    whole = await page.inner_text(".pw-summary")
    await page.mouse.move(box["x"] + 500, middle)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 600, middle, steps=4)
    await page.mouse.up()
    assert await page.is_visible(".pw-reset")
    assert await page.inner_text(".pw-summary") != whole
    await page.click(".pw-reset")
    assert await page.inner_text(".pw-summary") == whole


async def test_a_finger_goes_along_pins_moves_on_and_lets_go(chromium: Browser) -> None:
    context = await chromium.new_context(viewport={"width": 360, "height": 800}, has_touch=True, locale="en-US")
    page = await context.new_page()
    await _open(page, LONG)
    box = await page.locator(".pw-plot").bounding_box(timeout=30_000)
    assert box
    devtools, height = await context.new_cdp_session(page), box["y"] + box["height"] * 0.85

    async def touch(*ways: float) -> str:
        """The finger goes down, along and up; what is said then."""
        for number, x in enumerate((*ways, ways[-1])):
            kind = "touchStart" if number == 0 else "touchMove" if number < len(ways) else "touchEnd"
            points = [] if kind == "touchEnd" else [{"x": box["x"] + x, "y": height}]
            await devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        return await page.inner_text(".pw-tip") if await page.is_visible(".pw-tip") else ""

    tapped = await touch(70)
    along = await touch(120, 180, 250)
    again = await touch(300, 335)
    assert "$49.99" in tapped
    assert len({tapped, along, again}) == 3, "each of them is pinned, one after the other"
    assert "" not in (along, again)
    assert await touch(332) == ""
    await context.close()


async def test_an_offer_that_never_had_a_price_makes_room_for_those_that_have_one(page: Page) -> None:
    never = {**_history("buybox", [(30, 1)]), "history": [], "noOffer": [{"startTime": _time(30), "endTime": _time(0)}]}
    histories = {"buybox": never, "used": LONG["used"]}
    await _open(page, histories)
    await page.locator(".pw-summary", has_text="Used: $35.99 now").wait_for()
    histories["buybox"] = LONG["buybox"]
    await page.dispatch_event("[data-chart]", "pennywren:newer")
    await page.locator(".pw-summary", has_text="Buy box: $42.99 now").wait_for()


async def test_nothing_is_explained_that_is_not_there(page: Page) -> None:
    flat = {"buybox": _history("buybox", [(60, 1999)], lastSeen=_time(0))}
    await _open(page, flat, target="100")
    await page.locator(".pw-summary", has_text="$19.99").wait_for()
    assert await page.locator(".pw-legend li").count() == 0
    assert await page.locator("svg .pw-typical, svg .pw-target").count() == 0


async def test_on_a_narrow_screen_no_line_runs_through_a_label(page: Page) -> None:
    await page.set_viewport_size({"width": 320, "height": 800})
    await _open(page, LONG)
    await page.wait_for_selector("svg .pw-low-label")
    bare = await page.evaluate("""() => [...document.querySelectorAll("svg .pw-low-label, svg .pw-high-label")].filter(
        (label) => {
            const [text, behind] = [label.getBBox(), label.previousElementSibling.getBBox()];
            const isBehind = label.previousElementSibling.matches("rect.pw-backing");
            return !isBehind || behind.x > text.x || behind.x + behind.width < text.x + text.width;
        }).map((label) => label.textContent)""")

    assert bare == []


async def test_the_figures_are_a_table_and_zero_is_on_request(page: Page) -> None:
    await _open(page, LONG)
    await page.click(".pw-table summary")
    await page.wait_for_selector(".pw-table td")
    assert await page.locator(".pw-table tbody tr").count() >= 12
    await page.check(".pw-zero input")

    labels = await page.locator("svg .pw-label").all_text_contents()
    assert "0" in labels


async def test_a_range_shows_its_part_and_an_offer_can_be_hidden(page: Page) -> None:
    await _open(page, LONG)
    await page.click(".pw-ranges button >> text='1 month'")
    assert "In the time shown: lowest $39.99" in await page.inner_text(".pw-summary")
    assert await page.locator("svg .pw-unseen").count() == 0
    await page.uncheck(".pw-offers input >> nth=1")

    assert await page.locator("svg .pw-s1").count() == 0


async def test_when_the_history_does_not_come_the_picture_stays(page: Page) -> None:
    async with page.expect_response(re.compile("/history")) as refused:
        await _open(page, {})
    assert (await refused.value).status == 404

    assert "picture of the server" in await page.inner_text("[data-chart]")
