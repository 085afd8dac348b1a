"""`read`: what a page says. Needs no server."""

import asyncio
import gzip
import sys
import time
import zlib
from pathlib import Path
from typing import Final

import click
import msgspec
from protego import Protego

from pennywren.errors import BadInput, Forbidden, Unavailable
from pennywren.model.marketplace import MARKETPLACES
from pennywren.model.money import format_money
from pennywren.model.product import ProductID
from pennywren.observe.child import PageParser
from pennywren.observe.fetch import Fetched, Fetcher
from pennywren.observe.hosts import Hosts
from pennywren.observe.page.reading import MAX_BYTES, PageReading
from pennywren.observe.robots import Rules, read_robots
from pennywren.settings import Settings, load_settings

_PAUSE_S: Final = 1.0
"""Between the request for robots.txt and the one for the page: as everywhere, one request a second to a host."""
_TIME_LIMIT_S: Final = 10.0
"""For one page, read by a person who waits."""


@click.command()
@click.argument("file_or_url", metavar="FILE-OR-URL")
@click.option("-m", "--marketplace", type=click.Choice(list(MARKETPLACES)), help="Whose page a file is.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@click.option("--explain", is_flag=True, help="Say which places of the page showed what.")
def read(file_or_url: str, marketplace: str | None, as_json: bool, explain: bool) -> None:
    """Say what a product page shows: the product, its prices, whether it can be bought.

    FILE-OR-URL is an HTML file, gzipped or not (- for standard input), or a product's address at a marketplace, which
    is fetched once, if its robots.txt allows. The answer's kind is product, captcha, error, other, or unreadable for a
    product page that cannot be trusted.

    \b
    Examples:
      pennywren read page.html --marketplace de
      pennywren read page.html.gz -m us --json
      pennywren read https://www.amazon.com/dp/B08N5WRWNW --explain
    """
    settings = load_settings()
    if "://" in file_or_url:
        reading = asyncio.run(_read_url(settings, ProductID.parse(file_or_url)))
    else:
        reading = asyncio.run(_parse(_load(file_or_url), marketplace or settings.default_marketplace))
    if as_json:
        shown = reading if explain else msgspec.structs.replace(reading, evidence=[])
        click.echo(msgspec.json.encode(shown))
        return
    _show(reading)
    if explain:
        for each in reading.evidence:
            click.echo(f"  {each.field}: {each.value!r} at {each.where}")


def _load(name: str) -> bytes:
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return _unzip(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _unzip(content: bytes) -> bytes:
    """The unzipped content, and of a gzip bomb no more than shows that it is too long."""
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    page = stream.decompress(content, MAX_BYTES + 1)
    if not stream.eof and len(page) <= MAX_BYTES:
        raise gzip.BadGzipFile("the file is cut off")
    return page


async def _parse(page: bytes, marketplace: str) -> PageReading:
    async with PageParser(time_limit=_TIME_LIMIT_S) as parser:
        return await parser.read(page, marketplace)


async def _read_url(settings: Settings, product: ProductID) -> PageReading:
    """Fetch politely and read."""
    hosts = Hosts.of(settings)
    async with Fetcher(settings.egresses[0], settings.user_agent) as fetcher:
        reachable, text = read_robots(await fetcher.get(hosts.robots(product.marketplace)))
        if not reachable:
            raise Unavailable(f"the robots.txt of {hosts.host(product.marketplace)} cannot be fetched")
        asked_at = time.monotonic()
        rules = Rules(reachable, Protego.parse(text))
        address = hosts.page(product)
        if not rules.allows(address, settings.user_agent):
            raise Forbidden(f"the robots.txt of {address.host} does not allow us to fetch {address.url}")
        pause = max(_PAUSE_S, rules.pause_ms(settings.user_agent) / 1000)
        await asyncio.sleep(pause - (time.monotonic() - asked_at))
        fetched = await fetcher.get(address)
    if fetched.trouble is not None:
        raise Unavailable(f"{address.url} cannot be fetched: {fetched.trouble}")
    return _by_status(fetched, await _parse(fetched.body, product.marketplace))


def _by_status(fetched: Fetched, reading: PageReading) -> PageReading:
    """A status that is no success says what the page is, whatever it looks like; a robot check is one all the same."""
    if fetched.status == 200 or reading.kind == "captcha":
        return reading
    return PageReading(kind="error", reason=f"status {fetched.status}")


def _show(reading: PageReading) -> None:
    lines = [
        ("kind", reading.kind + (f" ({reading.reason})" if reading.reason else "")),
        ("product", reading.product_id),
        ("title", reading.title),
        *((name, _price(offer.price, offer.currency)) for name, offer in reading.offers.items()),
        ("available", reading.availability if reading.kind == "product" else None),
        ("seller", reading.seller),
    ]
    for name, value in lines:
        if value:
            click.echo(f"{name:<9} {value}")


def _price(minor: int | None, currency: str) -> str:
    return "no price" if minor is None else format_money(minor, currency)
