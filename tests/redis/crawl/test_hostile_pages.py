"""Whatever a shop answers, a whole crawl of it records nothing wrong, is counted, and leaves a worker that goes on."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable

import pytest

from pennywren import keyspace
from pennywren.frontier.admission import Admission, admit_all
from pennywren.local.shop import pages
from pennywren.local.shop.goods import HERO
from pennywren.model.offer import Offer
from pennywren.observe import egress
from pennywren.observe.fetch import Fetched
from pennywren.observe.robots import Robots
from pennywren.pipeline.crawling import CRAWLS, Crawler
from pennywren.store.counters import Sample, read
from tests.redis.crawl.conftest import Stage, Talk

PRODUCT = HERO.id
KNOWN = 1599
GOOD = pages.product_page(HERO, KNOWN)
Evil = Callable[[Talk], Awaitable[str]]


class Answers:
    """A shop that answers with one thing after the other, its good page when it has no other left."""

    def __init__(self, *answers: bytes) -> None:
        self.left = list(answers)

    async def __call__(self, _path: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(self.left.pop(0) if self.left else ok(GOOD.encode()))


def ok(page: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(page)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + page


def _damaged(page: bytes) -> bytes:
    return page[:400] + bytes(100) + page[500:]


def spelled(text: str, plain: str) -> str:
    """The good page with its price written as `text` wherever a visitor sees it, and as `plain` in its forms."""
    page = GOOD
    while (start := page.find('<span aria-hidden="true">')) >= 0:
        end = page.index("</span></span>", start) + len("</span>")
        page = page[:start] + page[end:]
    assert page.count("$15.99") == 3
    assert page.count('value="15.99"') == 1
    return page.replace("$15.99", text).replace('value="15.99"', f'value="{plain}"')


async def crawler_of(stage: Stage, origin: str) -> tuple[Crawler, str]:
    """A crawler towards a shop whose robots.txt allows everything."""
    host = origin.removeprefix("http://")
    await Robots(stage.store.client).keep(host, Fetched(404))
    crawler = stage.crawler("a", "127.0.0.31", origin=origin, timeout_s=1.0)
    return crawler, host


async def visit(stage: Stage, crawler: Crawler, host: str) -> None:
    """Crawl the product now, without waiting for politeness or for what trouble has put off."""
    await admit_all(stage.store.client, [Admission(PRODUCT, urgent=True)])
    await stage.store.client.hset(keyspace.egress("a", host), "next", 0)
    await crawler.look_around()
    assert (await crawler.step(host)).worked


async def price(stage: Stage) -> int | None:
    """What is believed of the buy box; None for no offer, or nothing at all."""
    state = await stage.store.product(PRODUCT)
    return state.offers[Offer.BUYBOX].price if state is not None and Offer.BUYBOX in state.offers else None


BLOCKS = {
    "429": ok(b"", status="429 Too Many Requests"),
    "429 in gzip that is none": ok(b"wait", "Content-Encoding: gzip", status="429 Too Many Requests"),
    "503": ok(GOOD.encode(), status="503 Service Unavailable"),
    "captcha with status 200": ok(pages.captcha_page().encode()),
    "robot check with status 200": ok(b"<html><head><title>Robot Check</title></head><body>Sorry</body></html>"),
}


@pytest.mark.parametrize("answer", BLOCKS.values(), ids=BLOCKS)
async def test_a_block_is_never_a_price_and_five_in_a_row_open_the_circuit(
    stage: Stage, evil: Evil, answer: bytes
) -> None:
    crawler, host = await crawler_of(stage, await evil(Answers(*[answer] * 5)))
    for pause in (2000, 4000, 8000, 16_000, 32_000):
        await visit(stage, crawler, host)
        (stands,) = await egress.status(stage.store.client, ["a"], [host])
        assert stands.pause == pause
        assert stands.why
    assert (stands.circuit, stands.refused) == ("open", 5)
    assert await stage.store.product(PRODUCT) is None
    assert await read(stage.store.client, [CRAWLS]) == [Sample(CRAWLS, ("us", "blocked"), 5)]
    await admit_all(stage.store.client, [Admission(PRODUCT, urgent=True)])
    await stage.store.client.hset(keyspace.egress("a", host), "next", 0)
    assert not (await crawler.step(host)).worked, "nothing leaves while it is open"


ANSWERS = {
    "gzip bomb": (ok(gzip.compress(b"<p>" * 17_000_000), "Content-Encoding: gzip"), "unreadable"),
    "zeros in gzip": (ok(gzip.compress(bytes(60_000_000)), "Content-Encoding: gzip"), "unreadable"),
    "gzip that is none": (ok(GOOD.encode(), "Content-Encoding: gzip"), "unreachable"),
    "gzip that breaks off midway": (
        ok(gzip.compress(GOOD.encode())[:-40], "Content-Encoding: gzip"),
        "unreachable",
    ),
    "gzip that is damaged": (ok(_damaged(gzip.compress(GOOD.encode())), "Content-Encoding: gzip"), "unreachable"),
    "gzip with a second page behind it": (
        ok(gzip.compress(GOOD.encode()) * 2, "Content-Encoding: gzip"),
        "unreachable",
    ),
    "brotli that nobody asked for": (ok(GOOD.encode(), "Content-Encoding: br"), "unreachable"),
    "to itself": (ok(b"", f"Location: /dp/{PRODUCT.asin}", status="302 Found"), "unreadable"),
    "to another shop": (ok(b"", "Location: https://www.amazon.de/dp/B08N5WRWNW", status="302 Found"), "unreadable"),
    "a charset that it does not have": (
        ok(GOOD.encode("utf-16"), "Content-Type: text/html; charset=utf-8"),
        "unreadable",
    ),
    "cut off": (ok(GOOD.encode())[:-3000], "unreachable"),
    "to loopback": (ok(b"", "Location: http://127.0.0.1:1/", status="302 Found"), "unreadable"),
    "to metadata": (ok(b"", "Location: http://169.254.169.254/", status="307 Temporary Redirect"), "unreadable"),
    "to a file": (ok(b"", "Location: file:///etc/passwd", status="301 Moved Permanently"), "unreadable"),
    "by refresh": (ok(b'<meta http-equiv="refresh" content="0;url=file:///etc/passwd">'), "unreadable"),
    "empty": (ok(b""), "unreadable"),
    "another product": (ok(GOOD.replace(PRODUCT.asin, "B08N5WRWNW").encode()), "unreadable"),
    "font bomb": (ok(b"".join(b"<font a=%d><p>" % i for i in range(2900))), "unreadable"),
    "nested": (ok(b"<div>" * 200_000), "unreadable"),
    "attributes": (ok(b"<a " + b" ".join(b"a%d=1" % i for i in range(300_000)) + b">"), "unreadable"),
    "options": (ok(b"<select>" + b"<option>" * 200_000), "unreadable"),
}


@pytest.mark.parametrize(("answer", "outcome"), ANSWERS.values(), ids=ANSWERS)
async def test_what_is_no_page_of_the_product_is_refused_and_counted_and_the_next_page_is_read(
    stage: Stage, evil: Evil, answer: bytes, outcome: str
) -> None:
    crawler, host = await crawler_of(stage, await evil(Answers(answer)))
    async with asyncio.timeout(60):
        await visit(stage, crawler, host)
    assert await stage.store.product(PRODUCT) is None
    assert await read(stage.store.client, [CRAWLS]) == [Sample(CRAWLS, ("us", outcome), 1)]
    (stands,) = await egress.status(stage.store.client, ["a"], [host])
    failed = outcome == "unreachable"
    assert (stands.ok, stands.failed, stands.refused) == (not failed, failed, 0)
    await visit(stage, crawler, host)
    assert await price(stage) == KNOWN


PRICES = {
    "nothing": ("$0.00", "0.00", None),
    "less than nothing": ("-$5.00", "-5.00", None),
    "no number": ("NaN", "NaN", None),
    "an exponent": ("$1e5", "1e5", None),
    "a European form": ("1.299,00 €", "1299.00", None),
    "thousands": ("$1,299.00", "1299.00", 129_900),
    "one without its point": ("$1,599.00", "15.99", None),
    "another currency": ("€15.99", "15.99", None),
    "two prices": ("$15.99 $12.99", "15.99", None),
    "more than anything costs": ("$999,999,999.00", "999999999.00", None),
}


@pytest.mark.parametrize(("text", "plain", "minor"), PRICES.values(), ids=PRICES)
async def test_a_price_is_read_right_or_not_at_all(
    stage: Stage, evil: Evil, text: str, plain: str, minor: int | None
) -> None:
    crawler, host = await crawler_of(stage, await evil(Answers(ok(spelled(text, plain).encode()))))
    await visit(stage, crawler, host)
    assert await price(stage) == minor


@pytest.mark.parametrize("sudden", [1, 15, 159_900], ids=["a cent", "99 % less", "a hundred times as much"])
async def test_a_price_that_jumps_waits_for_a_second_look(stage: Stage, evil: Evil, sudden: int) -> None:
    jump = ok(pages.product_page(HERO, sudden).encode())
    crawler, host = await crawler_of(stage, await evil(Answers(ok(GOOD.encode()), jump)))
    for believed in (KNOWN, KNOWN, KNOWN):
        await visit(stage, crawler, host)
        assert await price(stage) == believed
    assert await stage.store.client.xlen(keyspace.changes(keyspace.partition_of(PRODUCT))) == 1
