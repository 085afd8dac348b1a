"""The shop's server speaks enough HTTP for browsers, crawlers and tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest

from pennywren.local.ports import free_port
from pennywren.local.shop.server import Shop, serve


@pytest.fixture
async def shop() -> AsyncIterator[str]:
    port = free_port()
    serving = asyncio.create_task(serve(Shop(lambda: 1), port))
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0)
            continue
        writer.close()
        break
    yield f"http://127.0.0.1:{port}"
    serving.cancel()


async def test_one_connection_serves_many_requests(shop: str) -> None:
    async with httpx.AsyncClient(base_url=shop) as client:
        page = await client.get("/dp/B0DEMOWREN")
        assert page.headers["content-type"].startswith("text/html")
        assert "15.99" in page.text
        assert (await client.get("/images/B0DEMOWREN.svg")).headers["content-type"] == "image/svg+xml"
        assert (await client.post("/_prices", json={"productID": "us:B0DEMOWREN", "price": 1})).status_code == 200
        assert "$0.01" in (await client.get("/dp/B0DEMOWREN")).text
        log = (await client.get("/_log.json")).json()
    assert [each["path"] for each in log["127.0.0.1"]] == ["/dp/B0DEMOWREN", "/images/B0DEMOWREN.svg", "/dp/B0DEMOWREN"]


@pytest.mark.parametrize("sent", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"x" * 20_000])
async def test_what_is_no_request_ends_the_connection_and_nothing_else(shop: str, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection(*shop.removeprefix("http://").split(":"))
    writer.write(sent)
    writer.write_eof()
    async with asyncio.timeout(60):
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
    writer.close()
    async with httpx.AsyncClient(base_url=shop) as client:
        assert (await client.get("/")).status_code == 200
