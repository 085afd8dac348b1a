"""A product's picture: fetched when the first person wants to see it, once for all, and then from our own disk.

Whose browser shows a page of ours never asks the shop's image host, so that host learns of nobody. It is no proxy
either: what is fetched is the address that a crawl of ours found, at an image host of the marketplaces, and nothing
that a visitor writes.
"""

import asyncio
import logging
from hashlib import sha256
from typing import Final, Self

from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.errors import RateLimited
from pennywren.images.resizing import NotAPicture, resize
from pennywren.images.shelf import Shelf
from pennywren.observe.fetch import Fetcher
from pennywren.observe.hosts import Address, Hosts
from pennywren.settings import Settings
from pennywren.store.connect import Client
from pennywren.store.limits import spend

_log = logging.getLogger(__name__)

MAX_BYTES: Final = 4_000_000
_TIMEOUT_S: Final = 8.0
_AT_ONCE: Final = 12
"""Pictures that one process fetches at once; who comes then sees the placeholder, and the picture the next time."""
_PER_HOUR: Final = 3_600
_BURST: Final = 24
"""A page full of tiles at once, one a second over time, towards each image host by all processes together."""
_TRIED_S: Final = 600
"""Seconds for which nobody tries again what was just tried; it also keeps two processes from fetching one picture."""
_PAUSE_S: Final = 300
_PAUSE_STATUSES: Final = (403, 429, 503)
_LONGEST_PAUSE_S: Final = 86_400


def image_name(address: str) -> str:
    """What the picture at `address` is called here: another address, such as that of a new picture, is another name."""
    return sha256(address.encode()).hexdigest()[:16]


class ProductImages:
    """Pictures of one process. Make it inside of the event loop that uses it."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self._client = client
        self._hosts = Hosts.of(settings)
        self._shelf = Shelf(settings.data_dir / "images", settings.image_cache_mb * 1_000_000)
        self._fetcher = Fetcher(settings.egresses[0], settings.user_agent, timeout_s=_TIMEOUT_S, max_bytes=MAX_BYTES)
        self._under_way: dict[str, asyncio.Task[dict[int, bytes]]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._under_way.values():
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        await self._fetcher.close()

    async def kept(self, name: str, width: int) -> bytes | None:
        """A picture that is here already, in one of the widths of `images.resizing`."""
        return await asyncio.to_thread(self._shelf.get, name, width)

    async def get(self, address: str, width: int) -> bytes | None:
        """The picture at an address that a crawl found, in one of our widths; None where there is none now."""
        name = image_name(address)
        found = await self.kept(name, width)
        if found is not None:
            return found
        task = self._under_way.get(name)
        if task is None:
            allowed = self._hosts.image(address)
            if allowed is None or len(self._under_way) >= _AT_ONCE:
                return None
            task = self._under_way[name] = asyncio.create_task(self._fetch(name, allowed))
            task.add_done_callback(lambda _: self._under_way.pop(name, None))
        # Whoever goes away does not take the picture from the others who wait.
        return (await asyncio.shield(task)).get(width)

    async def _fetch(self, name: str, address: Address) -> dict[int, bytes]:
        try:
            if not await self._may_try(name, address.host):
                return {}
            fetched = await self._fetcher.get(address)
            if fetched.status in _PAUSE_STATUSES:
                pause = min(max(int(fetched.retry_after_s or 0), _PAUSE_S), _LONGEST_PAUSE_S)
                await self._client.set(keyspace.images_paused(address.host), str(fetched.status), ex=pause)
            if fetched.status != 200 or not fetched.body:
                _log.info("no picture from %s: %s", address.host, fetched.trouble or fetched.status)
                return {}
            async with self._one_at_a_time:  # so that memory is bounded
                pictures = await asyncio.to_thread(resize, fetched.body)
            await asyncio.to_thread(self._shelf.put, name, pictures)
            await self._client.delete(keyspace.image_tried(name))
        except NotAPicture as error:
            _log.info("what %s sent is no picture: %s", address.host, error)
            return {}
        except (RedisError, OSError) as error:
            _log.warning("product pictures are not fetched right now: %s", error)
            return {}
        return pictures

    async def _may_try(self, name: str, host: str) -> bool:
        if await self._client.exists(keyspace.images_paused(host)):
            return False
        if not await self._client.set(keyspace.image_tried(name), "1", nx=True, ex=_TRIED_S):
            return False
        try:
            await spend(self._client, "images", host, rate_per_hour=_PER_HOUR, burst=_BURST)
        except RateLimited:
            await self._client.delete(keyspace.image_tried(name))
            return False
        return True
