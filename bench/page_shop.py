"""A shop that serves the real pages of the shared folder (PENNYWREN_SHARED), each under the names of many products.

`python -m bench.page_shop --port PORT --readings FILE`: pages are made and compressed before it listens, so that it
costs next to nothing while others are measured, and what is to be read of each is written for `remembering_parser`.
`/_counts` says how many pages each address was given, `/_products` what it sells.
"""

import argparse
import asyncio
import gzip
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.remembering_parser import TRAILER
from pennywren.observe.page import PageReading, read_page

ROOT: Final = Path(__file__).parents[1]
MARKETPLACE: Final = "us"
_HOST: Final = "www.amazon.com"
_NAMES_EACH: Final = 40
_LEVEL: Final = 4


def real_pages() -> list[tuple[bytes, bytes, PageReading]]:
    """Every real product page of one marketplace that we can read: its ASIN, the page, and what it shows."""
    folder = Path(os.environ.get("PENNYWREN_SHARED") or ROOT.parent / "shared") / "pages"
    labels: list[dict[str, Any]] = json.loads((folder / "labels.json").read_bytes())
    pages: list[tuple[bytes, bytes, PageReading]] = []
    for label in labels:
        if label["kind"] != "product" or label["host"] != _HOST or not str(label["asin"]).startswith("B"):
            continue
        raw = (folder / label["file"]).read_bytes()
        html = gzip.decompress(raw) if label["file"].endswith(".gz") else raw
        reading = read_page(html, MARKETPLACE)
        if reading.product_id == f"{MARKETPLACE}:{label['asin']}":
            pages.append((label["asin"].encode(), html, reading))
    return pages


class PageShop:
    """Answers by path, compressed; an answer is made once."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {"/robots.txt": _answer(b"User-agent: *\nDisallow: /gp/cart\n", "text/plain")}
        self.given: Counter[str] = Counter()
        sizes: list[int] = []
        readings: dict[bytes, msgspec.Raw] = {}
        for number, (asin, html, reading) in enumerate(real_pages()):
            packed = msgspec.msgpack.encode(reading)
            for name in (f"B{number:03d}{each:06d}" for each in range(_NAMES_EACH)):
                answer = _answer(html.replace(asin, name.encode()), "text/html;charset=UTF-8")
                self.answers[f"/dp/{name}"] = answer
                # Names are as long as the one that they replace, also where they are packed.
                readings[answer[-TRAILER:]] = msgspec.Raw(packed.replace(asin, name.encode()))
            sizes.append(len(html))
        self.readings = msgspec.msgpack.encode(readings)
        products = [f"{MARKETPLACE}:{path[4:]}" for path in self.answers if path.startswith("/dp/")]
        self._about = json.dumps({"products": products, "pages": len(sizes), "bytes": sum(sizes) / len(sizes)}).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        source = writer.get_extra_info("peername")[0]
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ", 2)[1].decode()
                if path == "/_counts":
                    answer = _answer(json.dumps(self.given).encode(), "application/json")
                elif path == "/_products":
                    answer = _answer(self._about, "application/json")
                else:
                    self.given[source] += path.startswith("/dp/")
                    answer = self.answers.get(path) or _answer(b"", "text/plain", "404 Not Found")
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def _answer(body: bytes, kind: str, status: str = "200 OK") -> bytes:
    packed = gzip.compress(body, _LEVEL)
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    )
    return head.encode() + packed


async def _main(port: int, readings: Path) -> None:
    shop = PageShop()
    readings.write_bytes(shop.readings)
    server = await asyncio.start_server(shop.serve, "127.0.0.1", port, limit=1 << 16)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.page_shop", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--readings", type=Path, required=True)
    asked = parser.parse_args()
    asyncio.run(_main(asked.port, asked.readings))
