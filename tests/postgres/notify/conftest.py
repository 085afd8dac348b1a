"""What the tests of alerts share."""

from collections.abc import AsyncIterator

import pytest

from pennywren.postgres.pool import Pool
from pennywren.store.connect import Client, connect
from pennywren.store.store import Store
from tests.postgres.notify.world import World


@pytest.fixture
async def world(pool: Pool, redis_client: Client, redis_url: str) -> AsyncIterator[World]:
    """An empty database and an empty Redis."""
    bytes_client = connect(redis_url, decode=False)
    yield World(pool, Store(redis_client, bytes_client))
    await bytes_client.aclose()
