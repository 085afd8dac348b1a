"""What the tests on the real Redis share."""

from collections.abc import AsyncIterator

import pytest

from pennywren.store.connect import Client, connect
from pennywren.store.store import Store


@pytest.fixture
async def store(redis_client: Client, redis_url: str) -> AsyncIterator[Store]:
    """The store on the empty test Redis."""
    bytes_client = connect(redis_url, decode=False)
    yield Store(redis_client, bytes_client)
    await bytes_client.aclose()
