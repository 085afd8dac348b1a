"""A parser child that remembers: it answers with what `page_shop` has read of each page beforehand.

It stands in for the cores that parsing wants, so that a small machine can bring as many pages through a crawling
process as 200 egresses may ask for. Pages travel to it, and readings back, as in production.
"""

import os
from pathlib import Path
from typing import Final

import msgspec

from pennywren.observe.child_main import serve
from pennywren.observe.page.reading import PageReading

FILE: Final = "BENCH_READINGS"
"""The environment variable that says where the readings are."""
TRAILER: Final = 8
"""Bytes at the end of a gzipped page that tell it from all others: its checksum and length."""

if __name__ == "__main__":
    readings = msgspec.msgpack.decode(Path(os.environ[FILE]).read_bytes(), type=dict[bytes, PageReading])
    serve(lambda page, _: readings[page[-TRAILER:]])
