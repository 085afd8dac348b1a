"""Product pages that stay open and listen, and what they cost the website's processes."""

import asyncio
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pennywren.model.product import ProductID


@dataclass
class OpenPage:
    """One page that is open: when it was told what (s, monotonic)."""

    product: ProductID
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    told: list[float] = field(default_factory=list[float])

    async def listen(self) -> None:
        """Note each price until the stream ends."""
        while line := await self.reader.readline():
            if line.startswith(b"event: price"):
                self.told.append(time.monotonic())


async def open_page(address: str, product: ProductID, version: int) -> OpenPage:
    """Open the stream of a page that shows this version, and wait until it is listened for."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(
        f"GET /products/{product}/live?version={version} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        "Accept: text/event-stream\r\nAccept-Language: en\r\n\r\n".encode()
    )
    await reader.readuntil(b"listening")
    return OpenPage(product, reader, writer)


def memory_mb(url: str) -> float:
    """The memory of all processes of the website (PSS: what they share is counted once)."""
    found = [re.search(r"^Pss:\s+(\d+)", text, re.M) for text in _read_all(url, "smaps_rollup")]
    return sum(int(each[1]) for each in found if each) / 1024


def cpu_ms(url: str) -> float:
    """Milliseconds of processor time that they have used."""
    fields = [text.rpartition(")")[2].split() for text in _read_all(url, "stat")]
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK") * 1000


def _read_all(url: str, file: str) -> Iterator[str]:
    """What the kernel says in `file` of each process of the website."""
    mark = f"PENNYWREN_HTTP_PORT={urlsplit(url).port}".encode()
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and mark in (process / "environ").read_bytes():
                yield (process / file).read_text()
        except OSError:
            continue  # ended meanwhile, or somebody else's
