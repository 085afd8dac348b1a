"""All connections to PostgreSQL are taken: whoever needs one is told to come again, and everybody else is answered."""

from contextlib import AsyncExitStack

import httpx
import pytest

from pennywren.postgres import pool as pools
from pennywren.postgres.pool import transaction
from tests.web.site import PRODUCT, Site


async def test_a_request_that_finds_no_connection_is_refused_and_prices_are_still_told(
    site: Site, owner: httpx.AsyncClient, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.record(1999)
    monkeypatch.setattr(pools, "PATIENCE_S", 0.05)
    pool = site.resources.pool
    async with AsyncExitStack() as taken:
        for _ in range(pool.get_max_size()):
            await taken.enter_async_context(transaction(pool))
        refused = await owner.get("/subscriptions")
        history = await anonymous.get(f"/products/{PRODUCT}/history")

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert refused.headers["content-type"] == "application/problem+json"
    assert "database is not reachable" in refused.json()["detail"]
    assert history.status_code == 200
    assert (await owner.get("/subscriptions")).status_code == 200
