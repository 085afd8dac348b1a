"""The shop's server. Run as `python -m pennywren.local.shop --port PORT`.

Written on asyncio alone: it is what tests judge our politeness by, so nothing may stand between a request and its line
in the log, and it starts in a moment.

    GET  /dp/ASIN           a product page            GET  /_log.json   the last requests, by source address
    GET  /robots.txt        what robots may read      POST /_answers    {"path", "answer": "captcha"|"503"|"429"|"404",
    GET  /images/ASIN.svg   its picture                                  "times", "retryAfter"}: instead of the page
    GET  /images/I/ASIN.png the same, as the image hosts of marketplaces have it
    GET  /                  all that is sold          POST /_prices     {"productID", "price"}: from now on; null: none
"""

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from pennywren.errors import BadInput
from pennywren.local.shop import pages
from pennywren.local.shop.goods import GOODS, Good
from pennywren.local.shop.prices import price_at
from pennywren.model.product import ProductID

ROBOTS: Final = """\
User-agent: *
Disallow: /cart
Disallow: /errors/
Disallow: /_
Disallow: /gp/offer-listing/
Allow: /dp/

User-agent: Scrapy
Disallow: /
"""
_HTML: Final = "text/html;charset=UTF-8"
_JSON: Final = "application/json"
_MAX_HEAD: Final = 16 * 1024
_MAX_BODY: Final = 64 * 1024
_IDLE_SECONDS: Final = 75.0
_REMEMBERED: Final = 1_000
"""Requests of one address: a demo that runs for days must not grow by its log."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to a client."""

    body: str | bytes
    type: str = _HTML
    status: int = 200
    retry_after: int | None = None

    def encode(self) -> bytes:
        """The whole response."""
        body = self.body.encode() if isinstance(self.body, str) else self.body
        lines = [
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}",
            f"Content-Type: {self.type}",
            f"Content-Length: {len(body)}",
            "Cache-Control: no-store",
        ]
        if self.retry_after is not None:
            lines.append(f"Retry-After: {self.retry_after}")
        return "\r\n".join([*lines, "", ""]).encode() + body


_BESIDE: Final = 3
"""Other goods that a product's page shows."""


@dataclass(slots=True)
class _Instead:
    answer: Answer
    times: int


@dataclass(slots=True)
class Shop:
    """The shop's state: when it opened, what it was told to do, and who came. `clock` answers ms."""

    clock: Callable[[], int]
    seed: int = 0
    opened: int = 0
    goods: dict[str, Good] = field(default_factory=lambda: {good.id.asin: good for good in GOODS})
    log: defaultdict[str, deque[dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=_REMEMBERED))
    )
    _fixed: dict[str, int | None] = field(default_factory=dict[str, "int | None"])
    _instead: dict[str, _Instead] = field(default_factory=dict[str, _Instead])

    def __post_init__(self) -> None:
        self.opened = self.opened or self.clock()

    def answer(self, method: str, target: str, body: bytes, source: str, agent: str) -> Answer:
        """Answer one request that came from the address `source`."""
        path = urlsplit(target).path
        if not path.startswith("/_"):
            seen = {"at": self.clock(), "path": path, "userAgent": agent}
            self.log[source].append(seen)
        try:
            return self._post(path, body) if method == "POST" else self._get(path)
        except (ValueError, KeyError, TypeError, BadInput) as error:
            return Answer(json.dumps({"error": str(error)}), _JSON, 400)

    def _get(self, path: str) -> Answer:
        if path == "/_log.json":
            return Answer(json.dumps({address: list(seen) for address, seen in self.log.items()}), _JSON)
        instead = self._instead.get(path) or self._instead.get("*")
        if instead is not None and instead.times > 0 and path != "/robots.txt":
            instead.times -= 1
            return instead.answer
        if path == "/robots.txt":
            return Answer(ROBOTS, "text/plain;charset=UTF-8")
        if path == "/":
            return Answer(pages.front_page(tuple(self.goods.values())))
        kind, _, name = path.lstrip("/").partition("/")
        good = self.goods.get(name.removeprefix("I/").removesuffix(".svg").removesuffix(".png"))
        if good is not None and kind == "images" and name.startswith("I/"):
            return Answer(pages.picture_png(good), "image/png")
        if good is not None and kind == "images":
            return Answer(pages.picture(good), "image/svg+xml")
        if good is not None and kind == "dp":
            return Answer(pages.product_page(good, self._price(good), self._beside(good)))
        return Answer(pages.failure_page(404, "Page Not Found"), status=404)

    def _beside(self, good: Good) -> list[Good]:
        """The three goods of its marketplace that follow it, in a circle."""
        alike = [each for each in self.goods.values() if each.id.marketplace == good.id.marketplace]
        start = alike.index(good) + 1
        return [each for each in (*alike[start:], *alike[:start])[:_BESIDE] if each is not good]

    def _price(self, good: Good) -> int | None:
        if good.id.asin in self._fixed:
            return self._fixed[good.id.asin]
        return price_at(good, self.clock() - self.opened, self.seed)

    def _post(self, path: str, body: bytes) -> Answer:
        told = json.loads(body)
        if path == "/_answers":
            answer = _instead_of_page(str(told["answer"]), told.get("retryAfter"))
            self._instead[str(told["path"])] = _Instead(answer, int(told.get("times", 1)))
        elif path == "/_prices":
            product = ProductID.parse(str(told["productID"]))
            price = told["price"]
            self._fixed[product.asin] = None if price is None else int(price)
            made = Good(product, f"Demo product {product.asin}", 0, "Pennywren", 200, ("Made for a test",))
            self.goods.setdefault(product.asin, made)
        else:
            return Answer(pages.failure_page(404, "Page Not Found"), status=404)
        return Answer("{}", _JSON)


def _instead_of_page(name: str, retry_after: int | None) -> Answer:
    if name == "captcha":
        return Answer(pages.captcha_page())
    status = HTTPStatus(int(name))
    return Answer(pages.failure_page(status, status.phrase), status=status, retry_after=retry_after)


async def serve(shop: Shop, port: int, host: str = "127.0.0.1") -> None:
    """Serve until cancelled."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        source = str(writer.get_extra_info("peername")[0])
        try:
            while await _one_request(shop, reader, writer, source):
                pass
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # a client that went away, or does not speak HTTP
        finally:
            writer.close()

    server = await asyncio.start_server(talk, host, port, limit=_MAX_HEAD)
    async with server:
        await server.serve_forever()


async def _one_request(shop: Shop, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, source: str) -> bool:
    """Read and answer one request; whether the connection stays open for another."""
    async with asyncio.timeout(_IDLE_SECONDS):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        if length > _MAX_BODY:
            return False
        body = await reader.readexactly(length)
    answer = shop.answer(method, target, body, source, headers.get("user-agent", ""))
    writer.write(answer.encode())
    await writer.drain()
    return headers.get("connection", "").lower() != "close"


def monotonic_ms() -> int:
    """A clock that never jumps, for the time between requests."""
    return time.monotonic_ns() // 1_000_000
