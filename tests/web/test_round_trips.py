"""What is written down of how often a request goes to Redis and PostgreSQL and back: under load it waits as often."""

from collections import Counter
from collections.abc import Iterable
from contextlib import AsyncExitStack
from contextvars import ContextVar
from typing import Any

import httpx
import pytest

from pennywren.model.product import ProductID
from pennywren.store.connect import _QuickConnection  # pyright: ignore[reportPrivateUsage]
from tests.web.site import PRODUCT, Site

OTHER = ProductID("us", "B07PFFMP9P")
Sent = list[tuple[str, str]]
"""To what it was sent, and what."""

_ASKS: ContextVar[Sent | None] = ContextVar("asks", default=None)
"""What a request has sent so far; what goes on beside it has none."""


@pytest.fixture
async def counted(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The application, whose requests note what they send."""
    kind: Any = _QuickConnection
    send, connect = kind.send_packed_command, kind.connect

    async def connecting(self: Any) -> None:
        # Whether a connection is free that was opened before is chance.
        token = _ASKS.set(None)
        await connect(self)
        _ASKS.reset(token)

    async def noting(self: Any, command: bytes | str | Iterable[bytes], check_health: bool = True) -> None:
        packed = command if isinstance(command, bytes | str) else b"".join(command)
        _note("redis", str(packed))
        await send(self, command if isinstance(command, bytes | str) else [packed], check_health=False)

    monkeypatch.setattr(kind, "connect", connecting)
    monkeypatch.setattr(kind, "send_packed_command", noting)
    async with AsyncExitStack() as held:
        for _ in range(site.resources.pool.get_max_size()):
            connection = await held.enter_async_context(site.resources.pool.acquire())
            connection.add_query_logger(lambda query: _note("postgres", query.query))
    return site


def _note(to: str, what: str) -> None:
    asks = _ASKS.get()
    if asks is not None:
        asks.append((to, what))


def _by_place(sent: Sent) -> dict[str, int]:
    return Counter(to for to, _ in sent)


async def _sent(
    client: httpx.AsyncClient, method: str, path: str, key: str, body: object = None
) -> tuple[httpx.Response, Sent]:
    asks: Sent = []
    token = _ASKS.set(asks)
    answer = await client.request(method, path, json=body, headers={"Idempotency-Key": key})
    _ASKS.reset(token)
    return answer, asks


async def _watched_and_ended(client: httpx.AsyncClient, product: ProductID, key: str) -> tuple[Sent, Sent]:
    wish = {"productID": str(product), "threshold": 1000, "notificationType": "EMAIL"}
    made, setting = await _sent(client, "POST", "/subscriptions", key, wish)
    gone, ending = await _sent(client, "DELETE", made.headers["location"], key)
    assert (made.status_code, gone.status_code) == (201, 204)
    return setting, ending


async def test_a_watch_is_set_and_ended_in_as_many_as_are_written_here(counted: Site, owner: httpx.AsyncClient) -> None:
    for product in (PRODUCT, OTHER):
        await counted.record(1299, product=product)
    await _watched_and_ended(owner, PRODUCT, "first")  # loads scripts, prepares statements, and gives it series
    setting, ending = await _watched_and_ended(owner, PRODUCT, "usual")
    assert _by_place(setting) == {"postgres": 6, "redis": 15}
    assert _by_place(ending) == {"postgres": 2, "redis": 3}

    setting, _ = await _watched_and_ended(owner, OTHER, "packed")
    assert _by_place(setting) == {"postgres": 6, "redis": 25}
