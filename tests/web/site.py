"""The running application as the tests of the web see it."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import AsyncMock

import httpx
from redis.exceptions import ConnectionError as RedisConnectionError

from pennywren.accounts import admins
from pennywren.accounts.signing_in import make_link
from pennywren.local.maildir import read_mails
from pennywren.model.clock import system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.postgres import catalogue
from pennywren.postgres.catalogue import CatalogueEntry
from pennywren.postgres.pool import transaction
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.cluster import ClusterClient
from pennywren.web.resources import Resources
from pennywren.web.serving.paths import PlainPaths

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
JSON = {"accept": "application/json"}
PRODUCT = ProductID("us", "B08N5WRWNW")


@dataclass
class HandClock:
    """Stands still until it is moved; ms UTC."""

    now: int = field(default_factory=system_clock)

    def __call__(self) -> int:
        return self.now


@dataclass
class Site:
    """The running application."""

    app: PlainPaths
    resources: Resources
    clock: HandClock
    mails: Path

    def client(self, *, token: str | None = None, network: str = "203.0.113.9") -> httpx.AsyncClient:
        """A client of its own, as a program with this bearer token, or as a browser without cookies yet."""
        transport = httpx.ASGITransport(app=self.app, client=(network, 40_000))  # pyright: ignore[reportArgumentType]
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers)

    async def token(self, email: str) -> str:
        """A bearer token of somebody who has just signed in."""
        link = await make_link(self.resources.pool, email, self.clock())
        async with self.client() as client:
            answer = await client.post(f"/sign-in/{link}", headers=JSON)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    async def person(self, email: str) -> httpx.AsyncClient:
        """A program of somebody who has just signed in."""
        return self.client(token=await self.token(email))

    async def browser_of(self, email: str) -> httpx.AsyncClient:
        """The browser of somebody who has just signed in: it prefers HTML and holds the cookie."""
        link = await make_link(self.resources.pool, email, self.clock())
        async with self.client() as first:
            await first.post(f"/sign-in/{link}", headers=HTML)
            browser = self.client()
            browser.headers.update(HTML)
            browser.cookies.update(first.cookies)
        return browser

    async def admin_of(self, email: str) -> httpx.AsyncClient:
        """The browser of somebody who runs the installation and has just signed in."""
        async with transaction(self.resources.pool) as connection:
            await admins.grant(connection, email, who="a test")
        return await self.browser_of(email)

    async def lose_redis(self) -> None:
        """From now on nothing answers where Redis was."""
        for client in (self.resources.client, self.resources.store.raw):
            if isinstance(client, ClusterClient):
                client.execute_many = AsyncMock(side_effect=RedisConnectionError("no node answers"))
                continue
            await client.connection_pool.disconnect()
            client.connection_pool.reset()
            client.connection_pool.connection_kwargs["port"] = 1

    def links_mailed(self) -> list[str]:
        """The paths of the sign-in links in the mailbox, in the order in which they came."""
        texts = [mail["text"] or "" for mail in read_mails(self.mails)]
        return [found.group(0) for text in texts if (found := re.search(r"/sign-in/\S+", text))]

    async def record(
        self,
        price: int | None,
        *,
        product: ProductID = PRODUCT,
        title: str | None = "A kettle",
        at: int | None = None,
    ) -> None:
        """Let a crawl see a price of the buy box, now or at some ms UTC; None for no offer."""
        await catalogue.upsert(self.resources.pool, [CatalogueEntry(product, title)])
        look = Look(product, product.market.currency, {Offer.BUYBOX: price}, at)
        await Recorder(self.resources.store, self.resources.settings.gap_after).record(
            [LookToRecord(look, availability="in_stock")]
        )
