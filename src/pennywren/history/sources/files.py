"""A file of price histories, in whichever of the known formats it is."""

import gzip
import zlib
from typing import Final

from pennywren.errors import BadInput
from pennywren.history.sources.csv import parse_csv
from pennywren.history.sources.found import Found
from pennywren.history.sources.keepa import parse_keepa

_GZIP: Final = b"\x1f\x8b"


def parse_histories(data: bytes, default_marketplace: str = "us") -> Found:
    """Read Keepa JSON or CSV, packed with gzip or not; the content says which it is.

    Raises:
        BadInput: neither of them; says what was expected.
    """
    if data.startswith(_GZIP):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise BadInput(f"this gzip file is broken: {error}") from None
    start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise BadInput("this file is empty")
    return parse_keepa(data) if start.startswith((b"{", b"[")) else parse_csv(data, default_marketplace)
