"""What a page that is open asks for, and when: the stream of its product, played at the edge of the browser."""

from playwright.async_api import Browser, Page, Route

from pennywren.web.rendering.assets import BUILD

ORIGIN = "http://pennywren.test"
PAGE = (
    '<!doctype html><html lang="en"><title>Kettle</title><script type="module" src="{client}"></script>'
    '<main><article data-live="/live" data-version="4"><div data-part="price">$20.00</div></article></main></html>'
)
NEWS = 'retry: 3600000\nid: 5\nevent: price\ndata: {"price": "<p>$19.00</p>"}\n\n'


async def _see(page: Page, *, hidden: bool) -> None:
    """The reader goes to another tab, or comes back."""
    await page.evaluate(
        """hidden => {
          Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


async def test_a_page_listens_only_while_it_is_seen_and_goes_on_where_it_was(chromium: Browser) -> None:
    page = await chromium.new_page()
    asked: list[str] = []

    async def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        if path == "/":
            await route.fulfill(body=PAGE.format(client=BUILD.address("client")), content_type="text/html")
        elif (asset := BUILD.assets.get(path.rpartition("/")[2])) is not None:
            await route.fulfill(body=asset.body, content_type=asset.media_type)
        else:
            asked.append(path)
            await route.fulfill(body=NEWS, content_type="text/event-stream")

    await page.route("**/*", answer)
    await page.goto(f"{ORIGIN}/")
    await page.locator("[data-part=price]", has_text="$19.00").wait_for()
    await _see(page, hidden=True)
    await _see(page, hidden=True)
    async with page.expect_request("**/live?version=5"):
        await _see(page, hidden=False)
    await _see(page, hidden=False)

    assert asked[0] == "/live?version=4"
    assert len(asked) <= 2, "it listens once"
    await page.close()
