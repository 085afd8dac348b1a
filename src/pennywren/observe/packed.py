"""Pages as they came, packed: unpacking takes as long as all else that a crawler does, so a parser child does it."""

import zlib
from typing import Final

BROKEN: Final = "broken_gzip"
"""Why a page is unreadable that was not packed as it said."""
_GZIP: Final = b"\x1f\x8b"
"""How packed pages begin, and no HTML does."""
_WINDOW: Final = 16 + zlib.MAX_WBITS
"""gzip, with its header."""


def is_packed(encoding: str) -> bool:
    """Whether a Content-Encoding means gzip, which is all that we ask for."""
    return encoding.lower() in {"gzip", "x-gzip"}


def is_as_said(page: bytes, encoding: str | None) -> bool:
    """Whether a page can be what its Content-Encoding says."""
    if encoding is None or encoding.lower() == "identity":
        return True
    return is_packed(encoding) and (not page or page.startswith(_GZIP))


def unpacked(page: bytes, limit: int) -> bytes | None:
    """The page, of which nothing is unpacked beyond `limit` bytes; None where it is longer.

    Raises:
        ValueError: it is packed and broken.
    """
    if not page.startswith(_GZIP):
        return page if len(page) <= limit else None
    unpacker = zlib.decompressobj(_WINDOW)
    try:
        html = unpacker.decompress(page, limit + 1)
    except zlib.error as error:
        raise ValueError("not gzip, though it begins so") from error
    if len(html) > limit:
        return None
    if not unpacker.eof:
        raise ValueError("the end is missing")
    if unpacker.unused_data.strip(b"\0"):
        raise ValueError("something follows the end")
    return html
