"""Real processes are replaced one after the other while people use the site: nobody notices."""

import asyncio
import itertools
import os
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from pennywren.accounts.signing_in import make_link
from pennywren.local.children import Program, start, stop
from pennywren.local.ports import free_port
from pennywren.model.clock import system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.postgres.pool import Pool
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.settings import Settings
from pennywren.store.store import Store
from tests.web.site import JSON, PRODUCT

USERS = 6
LOOKS_EVERY_S = 0.1
DRAIN_S = 3
MANY = 1_200
"""Connections: granian by itself takes 1,024, and then nobody else."""
ENOUGH = 20
"""Answers that must come between two steps of the restart."""


@dataclass
class Upstream:
    """A process behind the proxy."""

    client: httpx.AsyncClient
    is_ready: bool = False
    """What `/readyz` said last."""


@dataclass
class Proxy:
    """Sends requests to whom `/readyz` allows, and tries another one where nobody listens: as docker/Caddyfile does."""

    upstreams: list[Upstream] = field(default_factory=list[Upstream])
    answers: Counter[int] = field(default_factory=Counter[int])
    _turns: Iterator[int] = field(default_factory=itertools.count)

    async def keep_looking(self) -> None:
        while True:
            for upstream in self.upstreams:
                try:
                    upstream.is_ready = (await upstream.client.get("/readyz")).status_code == 200
                except httpx.TransportError:
                    upstream.is_ready = False
            await asyncio.sleep(LOOKS_EVERY_S)

    async def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        async with asyncio.timeout(30):
            while True:
                ready = [upstream for upstream in self.upstreams if upstream.is_ready]
                if ready:
                    try:
                        answer = await ready[next(self._turns) % len(ready)].client.request(method, path, **given)
                    except httpx.ConnectError:
                        pass
                    else:
                        self.answers[answer.status_code] += 1
                        return answer
                await asyncio.sleep(0.02)

    async def until_answered(self, more: int) -> None:
        """So many more."""
        goal = self.answers.total() + more
        while self.answers.total() < goal:
            await asyncio.sleep(0.02)

    async def until_ready(self, count: int) -> None:
        async with asyncio.timeout(60):
            while sum(upstream.is_ready for upstream in self.upstreams) != count:
                await asyncio.sleep(0.02)


@dataclass
class Fleet:
    """Processes of the API behind one proxy."""

    settings: Settings
    logs: Path
    proxy: Proxy = field(default_factory=Proxy)
    running: dict[int, tuple[Program, subprocess.Popen[bytes]]] = field(
        default_factory=dict[int, "tuple[Program, subprocess.Popen[bytes]]"]
    )
    upstreams: dict[int, Upstream] = field(default_factory=dict[int, Upstream])

    def start(self) -> None:
        """One more process."""
        port = free_port()
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PENNYWREN_")},
            "PENNYWREN_DATA_DIR": str(self.settings.data_dir),
            "PENNYWREN_REDIS_URL": self.settings.redis_url or "",
            "PENNYWREN_QUEUE_URL": self.settings.queue_url or "",
            "PENNYWREN_POSTGRES_URL": self.settings.postgres_url or "",
            "PENNYWREN_HTTP_PORT": str(port),
            "PENNYWREN_PUBLIC_URL": "http://testserver",
            "PENNYWREN_DRAIN": str(DRAIN_S),
            "PENNYWREN_REQUESTS_PER_PERSON": "0",
        }
        argv = [sys.executable, "-m", "pennywren", "api"]
        program = Program(name="api", argv=argv, env=env, log=self.logs / f"api-{port}.log")
        process = start(program)
        self.running[process.pid] = (program, process)
        upstream = Upstream(httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30))
        self.upstreams[process.pid] = upstream
        self.proxy.upstreams.append(upstream)

    async def end_the_oldest(self) -> None:
        """SIGTERM: it sends new people elsewhere, still answers who comes, and ends in good order."""
        pid, (_, process) = next(iter(self.running.items()))
        upstream = self.upstreams[pid]
        process.terminate()
        while upstream.is_ready:
            await asyncio.sleep(0.02)
        assert (await upstream.client.get("/readyz")).status_code == 503
        assert await asyncio.to_thread(process.wait, DRAIN_S + 10) == 0
        del self.running[pid]


@pytest.fixture
async def fleet(settings: Settings, tmp_path: Path) -> AsyncIterator[Fleet]:
    fleet = Fleet(settings, tmp_path)
    looking = asyncio.create_task(fleet.proxy.keep_looking())
    yield fleet
    looking.cancel()
    for upstream in fleet.proxy.upstreams:
        await upstream.client.aclose()
    stop(fleet.running)


async def use(proxy: Proxy, token: str, until: asyncio.Event) -> None:
    """What a person does: looks at a price, makes a watch and ends it."""
    given = {"authorization": f"Bearer {token}", **JSON}
    while not until.is_set():
        await proxy.ask("GET", f"/products/{PRODUCT}/history", headers=given)
        wish = {"productID": str(PRODUCT), "threshold": 1500, "notificationType": "EMAIL"}
        made = await proxy.ask("POST", "/subscriptions", json=wish, headers=given)
        await proxy.ask("DELETE", f"/subscriptions/{made.json()['id']}", headers=given)


async def test_a_rolling_restart_under_load_fails_no_request(store: Store, pool: Pool, fleet: Fleet) -> None:
    look = LookToRecord(Look(PRODUCT, "USD", {Offer.BUYBOX: 1999}))
    await Recorder(store, fleet.settings.gap_after).record([look])
    proxy, enough = fleet.proxy, asyncio.Event()
    fleet.start()
    fleet.start()
    await proxy.until_ready(2)
    links = [await make_link(pool, f"wren{n}@example.org", system_clock()) for n in range(USERS)]
    tokens = [(await proxy.ask("POST", f"/sign-in/{link}", headers=JSON)).json()["token"] for link in links]
    async with asyncio.TaskGroup() as users:
        for token in tokens:
            users.create_task(use(proxy, token, enough))
        await proxy.until_answered(ENOUGH)
        await fleet.end_the_oldest()
        await proxy.until_answered(ENOUGH)
        fleet.start()
        await proxy.until_ready(2)
        await fleet.end_the_oldest()
        await proxy.until_answered(ENOUGH)
        enough.set()
    assert set(proxy.answers) == {200, 201, 204}


async def test_many_open_connections_keep_nobody_out(fleet: Fleet) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this machine allows {hard} open files")
    if soft != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    fleet.start()
    await fleet.proxy.until_ready(1)
    (upstream,) = fleet.proxy.upstreams
    writers: list[asyncio.StreamWriter] = []
    try:
        for _ in range(MANY):
            _, writer = await asyncio.open_connection(upstream.client.base_url.host, upstream.client.base_url.port)
            writers.append(writer)
        async with httpx.AsyncClient(base_url=upstream.client.base_url, timeout=30) as other:
            assert (await other.get("/healthz")).status_code == 200
    finally:
        for writer in writers:
            writer.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
