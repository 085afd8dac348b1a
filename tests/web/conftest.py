"""The real application over ASGI, with real servers behind it, a mail server, and a clock that a test can move."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import msgspec
import pytest

from pennywren.local.mailbox import serve
from pennywren.local.ports import free_port
from pennywren.settings import Settings
from pennywren.web.app import create_app
from pennywren.web.serving.paths import PlainPaths
from tests.web.site import HTML, HandClock, Site


@pytest.fixture
async def site(settings: Settings, tmp_path: Path) -> AsyncIterator[Site]:
    """The application, its mail server and its clock."""
    port, mails = free_port(), tmp_path / "mail"
    server = asyncio.create_task(serve(port, mails))
    settings = msgspec.structs.replace(
        settings,
        smtp_url=f"smtp://127.0.0.1:{port}",
        mailbox_dir=mails,
        public_url="http://testserver",
        # What a test has just recorded is what it reads next, however the loop takes turns.
        told_within_ms=0,
    )
    clock = HandClock()
    app = create_app(settings, clock)
    ready, over = asyncio.Event(), asyncio.Event()
    life = asyncio.create_task(_live(app, ready, over))
    await asyncio.wait([life, asyncio.create_task(ready.wait())], return_when=asyncio.FIRST_COMPLETED)
    if life.done():
        life.result()
    yield Site(app, app.litestar.state.resources, clock, mails)
    over.set()
    await life
    server.cancel()
    with suppress(asyncio.CancelledError):
        await server


async def _live(app: PlainPaths, ready: asyncio.Event, over: asyncio.Event) -> None:
    """Begin and end the application in one task, as a server does."""
    async with app.litestar.lifespan():
        ready.set()
        await over.wait()


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a session that prefers HTML and keeps cookies."""
    async with site.client() as client:
        client.headers.update(HTML)
        yield client


@pytest.fixture
async def anonymous(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A program without a session."""
    async with site.client() as client:
        yield client


@pytest.fixture
async def owner(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A program of somebody who is signed in."""
    async with await site.person("owner@example.com") as client:
        yield client


@pytest.fixture
async def stranger(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A program of somebody else who is signed in."""
    async with await site.person("stranger@example.com") as client:
        yield client
