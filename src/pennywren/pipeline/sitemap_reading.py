"""Reading a few of the sitemaps that a shop's robots.txt names, as politely as any other page."""

import asyncio
import logging
import random
from collections.abc import Sequence
from typing import Final

from pennywren.errors import BadProduct
from pennywren.frontier import hints
from pennywren.model.clock import system_clock
from pennywren.model.product import ProductID
from pennywren.observe.egress import Refusal
from pennywren.observe.fetch import Fetcher
from pennywren.observe.hosts import Address, Hosts
from pennywren.observe.outcome import meaning_without_page
from pennywren.observe.robots import Robots, Rules
from pennywren.observe.sitemaps import Sitemap, read_sitemap
from pennywren.pipeline.discovering import Discoverer
from pennywren.pipeline.visiting import settle, token_within
from pennywren.settings import Settings
from pennywren.store.connect import Client

_log = logging.getLogger(__name__)

FILES: Final = 3
"""Sitemaps that are read of one marketplace at a time; which ones is left to chance."""
_PATIENCE_S: Final = 20.0
_MOST_PRODUCTS: Final = 200


class SitemapReader:
    """Reads through one egress. Where a host's rules are not known, or it is left alone, nothing is fetched."""

    def __init__(
        self, client: Client, settings: Settings, fetcher: Fetcher, discoverer: Discoverer, dice: random.Random
    ) -> None:
        self._client = client
        self._settings = settings
        self._hosts = Hosts.of(settings)
        self._robots = Robots(client)
        self._fetcher = fetcher
        self._discoverer = discoverer
        self._dice = dice

    async def read_all(self) -> int:
        """Read some sitemaps of every marketplace that is crawled; how many products are new."""
        return sum([await self.read(code) for code in await hints.marketplaces(self._client)])

    async def read(self, marketplace: str) -> int:
        """Read some sitemaps of one marketplace; how many products are new."""
        rules = await self._robots.rules(self._hosts.host(marketplace), system_clock())
        if rules is None or not rules.reachable:
            return 0
        waiting, new = self._some(marketplace, rules, list(rules.parsed.sitemaps)), 0
        for _ in range(FILES):
            if not waiting:
                break
            sitemap = await self._fetch(waiting.pop(0), rules)
            if sitemap.of_sitemaps:
                waiting = self._some(marketplace, rules, sitemap.addresses) + waiting
            else:
                new += len(await self._discoverer.offer(self._products(marketplace, sitemap), "sitemap"))
        return new

    def _some(self, marketplace: str, rules: Rules, named: Sequence[str]) -> list[Address]:
        """A few of the sitemaps that are this host's own and that its rules allow."""
        own = [address for each in named if (address := self._hosts.sitemap(marketplace, each)) is not None]
        allowed = [address for address in own if rules.allows(address, self._settings.user_agent)]
        return self._dice.sample(allowed, min(FILES, len(allowed)))

    def _products(self, marketplace: str, sitemap: Sitemap) -> list[ProductID]:
        """Some of the products that a sitemap lists."""
        found: dict[ProductID, None] = {}
        for address in self._dice.sample(sitemap.addresses, min(_MOST_PRODUCTS, len(sitemap.addresses))):
            try:
                product = ProductID.parse(address)
            except BadProduct:  # most pages of a shop are not products
                continue
            if product.marketplace == marketplace:
                found[product] = None
        return list(found)

    async def _fetch(self, address: Address, rules: Rules) -> Sitemap:
        # Sitemaps wait for crawls, and not the other way round.
        token = await token_within(self._client, self._settings.egresses[0].name, address.host, _PATIENCE_S)
        if isinstance(token, Refusal):
            return Sitemap((), of_sitemaps=False)
        fetched = await self._fetcher.get(address)
        seen = meaning_without_page(fetched)
        pause = rules.pause_ms(self._settings.user_agent)
        await settle(self._client, token, fetched, seen, pause_ms=pause, about="sitemap")
        if seen is not None:
            _log.info("the sitemap %s was not read: %s", address.url, seen.reason)
            return Sitemap((), of_sitemaps=False)
        return await asyncio.to_thread(read_sitemap, fetched.body)
