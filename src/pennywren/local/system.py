"""The whole system on one machine, as `pennywren up` and `pennywren demo` run it: every part a child of ours."""

import asyncio
import http.client
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pennywren.local.children import Children, Program
from pennywren.local.datadir import keep_port, last_port, owned, publish
from pennywren.local.interrupted import take_up_again
from pennywren.local.ports import free_port, require_bindable
from pennywren.local.postgres import embedded_postgres
from pennywren.local.redis import embedded_redis
from pennywren.local.shop.goods import MARKETPLACES_SOLD
from pennywren.local.shop.seed import seed
from pennywren.logs import level_word
from pennywren.postgres.migrate import migrate
from pennywren.settings import PREFIX, Settings, load_settings
from pennywren.store.connect import connect, require_time_series
from pennywren.workqueue import QUEUES

log = logging.getLogger(__name__)

Announce = Callable[[str, str], None]
"""Tells a person what runs where: a part's name, and its address."""

_START_SECONDS: Final = 60.0

_DEMO_SETTINGS: Final = {
    # Loopback addresses of our own, each with the same pace of one request a second: sooner round, as polite.
    "EGRESSES": "e1=direct@127.0.0.1,e2=direct@127.0.0.2,e3=direct@127.0.0.3",
    # A demo is watched for minutes, not for days.
    "RECRAWL_AFTER": "5",
    # The shop's prices begin anew at each start, so the same drop may be told again.
    "ALERT_COOLDOWN": "0",
}


@dataclass(slots=True)
class _Local:
    """What is being put together: the children, and the settings that lead to them."""

    data_dir: Path
    children: Children
    given: dict[str, str]

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, **{PREFIX + name: value for name, value in self.given.items()}}

    @property
    def settings(self) -> Settings:
        return load_settings(self.environ)

    def python(self, name: str, *arguments: str) -> Program:
        """A part of ours: its event lines go to our standard output."""
        argv = [sys.executable, "-m", *arguments]
        return Program(name=name, argv=argv, env=self.environ, log=self.logs / f"{name}.log", events=True)


def run_system(announce: Announce, *, demo: bool = False, crawl: bool = True) -> None:
    """Run everything until SIGINT, SIGTERM or SIGHUP; then end every child, within 5 seconds.

    Without `crawl` no crawl worker is started.

    Raises:
        BadSetting: the API cannot listen where it should, or the data folder cannot be written.
        Conflict: a system runs on this data folder already, or something else listens on the API's port.
        MissingPart: a part is not installed, or a Redis that was named cannot keep prices.
        Unavailable: a part did not start; the message quotes its log.
    """
    data_dir = load_settings().data_dir
    try:
        with _interruptible(), owned(data_dir), Children() as children:
            try:
                given = {"DATA_DIR": str(data_dir), "LOG_LEVEL": level_word()}
                _start(_Local(data_dir, children, given), announce, demo=demo, crawl=crawl)
                while True:
                    children.look_after()
            except KeyboardInterrupt:
                _ignore_interrupts()
    except KeyboardInterrupt:
        log.debug("ended before anything was started")


def _start(local: _Local, announce: Announce, *, demo: bool, crawl: bool) -> None:
    # Read again under the lock: what an earlier system had left behind is cleared away now.
    settings = load_settings()
    require_bindable(settings.http_host, settings.http_port)
    _start_servers(local, settings)
    if demo:
        _start_shop(local)
    _start_parts(local, [queue for queue in QUEUES if crawl or queue != "crawl"])
    _announce(local, announce, demo=demo)


