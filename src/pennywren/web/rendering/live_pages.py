"""What open product pages are told: parts of the page as HTML, rendered once for all who look."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar.response import ServerSentEventMessage
from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.language.speaking import Language
from pennywren.model.clock import MINUTE, SECOND, Clock
from pennywren.model.product import ProductID
from pennywren.store.state import ProductState
from pennywren.store.store import Store
from pennywren.web.rendering.pages import render
from pennywren.web.rendering.product_page import look_at

_KEPT: Final = 256
"""Rendered products that a process keeps, so that a thousand pages of one product cost one rendering."""


_JUST_NOW: Final = SECOND
"""For so long (ms) what was read for one page is told to others that show something older."""


@dataclass(frozen=True, slots=True)
class News:
    """What a page that shows something older is to show."""

    version: int
    """The product's."""
    event: bytes
    """The parts of its page as JSON, in a `price` event: encoded once, because all who look are sent the same."""


class LivePages:
    """What open pages are told, rendered once for all of them, read one product at a time over one connection."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._told: dict[tuple[str, str], tuple[int, News]] = {}
        self._rendered: OrderedDict[tuple[str, str, int, int], News] = OrderedDict()

    async def read(self, product: ProductID, speaking: Language, shown: int) -> News | None:
        """What is to be shown if the product moved on from version `shown`, else None.

        Raises:
            Unavailable: Redis does not answer.
        """
        whose = (str(product), speaking.code)
        # A crowd that one change woke: who comes first has read it for all. What is newer wakes everybody again.
        if (news := self._told_just_now(whose, shown)) is not None:
            return news
        async with self._one_at_a_time:
            if (news := self._told_just_now(whose, shown)) is not None:
                return news
            state = await self._store.product(product)
            if state is None or state.version <= shown:
                return None
            key = (*whose, state.version, self._clock() // MINUTE)
            news = self._rendered.get(key)
            if news is None:
                event = ServerSentEventMessage(
                    event="price", id=state.version, data=await self._parts(product, state, speaking)
                )
                news = self._rendered[key] = News(state.version, event.encode())
                if len(self._rendered) > _KEPT:
                    self._rendered.popitem(last=False)
            if len(self._told) >= _KEPT:
                self._told.clear()
            self._told[whose] = (self._clock(), news)
            return news

    def _told_just_now(self, whose: tuple[str, str], shown: int) -> News | None:
        told_at, news = self._told.get(whose, (0, None))
        if news is not None and news.version > shown and self._clock() - told_at < _JUST_NOW:
            return news
        return None

    async def trouble(self, product: ProductID) -> str | None:
        """`gone` or `failing` where the crawler met that instead of a price.

        Raises:
            Unavailable: Redis does not answer.
        """
        async with self._one_at_a_time:
            try:
                found: Any = await self._store.client.hmget(keyspace.held(product), ["gone", "failing"])  # pyright: ignore[reportGeneralTypeIssues]
            except (RedisError, OSError) as error:
                raise Unavailable from error
        return "gone" if found[0] else "failing" if found[1] else None

    async def _parts(self, product: ProductID, state: ProductState, speaking: Language) -> str:
        glance, past = await look_at(self._store, product, state, None, self._clock(), speaking)
        values = glance.values()
        parts = {
            "price": render("price.html", speaking, **values),
            "offers": render("offers.html", speaking, **values),
            "figures": render("figures.html", speaking, **values),
            "chart": render("chart.html", speaking, **values, **past.values()) if past.picture else "",
        }
        return msgspec.json.encode(parts).decode()
