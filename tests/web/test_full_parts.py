"""Parts that are full or taken: what still works works, and the rest says to come again."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from pennywren.errors import Unavailable
from tests.web.site import PRODUCT, Site

ADDRESS = f"/products/{PRODUCT}"


@pytest.fixture
async def full(site: Site) -> AsyncIterator[Site]:
    """A Redis without any memory left, after a price was recorded."""
    await site.record(1999)
    client = site.resources.client
    await client.config_set("maxmemory", 1)
    yield site
    await client.config_set("maxmemory", 0)


async def test_a_full_redis_records_nothing_and_answers_for_what_it_has(full: Site) -> None:
    with pytest.raises(Unavailable):
        await full.record(999)
    async with full.client() as client:
        assert (await client.get(ADDRESS)).json()["currentPrice"] == 1999
        assert (await client.get(f"{ADDRESS}/history")).status_code == 200
        refused = await client.post("/products", json={"product": "B000000001"})
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/unavailable")
    await full.resources.client.config_set("maxmemory", 0)
    await full.record(999)
    async with full.client() as client:
        assert (await client.get(ADDRESS)).json()["currentPrice"] == 999


async def test_a_full_redis_lets_people_stop(site: Site) -> None:
    await site.record(1999)
    async with await site.person("wren@example.org") as owner:
        made = await owner.post(
            "/subscriptions", json={"productID": str(PRODUCT), "threshold": 1500, "notificationType": "EMAIL"}
        )
        await site.resources.client.config_set("maxmemory", 1)
        try:
            ended = await owner.delete(f"/subscriptions/{made.json()['id']}")
            left = await owner.get("/subscriptions")
        finally:
            await site.resources.client.config_set("maxmemory", 0)
    assert ended.status_code == 204
    assert left.json()["subscriptions"] == []


async def test_where_every_connection_to_postgres_is_taken_one_is_told_to_come_again(site: Site) -> None:
    await site.record(1999)
    pool = site.resources.pool
    async with await site.person("wren@example.org") as owner, AsyncExitStack() as taken:
        for _ in range(pool.get_max_size()):
            await taken.enter_async_context(pool.acquire())
        answer: httpx.Response = await owner.get("/subscriptions")
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert (await owner.get(f"{ADDRESS}/history")).status_code == 200
    async with await site.person("wren@example.org") as owner:
        assert (await owner.get("/subscriptions")).status_code == 200
