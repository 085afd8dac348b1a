"""A shop that means us harm costs bounded time, memory and bytes, and nothing wrong is recorded."""

import asyncio
import gzip
import time
from collections.abc import Awaitable, Callable

import pytest

from pennywren import keyspace
from pennywren.frontier.admission import Admission, admit_all
from pennywren.model.product import ProductID
from pennywren.observe import egress
from pennywren.observe.fetch import MAX_BYTES, Fetcher, Trouble
from pennywren.observe.hosts import Hosts
from pennywren.setting_values import Egress
from pennywren.settings import Settings
from tests.redis.crawl.conftest import Stage, Talk

PRODUCT = ProductID("us", "B08N5WRWNW")
Evil = Callable[[Talk], Awaitable[str]]

_BOMB = gzip.compress(b"<p>" * 20_000_000)
_PACKED = gzip.compress(b"".join(b"%d %d\n" % (i, i * i * 7919 % 10_007) for i in range(2000)))


async def _drip(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _i in range(1000):
        writer.write(b"<")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _silent(_: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def _bomb(_: bytes, writer: asyncio.StreamWriter) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(_BOMB)}\r\n\r\n"
    writer.write(head.encode() + _BOMB)


async def _endless(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    for _i in range(100):
        writer.write(b"x" * 200_000)
        await writer.drain()


async def _large(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n" + b"x" * 1000)
    await asyncio.sleep(60)


async def _long_head(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n" + b"X-Header: yes\r\n" * 100_000)


def _encoded(encoding: str, body: bytes) -> Talk:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode() + body)

    return talk


async def _reset(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _nonsense(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xff" * 5000)


async def _fetch(origin: str, timeout_s: float = 0.5) -> tuple[Trouble | None, int, float]:
    address = Hosts.of(Settings(shop_origins={"us": origin})).page(PRODUCT)
    async with Fetcher(Egress("e1", source="127.0.0.9"), "Pennywren/test", timeout_s=timeout_s) as fetcher:
        began = time.monotonic()
        fetched = await fetcher.get(address)
        return fetched.trouble, len(fetched.body), time.monotonic() - began


@pytest.mark.parametrize(
    ("talk", "trouble"),
    [
        (_drip, Trouble.TIMEOUT),
        (_silent, Trouble.TIMEOUT),
        (_bomb, Trouble.TOO_LARGE),
        (_endless, Trouble.TOO_LARGE),
        (_large, Trouble.TOO_LARGE),
        (_long_head, Trouble.UNREACHABLE),
        (_reset, Trouble.UNREACHABLE),
        (_nonsense, Trouble.UNREACHABLE),
        (_encoded("gzip", _PACKED[:-100]), Trouble.UNREACHABLE),
        (_encoded("gzip", _PACKED[:2000]), Trouble.UNREACHABLE),
        (_encoded("gzip", _PACKED[:2000] + b"x" * 500 + _PACKED[2500:]), Trouble.UNREACHABLE),
        (_encoded("gzip", _PACKED + _PACKED), Trouble.UNREACHABLE),
        (_encoded("br", _PACKED), Trouble.UNREACHABLE),
        (_encoded("gzip, gzip", gzip.compress(_PACKED)), Trouble.UNREACHABLE),
    ],
)
async def test_a_fetch_is_bounded_in_time_and_bytes(evil: Evil, talk: Talk, trouble: Trouble) -> None:
    found, length, took = await _fetch(await evil(talk))
    assert found is trouble
    assert length == 0
    assert took < 10


async def test_a_page_of_just_the_size_that_is_allowed_arrives(evil: Evil) -> None:
    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {MAX_BYTES}\r\n\r\n".encode() + b"x" * MAX_BYTES)

    assert (await _fetch(await evil(talk), timeout_s=10))[:2] == (None, MAX_BYTES)


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{port}/secret", "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd"]
)
async def test_no_redirect_is_ever_followed(stage: Stage, evil: Evil, target: str) -> None:
    asked: list[bytes] = []
    location = ""

    async def talk(path: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(path)
        if path == b"/robots.txt":
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        else:
            writer.write(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())

    origin = await evil(talk)
    location = target.format(port=origin.rpartition(":")[2])
    await _crawl_twice(stage, origin)
    assert asked == [b"/robots.txt", f"/dp/{PRODUCT.asin}".encode()]
    assert await stage.store.product(PRODUCT) is None
    assert "failing" in await stage.store.client.hgetall(keyspace.held(PRODUCT))


async def test_a_page_that_breaks_parsers_costs_seconds_and_the_worker_lives(stage: Stage, evil: Evil) -> None:
    page = b"<html>" + b"<font a=1><p>" * 30_000

    async def talk(path: bytes, writer: asyncio.StreamWriter) -> None:
        body = b"" if path == b"/robots.txt" else page
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    began = time.monotonic()
    await _crawl_twice(stage, await evil(talk))
    assert time.monotonic() - began < 20
    assert await stage.store.product(PRODUCT) is None
    assert "failing" in await stage.store.client.hgetall(keyspace.held(PRODUCT))
    assert (await stage.parser.read(b"<html><title>Robot Check</title></html>", "us")).kind == "captcha"


@pytest.mark.parametrize("status", ["500 Internal Server Error", "429 Too Many Requests", "301 Moved Permanently"])
async def test_a_host_whose_robots_txt_cannot_be_fetched_is_left_alone(stage: Stage, evil: Evil, status: str) -> None:
    asked: list[bytes] = []

    async def talk(path: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(path)
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nLocation: /other\r\n\r\n".encode())

    await _crawl_twice(stage, await evil(talk))
    assert asked == [b"/robots.txt"]


async def test_of_rules_that_break_off_midway_nothing_is_believed(stage: Stage, evil: Evil) -> None:
    asked: list[bytes] = []
    rules = gzip.compress(b"User-agent: *\nDisallow: /gp/\n" + b"# more to come\n" * 500 + b"Disallow: /dp/\n")
    half = _encoded("gzip", rules[:-12])

    async def talk(path: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(path)
        await half(path, writer)

    origin = await evil(talk)
    await _crawl_twice(stage, origin)
    assert asked == [b"/robots.txt"]
    (status,) = await egress.status(stage.store.client, ["a"], [origin.removeprefix("http://")])
    assert (status.ok, status.failed, status.why) == (0, 1, "robots.txt: unreachable")


async def test_what_robots_txt_disallows_is_not_fetched(stage: Stage, evil: Evil) -> None:
    asked: list[bytes] = []
    rules = b"User-agent: *\nDisallow: /dp/\n"

    async def talk(path: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(path)
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(rules)}\r\n\r\n".encode() + rules)

    origin = await evil(talk)
    await _crawl_twice(stage, origin)
    assert asked == [b"/robots.txt"]
    n = keyspace.partition_of(PRODUCT)
    assert await stage.store.client.zcard(keyspace.leases(n)) == 0
    (status,) = await egress.status(stage.store.client, ["a"], [origin.removeprefix("http://")])
    assert status.ok == 1


async def _crawl_twice(stage: Stage, origin: str) -> None:
    """What two egresses make of it: the first asks for robots.txt, the second for the page if it may."""
    await admit_all(stage.store.client, [Admission(PRODUCT)])
    for name, source in (("a", "127.0.0.11"), ("b", "127.0.0.12")):
        crawler = stage.crawler(name, source, origin=origin, timeout_s=1.0)
        (host,) = await crawler.look_around()
        await crawler.step(host)
