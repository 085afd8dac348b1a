"""Sitemaps (sitemaps.org): files in which a shop lists its pages, and files that list such files.

A sitemap comes from a stranger: it is inflated and read within bounds, and only the text of its `<loc>` elements is
looked at, so that no entity or nesting of XML can cost anything.
"""

import html
import re
import zlib
from dataclasses import dataclass
from typing import Final

MOST_BYTES: Final = 10_000_000
"""Of an inflated file; what follows is not read."""
MOST_ADDRESSES: Final = 50_000
"""The most that the protocol allows in one file."""
_LOC: Final = re.compile(rb"<loc>\s{0,100}(?:<!\[CDATA\[)?([^<\]]{1,2000})(?:\]\]>)?\s{0,100}</loc>")
_INDEX: Final = re.compile(rb"<sitemapindex[\s>]")


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What one file lists."""

    addresses: tuple[str, ...]
    of_sitemaps: bool
    """Whether they are further sitemaps, and not pages."""


def read_sitemap(body: bytes) -> Sitemap:
    """Read a sitemap, gzipped or not. What cannot be read lists nothing."""
    text = _inflated(body) if body[:2] == b"\x1f\x8b" else body[:MOST_BYTES]
    found: list[str] = []
    for match in _LOC.finditer(text):
        found.append(html.unescape(match[1].decode("utf-8", "replace")).strip())
        if len(found) == MOST_ADDRESSES:
            break
    return Sitemap(tuple(found), _INDEX.search(text[:4096]) is not None)


def _inflated(body: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(body, MOST_BYTES)
    except zlib.error:
        return b""
