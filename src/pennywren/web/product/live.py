"""A product page that stays true while it is open: server-sent events with what is to be shown anew."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from secrets import token_hex
from typing import Final

import msgspec
from litestar import get
from litestar.params import FromPath
from litestar.response import ServerSentEventMessage, Stream

from pennywren.errors import RateLimited, Unavailable
from pennywren.language.speaking import Language
from pennywren.model.product import ProductID
from pennywren.store.streams import LASTS, count_stream, forget_stream
from pennywren.web.rendering.pages import language_of
from pennywren.web.resources import Resources, resources_of
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.network import network_of
from pennywren.web.serving.paths import product_in_path
from pennywren.web.types import Request

_PATIENCE: Final = 20.0
"""Seconds after which a silent stream says that it is alive, and looks by itself."""
_IMPATIENCE: Final = 3.0
"""The same for a page without a price yet, whose crawl may fail without any change to tell of."""

_EVENTS: Final = "text/event-stream"
# Sent at once, so that the browser knows the stream is open; after a cut it waits that long (ms).
_LISTENING: Final = ServerSentEventMessage(data=None, comment="listening", retry=3000).encode()
_STILL_HERE: Final = ServerSentEventMessage(data=None, comment="still here").encode()

_ENDING: Final[set[asyncio.Task[None]]] = set()


@get("/products/{product:str}/live", uncounted=True, media_type=_EVENTS)
async def show_live(request: Request, product: FromPath[str]) -> Stream:
    """Events of one product: `price` with the parts of its page as HTML, `trouble` where it cannot be read."""
    resources = resources_of(request)
    id_ = product_in_path(product, resources.settings.default_marketplace)
    text = request.headers.get("last-event-id") or request.query_params.get("version", "0")
    shown = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
    open_ = _Open(resources, network_of(request), token_hex(8))
    if not await open_.counts():
        raise RateLimited(
            "Your network listens to as many product pages as it may: close some.", retry_after=LASTS / 1000
        )
    stream = _events(open_, id_, language_of(request), shown)
    return Stream(stream, headers={"cache-control": PRIVATE, "x-accel-buffering": "no"}, media_type=_EVENTS)


@dataclass(frozen=True, slots=True)
class _Open:
    """A stream that is open, counted against its network's limit for as long as it is."""

    resources: Resources
    network: str
    name: str

    async def counts(self) -> bool:
        """Whether it may be open, for a minute more."""
        most = self.resources.settings.streams_per_network
        return await count_stream(self.resources.live_client, self.network, self.name, most)

    def end(self) -> None:
        """A stream ends by being cancelled, so that it cannot wait for this itself."""
        task = asyncio.create_task(forget_stream(self.resources.live_client, self.network, self.name))
        _ENDING.add(task)
        task.add_done_callback(_ENDING.discard)


async def _events(open_: _Open, product: ProductID, speaking: Language, shown: int) -> AsyncGenerator[bytes]:
    told: str | None = None
    resources = open_.resources
    try:
        with resources.live.listen(product) as changed:
            yield _LISTENING
            while not resources.live.is_over:
                changed.clear()
                try:
                    news = await resources.live_pages.read(product, speaking, shown)
                    if news is not None:
                        shown = news.version
                        yield news.event
                    elif not shown:
                        trouble = await resources.live_pages.trouble(product)
                        if trouble is not None and trouble != told:
                            told = trouble
                            text = speaking.say(f"product.{trouble}")
                            yield ServerSentEventMessage(event="trouble", data=msgspec.json.encode(text)).encode()
                except Unavailable:
                    pass  # told when it is back: what is shown stays true until then
                try:
                    async with asyncio.timeout(_PATIENCE if shown else _IMPATIENCE):
                        await changed.wait()
                except TimeoutError:
                    await open_.counts()
                    yield _STILL_HERE
    finally:
        open_.end()
