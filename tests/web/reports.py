"""Installs that report, as the tests of the web see them."""

from dataclasses import dataclass
from typing import Any

import httpx

from pennywren.model.clock import rfc3339
from tests.web.site import PRODUCT, Site

PLAIN = {"signedIn": True, "memberPrice": False, "coupon": False, "subscription": False}


@dataclass
class Browser:
    """An install of the extension, in a network of its own."""

    site: Site
    client: httpx.AsyncClient
    id: str
    token: str

    def seen(
        self, price: int | None = 1999, /, *, ago: int = 0, context: dict[str, Any] | None = None, **other: Any
    ) -> dict[str, Any]:
        """An observation of now, or of some ms ago."""
        return {
            "productID": str(PRODUCT),
            "offer": "buybox",
            "price": price,
            "currency": "USD",
            "title": "A kettle",
            "observedAt": rfc3339(self.site.clock() - ago),
            "context": {**PLAIN, **(context or {})},
            **other,
        }

    async def send(self, *seen: dict[str, Any], key: str | None = None) -> httpx.Response:
        """A batch."""
        headers = {"idempotency-key": key} if key else {}
        return await self.client.post("/observations", json={"observations": list(seen)}, headers=headers)

    async def report(self, *prices: int | None, **other: Any) -> list[str]:
        """Report prices of the product; verdict and reason of each."""
        answer = await self.send(*(self.seen(price, **other) for price in prices))
        assert answer.status_code == 200, answer.text
        return [f"{each['verdict']} {each['reason']}" for each in answer.json()["verdicts"]]


async def browser_of(site: Site, n: int = 1) -> Browser:
    """A new install, in the n-th network."""
    client = site.client(network=f"198.{18 + n // 256}.{n % 256}.7")
    made = (await client.post("/installs")).json()
    client.headers["authorization"] = f"Bearer {made['token']}"
    return Browser(site, client, made["id"], made["token"])
