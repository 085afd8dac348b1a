"""Pages with all that they can hold, in German, whose words are longer: titles of 300 letters and of other scripts,
every offer, a list of every kind of watch, and what only those who run the installation see."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, async_playwright

from pennywren.accounts import admins
from pennywren.accounts.installs import make_install
from pennywren.accounts.links import QUIET_WATCH, STOP_MAILS, UNSUBSCRIBE
from pennywren.accounts.people import find_or_add
from pennywren.accounts.signing_in import make_link
from pennywren.accounts.subscription import NotificationType
from pennywren.model.clock import DAY, rfc3339, system_clock
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import AllTimeLow, BackInStock, Base, Drop, LowestInDays, PriceAtOrBelow, Rule
from pennywren.model.series import State, Steps
from pennywren.observe.page.reading import PageReading
from pennywren.pipeline import drifting
from pennywren.postgres import catalogue
from pennywren.postgres.catalogue import CatalogueEntry
from pennywren.postgres.pool import transaction
from pennywren.record.rewriting import rewrite
from pennywren.web.app import create_app
from tests.browser.axe import judge_at_all_widths, too_wide
from tests.browser.extension_world import CHROMIUM, Backdrop
from tests.browser.test_every_page import OPEN, OWN

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG = ProductID("us", "B0LONGTITL")
TITLES = {
    LONG: ("Stainless Steel Countertop Espresso Machine with Milk Frother, " * 5)[:300],
    ProductID("ae", "B0ARABICTI"): "غلاية كهربائية من الفولاذ المقاوم للصدأ سعة 1.7 لتر مع إيقاف تلقائي",
    ProductID("jp", "B0JAPANTIT"): "小雀堂 南部鉄器風 急須 0.6L 茶こし付き 内側ホーロー仕上げ ギフトボックス入り",
    ProductID("us", "B0NOSPACES"): "W" * 120,
}
RULES: tuple[Rule, ...] = (
    PriceAtOrBelow(123_456_789),
    Drop(Base.MEDIAN, 12.5, None),
    AllTimeLow(),
    LowestInDays(90),
    BackInStock(),
)
EMAIL = "a.very.long.name.that.nobody.would.choose@subdomain.of.a.domain.example.com"
LIST = 'ASIN,Marketplace,Target price\nB0LONGTITL,us,"12,99"\nB0JAPANTIT,jp,cheap\nNOTANASIN,us,10\nB0NOSPACES,us,'
NO_PAGES = {
    "/account/data.json", "/account/watches.csv", "/feeds/{token}", "/healthz", "/images/{product}/{file}",
    "/installs", "/mailbox.json", "/metrics", "/openapi.json", "/pairings/own", "/products",
    "/products/{product}/chart.png", "/products/{product}/chart.svg", "/products/{product}/feed.atom",
    "/products/{product}/history", "/products/{product}/history.csv", "/products/{product}/live",
    "/products/{product}/suggestions", "/products/{product}/targets", "/push-worker.js", "/push/key", "/readyz",
    "/static/build/{name}", "/static/{name}", "/subscriptions", "/subscriptions/{subscription}/trace", "/tokens",
}  # fmt: skip
"""What is for programs."""
LOOKED_AT = {
    "/", "/products/{product}", "/products/{product}/points/{timestamp}/proof", "/account", "/account/channels",
    "/account/watch", "/subscriptions/{subscription}", "/begin/{token}", "/pair/{token}", "/sign-in/{token}",
    "/watch/{token}", "/unsubscribe/{token}", "/stop-mails/{token}", "/problems/{slug}", "/admin", "/admin/egresses",
    "/admin/plans", "/admin/reporters", "/admin/trail", "/admin/unreadable",
    "/admin/unreadable/{marketplace}/{layout}/{number}",
}  # fmt: skip
"""Here, or in `test_every_page`, by their addresses."""


@pytest_asyncio.fixture(loop_scope="module")
async def context(behind: Backdrop) -> AsyncIterator[BrowserContext]:
    """The browser of a German reader, and a past of every offer."""
    now = system_clock()
    past = [(now - days * DAY, price) for days, price in ((400, 119_999), (300, 89_999), (90, 129_999), (9, 99_999))]
    gaps = [(now - 60 * DAY, State.NO_OFFER), (now - 50 * DAY, State.OFFERED), (now - 40 * DAY, State.NOT_OBSERVED)]
    steps = {offer: Steps(past, [*gaps, (now - 30 * DAY, State.OFFERED)], now - DAY) for offer in Offer}
    for product, title in TITLES.items():
        await catalogue.upsert(behind.resources.pool, [CatalogueEntry(product, title)])
        await rewrite(behind.resources.store, product, product.market.currency, steps, reason="import", tier="charted")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        opened = await browser.new_context(locale="de-DE")
        opened.set_default_timeout(60_000)
        yield opened
        await browser.close()


async def _judged(page: Page, behind: Backdrop, paths: list[str]) -> list[str]:
    wrong: list[str] = []
    for path in paths:
        await page.goto(f"{behind.origin}{path}")
        wrong += await _judged_as_it_is(page)
    return wrong


async def _judged_as_it_is(page: Page) -> list[str]:
    if await page.locator("[data-chart]").count():
        await page.locator(".pw-plot").wait_for()
    # What is folded away is a part of it, too.
    await page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")
    return await judge_at_all_widths(page)


async def _sign_in(page: Page, behind: Backdrop, email: str) -> None:
    link = await make_link(behind.resources.pool, email, system_clock())
    await page.goto(f"{behind.origin}/sign-in/{link}")
    await page.locator("main form button").click()
    await page.wait_for_url("**/account")


async def test_every_page_is_looked_at(behind: Backdrop) -> None:
    routes = create_app(behind.settings, system_clock).litestar.routes
    pages = {route.path_format for route in routes if "GET" in getattr(route, "methods", [])}
    assert pages - NO_PAGES == LOOKED_AT | ({*OPEN, *OWN} & pages)


async def test_titles_of_every_kind_fit(behind: Backdrop, context: BrowserContext) -> None:
    page = await context.new_page()
    proof = f"/products/{LONG}/points/{rfc3339(system_clock() - 5 * DAY)}/proof"
    assert await _judged(page, behind, [f"/products/{LONG}", proof, "/"]) == []
    for product in TITLES:
        await page.goto(f"{behind.origin}/products/{product}")
        await page.locator(".pw-plot").wait_for()
        assert await too_wide(page) == []
    # A list of links: some are products, some are not.
    await page.goto(behind.origin)
    await page.locator("details.many").evaluate("each => each.open = true")
    await page.locator("#links").fill(f"{' '.join(map(str, TITLES))}\nhttps://shop.example/{'x' * 90}")
    await page.locator("details.many button").click()
    await page.locator("h1", has_text="4 Produkte").wait_for()
    assert await _judged_as_it_is(page) == []


async def test_an_account_that_is_full_fits(behind: Backdrop, context: BrowserContext) -> None:
    resources, page = behind.resources, await context.new_page()
    await _sign_in(page, behind, EMAIL)
    async with transaction(resources.pool) as connection:
        person = await find_or_add(connection, EMAIL)
    ids = [
        (await resources.subscribing.subscribe(person.id, product, Offer.BUYBOX, rule, NotificationType.EMAIL))
        .subscription.id
        for product in list(TITLES)[:2]
        for rule in RULES
    ]  # fmt: skip
    tokens = [
        f"/{name}/{kind.sign(resources.unsubscribe_key, of)}"
        for name, kind, of in (
            ("watch", QUIET_WATCH, ids[0]), ("unsubscribe", UNSUBSCRIBE, ids[0]), ("stop-mails", STOP_MAILS, person.id)
        )
    ]  # fmt: skip
    own = [f"/subscriptions/{ids[0]}", f"/subscriptions/{ids[1]}", f"/account/watch?product={LONG}"]
    assert await _judged(page, behind, ["/account", "/account/delete", *own, *tokens]) == []

    # What only a form leads to: the rows of a list that is partly wrong, and what is shown a single time.
    await page.goto(f"{behind.origin}/account/import")
    await page.locator("textarea").fill(LIST)
    await page.get_by_role("button", name="Ansehen").click()
    await page.locator("h2", has_text="2 Zeilen").wait_for()
    assert await _judged_as_it_is(page) == []
    await page.goto(f"{behind.origin}/account/channels")
    await page.locator("#url").fill(f"https://example.com/{'hook' * 30}")
    await page.get_by_role("button", name="Webhook hinzufügen").click()
    await page.locator(".secret").wait_for()
    assert await _judged_as_it_is(page) == []
    assert await _judged(page, behind, ["/account/channels"]) == []


async def test_what_links_of_mails_ask_fits(behind: Backdrop, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(f"{behind.origin}/products/{LONG}")
    await page.locator("#email").fill("joan@example.com")
    await page.locator("#amount").fill("12,99")
    await page.get_by_role("button", name="Preis beobachten").click()
    await page.locator("h1", has_text="Mails").wait_for()
    assert await _judged_as_it_is(page) == []
    begin = behind.link("begin").removeprefix(behind.origin)
    sign_in = await make_link(behind.resources.pool, EMAIL, system_clock())
    assert await _judged(page, behind, [begin, f"/sign-in/{sign_in}", "/pair/nobodys"]) == []


async def test_what_is_for_those_who_run_it_fits(behind: Backdrop, context: BrowserContext) -> None:
    resources, page = behind.resources, await context.new_page()
    async with transaction(resources.pool) as connection:
        await admins.grant(connection, EMAIL, who="a test with a name that is rather long")
    install, _ = await make_install(resources.store.raw, resources.pool, "198.51.100.1", system_clock())
    reading = PageReading(kind="unreadable", reason="no price that places agree on")
    html = f"<html><title>{datetime.now(UTC):%Y}</title>{'<p>unreadable</p>' * 99}</html>".encode()
    await drifting.note_page(resources.client, LONG, reading, html, system_clock())
    await _sign_in(page, behind, EMAIL)
    await page.goto(f"{behind.origin}/admin/unreadable")
    sample = re.sub(r"^https?://[^/]+", "", str(await page.locator("main .card a").first.get_attribute("href")))
    paths = [
        "/admin", "/admin/egresses", "/admin/unreadable", sample, "/admin/trail", "/admin/reporters",
        f"/admin/reporters?id={install.id}", f"/admin/plans?email={EMAIL}",
        "/admin/plans?email=nobody@example.com",
    ]  # fmt: skip
    assert await _judged(page, behind, paths) == []
