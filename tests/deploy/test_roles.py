"""What compose.yaml says runs: its commands, with its settings, secrets and users, from a page to a mail."""

import asyncio
import http.client
import mailbox
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from redis.exceptions import NoPermissionError

from pennywren import keyspace
from pennywren.local.children import Program, start, stop, wait_until_ready
from pennywren.local.ports import free_port
from pennywren.local.shop.goods import MARKETPLACES_SOLD
from pennywren.local.shop.seed import seed
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.settings import load_settings
from tests.deploy.compose import Stack, both_redis

KETTLE = ProductID("us", "B08N5WRWNW")
RUNNING = ("api", "match", "archive", "worker-crawl", "worker-deliver", "worker-upkeep", "schedule")
PATIENCE = 120


@pytest.fixture(scope="module")
def stack(migrated_database: str) -> Iterator[Stack]:
    """Both Redis and all that our processes need besides."""
    folder = Path(tempfile.mkdtemp(prefix="pennywren-deploy-"))
    shop, smtp, http_port = free_port(), free_port(), free_port()
    origin = f"http://127.0.0.1:{shop}"
    environ = {
        "PENNYWREN_SHOP_ORIGINS": ",".join(f"{code}={origin}" for code in MARKETPLACES_SOLD),
        "PENNYWREN_HTTP_HOST": "127.0.0.1",
        "PENNYWREN_HTTP_PORT": str(http_port),
        "PENNYWREN_RECRAWL_AFTER": "5",
        "PENNYWREN_ARCHIVE_EVERY": "1",
        "PENNYWREN_SWEEP_EVERY": "2",
        "PENNYWREN_ALERT_COOLDOWN": "0",
        "PENNYWREN_DRAIN": "0",
    }
    with both_redis(folder, migrated_database, smtp, environ) as made, ExitStack() as running:
        for name, argv in (
            ("shop", ["pennywren.local.shop", "--port", str(shop)]),
            ("mailbox", ["pennywren.local.mailbox", "--port", str(smtp), "--dir", str(folder / "mailbox")]),
        ):
            program = Program(name=name, argv=[sys.executable, "-m", *argv], log=folder / f"{name}.log")
            process = start(program)
            running.callback(stop, {process.pid: (program, process)})
        asyncio.run(seed(load_settings(made.environment("operator"))))
        for service in RUNNING:
            program = made.program(service)
            process = start(program)
            running.callback(stop, {process.pid: (program, process)})
            if service == "api":
                wait_until_ready(program, process, lambda: _is_ready(http_port))
        yield made


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _until(what: str, stack: Stack, holds: Callable[[], object]) -> None:
    """Wait for something that other processes do; what they were refused is the first suspect."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"{what}; refused: {stack.refused()} {stack.refused('queue')}"
        time.sleep(0.2)


def test_a_price_becomes_a_mail_under_the_users_of_the_roles(stack: Stack) -> None:
    api = f"http://127.0.0.1:{stack.environ['PENNYWREN_HTTP_PORT']}"
    headers = {"x-forwarded-for": "192.0.2.7"}
    with httpx.Client(base_url=api, headers=headers) as client:
        tracked = client.post("/products", json={"url": str(KETTLE)})
        assert tracked.status_code in (200, 201, 202), tracked.text
        folder = stack.folder / "mailbox"
        _until("no mail came", stack, lambda: folder.exists() and len(mailbox.Maildir(str(folder))) > 0)
        for path in ("/", "/status", f"/products/{KETTLE}", f"/products/{KETTLE}/history", "/readyz"):
            assert client.get(path, headers={"accept": "application/json"}).status_code in (200, 404)
        metrics = httpx.get(f"{api}/metrics")
        assert metrics.status_code == 200
        assert "pennywren_part_up" in metrics.text
    _until("nothing was archived", stack, lambda: any((stack.folder / "archive").rglob("*.parquet")))
    _until("nothing was swept", stack, lambda: stack.redis("operator").exists(keyspace.crawl_threshold()))
    for service in RUNNING[1:]:
        _until(f"{service} is not healthy", stack, lambda asked=service: stack.health_check(asked).returncode == 0)
    assert stack.refused() == []
    assert stack.refused("queue") == []


@pytest.mark.parametrize(
    ("user", "command"),
    [
        ("api", ("FLUSHALL",)),
        ("api", ("KEYS", "*")),
        ("api", ("CONFIG", "GET", "*")),
        ("api", ("XACK", keyspace.changes(1), "match", "1-0")),
        ("api", ("HSET", keyspace.egress("e1", "www.amazon.com"), "next", "0")),
        ("match", ("SET", keyspace.product(KETTLE), "1")),
        ("match", ("TS.ADD", keyspace.raw(KETTLE, Offer.BUYBOX), "1", "1")),
        ("match", ("XTRIM", keyspace.changes(1), "MAXLEN", "0")),
        ("archive", ("ZADD", keyspace.watch(KETTLE, Offer.BUYBOX), "1", "7")),
        ("archive", ("XACK", keyspace.reading(1, "match"), "x", "1-0")),
        ("crawl", ("ZADD", keyspace.watch(KETTLE, Offer.BUYBOX), "1", "7")),
        ("crawl", ("XACK", keyspace.changes(1), "match", "1-0")),
        ("deliver", ("XADD", keyspace.changes(1), "*", "a", "b")),
        ("deliver", ("SET", keyspace.crawl_threshold(), "0")),
        ("upkeep", ("XACK", keyspace.changes(1), "match", "1-0")),
        ("upkeep", ("SET", keyspace.limit("any", "one"), "1")),
        ("operator", ("TS.DEL", keyspace.raw(KETTLE, Offer.BUYBOX), "0", "1")),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_a_role_cannot_do_what_is_not_its_own(stack: Stack, user: str, command: tuple[str, ...]) -> None:
    with stack.redis(user) as client, pytest.raises(NoPermissionError):
        client.execute_command(*command)
    with stack.redis("operator") as client:
        client.execute_command("ACL", "LOG", "RESET")


@pytest.mark.parametrize("command", [("FLUSHALL",), ("SET", "other", "1"), ("CONFIG", "GET", "*"), ("KEYS", "*")])
@pytest.mark.parametrize("user", ["enqueue", "work"])
def test_the_queue_is_for_jobs_alone(stack: Stack, user: str, command: tuple[str, ...]) -> None:
    with stack.redis(user, "queue") as client, pytest.raises(NoPermissionError):
        client.execute_command(*command)
    with stack.redis("operator", "queue") as client:
        client.execute_command("ACL", "LOG", "RESET")
