"""Connections for commands, to the servers that are named or that run on the data folder."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pennywren.errors import Unavailable
from pennywren.postgres.pool import Pool, open_pool
from pennywren.settings import Settings, load_settings
from pennywren.store.connect import require_time_series
from pennywren.store.opening import store_at
from pennywren.store.store import Store


@dataclass(frozen=True, slots=True)
class Parts:
    """What a command works with."""

    settings: Settings
    store: Store
    pool: Pool


def required(settings: Settings, name: str) -> str:
    """The address `name` of the settings.

    Raises:
        Unavailable: nothing runs on the data folder and no server is named; says what to do.
    """
    address: str | None = getattr(settings, name)
    if not address:
        raise Unavailable(
            f"nothing runs on {settings.data_dir}: start it with `pennywren up`, "
            f"or name a server in PENNYWREN_{name.upper()}"
        )
    return address


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncGenerator[Store]:
    """The store of prices."""
    url = required(settings, "redis_url")
    async with store_at(url) as store:
        await require_time_series(store.client)
        yield store


@asynccontextmanager
async def open_parts(*, connections: int = 4) -> AsyncGenerator[Parts]:
    """The store and the database."""
    settings = load_settings()
    url = required(settings, "postgres_url")
    async with open_store(settings) as store:
        pool = await open_pool(url, size=connections)
        try:
            yield Parts(settings, store, pool)
        finally:
            await pool.close()


@asynccontextmanager
async def open_database() -> AsyncGenerator[Pool]:
    """The database alone."""
    pool = await open_pool(required(load_settings(), "postgres_url"), size=1)
    try:
        yield pool
    finally:
        await pool.close()