def _start_servers(local: _Local, given: Settings) -> None:
    """Redis, the queue's Redis, PostgreSQL and the mailbox, each where none was named."""
    children, logs, ready = local.children, local.logs, list[tuple[str, Callable[[], bool]]]()
    if given.redis_url:
        asyncio.run(_check_redis(given.redis_url))
    else:
        redis = embedded_redis("redis", local.data_dir / "redis", logs=logs)
        local.given["REDIS_URL"] = redis.url
        children.start(redis.program)
        ready.append(("redis", redis.is_ready))
    if not given.queue_url:
        queue = embedded_redis("queue", local.data_dir / "queue", logs=logs, time_series=False)
        local.given["QUEUE_URL"] = queue.url
        children.start(queue.program)
        ready.append(("queue", queue.is_ready))
    if not given.postgres_url:
        postgres = embedded_postgres(local.data_dir / "postgres", logs=logs)
        local.given["POSTGRES_URL"] = postgres.url
        children.start(postgres.program)
        ready.append(("postgres", postgres.is_ready))
    if not given.smtp_url:
        port, folder = free_port(), local.data_dir / "mailbox"
        local.given |= {"SMTP_URL": f"smtp://127.0.0.1:{port}", "MAILBOX_DIR": str(folder)}
        children.start(local.python("mailbox", "pennywren.local.mailbox", "--port", str(port), "--dir", str(folder)))
        ready.append(("mailbox", lambda: _listens(port)))
    for name, is_ready in ready:
        children.wait_until(name, is_ready, _START_SECONDS)
    if not given.queue_url:
        take_up_again(local.given["QUEUE_URL"])
    migrate(given.postgres_url or local.given["POSTGRES_URL"])


def _start_shop(local: _Local) -> None:
    """The demo shop, the marketplaces pointed at it, and what the demo begins with."""
    port = free_port()
    local.children.start(local.python("shop", "pennywren.local.shop", "--port", str(port)))
    local.children.wait_until("shop", lambda: _listens(port), _START_SECONDS)
    origin = f"http://127.0.0.1:{port}"
    local.given["IMAGE_ORIGIN"] = origin
    local.given["SHOP_ORIGINS"] = ",".join(f"{code}={origin}" for code in MARKETPLACES_SOLD)
    local.given |= {name: value for name, value in _DEMO_SETTINGS.items() if PREFIX + name not in os.environ}
    asyncio.run(seed(local.settings))


def _start_parts(local: _Local, queues: Sequence[str]) -> None:
    """The API, the matcher, the archiver, the workers of `queues` and the scheduler."""
    settings = local.settings
    port = settings.http_port or free_port(settings.http_host, last_port(local.data_dir))
    local.given["HTTP_PORT"] = str(port)
    keep_port(local.data_dir, port)
    publish(local.data_dir, {name: v for name, v in local.environ.items() if name.startswith(PREFIX)})
    local.children.start(local.python("api", "pennywren", "api"))
    local.children.start(local.python("match", "pennywren", "match"))
    if settings.archive_address is not None:
        local.children.start(local.python("archive", "pennywren", "archive", "run"))
    for queue in queues:
        # Each crawl job runs for ever, or nearly so, and wants a worker of its own.
        count = len(settings.egress_groups) if queue == "crawl" else 1
        for number in range(1, count + 1):
            name = f"worker-{queue}" if count == 1 else f"worker-{queue}-{number}"
            local.children.start(local.python(name, "pennywren", "worker", queue))
    local.children.start(local.python("schedule", "pennywren", "schedule"))
    local.children.wait_until("api", lambda: _is_healthy(port, settings.http_host), _START_SECONDS)


def _announce(local: _Local, announce: Announce, *, demo: bool) -> None:
    settings = local.settings
    announce("api", settings.api_url)
    if settings.mailbox_dir:
        announce("mailbox", f"{settings.base_url}/mailbox.json (SMTP at {_without_password(settings.smtp_url)})")
    if demo:
        announce("shop", settings.origin(MARKETPLACES_SOLD[0]))
    announce("redis", _without_password(settings.redis_url))
    announce("queue", _without_password(settings.queue_url))
    announce("postgres", _without_password(settings.postgres_url))
    announce("logs", str(local.logs))
    announce("data", f"{local.data_dir} (running.json in it has the addresses with their passwords)")


def _without_password(url: str | None) -> str:
    scheme, _, rest = (url or "").partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _is_healthy(port: int, host: str) -> bool:
    """Whether the API answers that all its parts do."""
    with closing(http.client.HTTPConnection(host, port, timeout=5)) as connection:
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False


async def _check_redis(url: str) -> None:
    client = connect(url)
    try:
        await require_time_series(client)
    finally:
        await client.aclose()


@contextmanager
def _interruptible() -> Generator[None]:
    """Let the signals that end us raise KeyboardInterrupt, also where we were started with them ignored."""
    before = {
        number: signal.signal(number, signal.default_int_handler)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore_interrupts() -> None:
    """Nothing hurries the ending: it is short anyway, and what is half ended would be left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: None)
