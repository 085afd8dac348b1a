"""What people see of other products, and of the past, while a node of a Redis Cluster is away."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.crc import key_slot

from pennywren import keyspace
from pennywren.local.cluster import LocalCluster
from pennywren.model.product import ProductID
from tests.cluster.conftest import mark_as_test_server, open_client
from tests.cluster.dying import doomed_cluster, kill_owner_of, may_take_over, slot_of
from tests.web.site import Site

PRODUCTS = [ProductID("us", f"B{number:09d}") for number in range(60)]


@pytest.fixture
def doomed(tmp_path: Path) -> Iterator[LocalCluster]:
    """A cluster of which a node is going to be killed."""
    with doomed_cluster(tmp_path / "doomed") as cluster:
        yield cluster


@pytest.fixture
def redis_url(doomed: LocalCluster) -> str:
    """What the site below keeps its prices in."""
    return doomed.url


async def test_pages_of_other_products_are_answered_while_a_primary_is_away(doomed: LocalCluster, site: Site) -> None:
    client = open_client(doomed)
    await mark_as_test_server(client)
    # The worst one: each request spends of a limit, which are all on one node.
    gone = client.topology.primaries[key_slot(keyspace.limit("any", "one").encode())]
    theirs = next(p for p in PRODUCTS if client.topology.primaries[slot_of(p)] == gone)
    others = next(p for p in PRODUCTS if client.topology.primaries[slot_of(p)] != gone)
    for product in (theirs, others):
        await site.record(1500, product=product)
    async with site.client() as asks:
        before = {p: (await asks.get(f"/products/{p}/history")).json() for p in (theirs, others)}
        assert (await asks.get(f"/products/{theirs}/history.csv")).status_code == 200
        kill_owner_of(doomed, client, theirs)

        stale = await asks.get(f"/products/{theirs}/history")
        assert stale.json() == {**before[theirs], "stale": True}
        assert stale.headers["cache-control"] == "no-store"
        assert (await asks.get(f"/products/{theirs}/history.csv")).headers["cache-control"] == "no-store"
        refused = await asks.get(f"/products/{theirs}")
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        assert (await asks.get(f"/products/{others}/history")).json() == before[others]
        assert (await asks.get(f"/products/{others}")).json()["currentPrice"] == 1500

        may_take_over(doomed)
        while (answer := await asks.get(f"/products/{theirs}")).status_code == 503:
            await asyncio.sleep(0.05)
        assert answer.json()["currentPrice"] == 1500
        while (answer := await asks.get(f"/products/{theirs}/history")).json().get("stale"):
            await asyncio.sleep(0.05)
        assert answer.json() == before[theirs]
        assert answer.headers["cache-control"].startswith("public")
    await client.aclose()
