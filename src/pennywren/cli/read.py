"""`read`: what a page says. Needs no server."""

import asyncio
import gzip
import os
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from unicodedata import combining, east_asian_width

import click
import msgspec

from pennywren.cli.fetching import fetch_and_read
from pennywren.errors import BadInput
from pennywren.model.marketplace import MARKETPLACES, marketplace_of_host
from pennywren.model.money import format_money
from pennywren.model.product import ProductID
from pennywren.observe.child import PageParser
from pennywren.observe.page.reading import MAX_BYTES, PageReading
from pennywren.settings import Settings, load_settings

_WIDEST: Final = 56
"""Columns for what a place shows."""
_TIME_LIMIT_S: Final = 10.0
"""For one page, read by a person who waits."""


@click.command()
@click.argument("file_or_url", metavar="FILE-OR-URL")
@click.option(
    "-m",
    "--marketplace",
    type=click.Choice(list(MARKETPLACES)),
    help="Whose page this is, where a file or an address does not say.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@click.option("--explain", is_flag=True, help="Say which places of the page showed what.")
def read(file_or_url: str, marketplace: str | None, as_json: bool, explain: bool) -> None:
    """Say what a product page shows: the product, its prices, whether it can be bought.

    FILE-OR-URL is an HTML file, gzipped or not (- for standard input), or a product's address at a marketplace, which
    is fetched once, if its robots.txt allows, and in turn with the crawl workers that run. The answer's kind is
    product, captcha, error, other, or unreadable for a product page that cannot be trusted.

    \b
    Examples:
      pennywren read page.html --marketplace de
      pennywren read page.html.gz -m us --json
      pennywren read https://www.amazon.com/dp/B08N5WRWNW --explain
    """
    settings = load_settings()
    marketplace = marketplace or settings.default_marketplace
    if _is_link(file_or_url):
        reading = asyncio.run(_read_url(settings, _product_of(file_or_url, settings, marketplace)))
    else:
        reading = asyncio.run(_parse(_load(file_or_url), marketplace))
    if as_json:
        shown = reading if explain else msgspec.structs.replace(reading, evidence=[])
        click.echo(msgspec.json.encode(shown))
        return
    _show(reading)
    if explain:
        click.echo()
        for line in _table([("what", "shows", "where"), *((e.field, e.value, e.where) for e in reading.evidence)]):
            click.echo(line)


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
    async with PageParser(time_limit=_TIME_LIMIT_S) as parser:
        return await fetch_and_read(settings, product, parser)


def _is_link(text: str) -> bool:
    """Whether this is an address, with or without its scheme, and not a file."""
    if "://" in text:
        return True
    # Path.exists fails for names that are longer than a file's can be.
    return marketplace_of_host(text.partition("/")[0]) is not None and not os.path.exists(text)


def _product_of(link: str, settings: Settings, marketplace: str) -> ProductID:
    """The product behind a link to a marketplace, or to the origin that stands in for some."""
    codes = [code for code, origin in settings.shop_origins.items() if link.startswith(f"{origin}/")]
    if not codes:
        return ProductID.parse(link)
    code = marketplace if marketplace in codes else codes[0]
    path = link.removeprefix(settings.shop_origins[code])
    return ProductID.parse(f"https://{MARKETPLACES[code].host}{path}")


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


def _table(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    """Rows with their columns below each other; a long value is cut, never where it stands."""
    rows = [(what, _cut(shows), where) for what, shows, where in rows]
    widths = [max(_width(row[i]) for row in rows) for i in range(2)]
    return ["  ".join([*(row[i] + " " * (widths[i] - _width(row[i])) for i in range(2)), row[2]]) for row in rows]


def _cut(shows: str) -> str:
    if _width(shows) <= _WIDEST:
        return shows
    while _width(shows) >= _WIDEST:
        shows = shows[:-1]
    return shows + "…"


def _width(shown: str) -> int:
    """Columns of a terminal: Chinese and Japanese characters take two, accents that combine none."""
    return sum(0 if combining(c) else 1 + (east_asian_width(c) in "WF") for c in shown)


def _price(minor: int | None, currency: str) -> str:
    return "no price" if minor is None else format_money(minor, currency)
