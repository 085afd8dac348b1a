"""The guarded client: where it goes, where it never goes, and that neither time nor size has no end."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from ipaddress import ip_address

import pytest

from pennywren.errors import BadInput, DeliveryError
from pennywren.notify.outgoing import (
    MAX_ANSWER,
    Answer,
    OutgoingClient,
    Refused,
    checked_url,
    error_of,
    is_public,
    parse_networks,
)
from tests.postgres.notify.httppeer import HttpPeer, http_peer

LOOPBACK = parse_networks("127.0.0.0/8")


@pytest.fixture
async def peer() -> AsyncIterator[HttpPeer]:
    async with http_peer() as opened:
        yield opened


@pytest.fixture
async def client() -> AsyncIterator[OutgoingClient]:
    opened = OutgoingClient(LOOPBACK, timeout=60)
    yield opened
    await opened.aclose()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "2002:7f00:1::", "2001:0:7f00:1::", "64:ff9b::7f00:1", "64:ff9b:1::1", "2001:db8::1",
        "::10.0.0.1", "::ffff:0:127.0.0.1", "fec0::1", "3fff::1", "5f00::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_everybodys_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "https://", "https:///x", "example.com",
        "https://user:pw@example.com/", "https://user@example.com", "https://127.0.0.1/", "https://[::1]/",
        "https://[fe80::1]/", "https://169.254.169.254/latest", "https://example.com:22/", "https://example.com:99999/",
        "https://exa mple.com/", "https://example.com/\r\nHost: x", "https://bücher.example/", "https://[::1", "",
        "https://example.com/" + "a" * 2000,
    ],
)  # fmt: skip
def test_what_may_not_be_sent_to_is_refused_in_words(url: str) -> None:
    with pytest.raises(BadInput):
        checked_url(url)


@pytest.mark.parametrize("url", ["https://example.com/a?b=c", "https://example.com:8443/", "https://93.184.216.34/"])
def test_other_addresses_may(url: str) -> None:
    assert checked_url(url).scheme == "https"


def test_only_a_private_network_that_was_named_may_be_plain_http() -> None:
    assert checked_url("http://127.0.0.1:8000/", LOOPBACK).port == 8000
    with pytest.raises(BadInput):
        checked_url("http://10.0.0.1:8000/", LOOPBACK)
    with pytest.raises(BadInput):
        checked_url("http://localhost:8000/", LOOPBACK)


async def test_a_request_arrives_with_its_body_and_headers(peer: HttpPeer, client: OutgoingClient) -> None:
    peer.say(202, "Retry-After: 7", body=b"thanks")
    assert await client.post(f"{peer.url}/x?y=1", b"hello", {"X-A": "b"}) == Answer(202, 7.0, b"thanks")
    (came,) = peer.received
    assert (came.path, came.body, came.headers["x-a"]) == ("/x?y=1", b"hello", "b")
    assert came.headers["host"] == f"127.0.0.1:{peer.port}"


async def test_a_redirect_is_an_answer_and_not_followed(peer: HttpPeer, client: OutgoingClient) -> None:
    peer.say(302, f"Location: {peer.url}/inside")
    assert (await client.post(peer.url, b"", {})).status == 302
    assert len(peer.received) == 1


async def test_an_answer_without_end_is_cut(peer: HttpPeer, client: OutgoingClient) -> None:
    peer.say(200, body=b"x" * (5 * MAX_ANSWER))
    assert len((await client.post(peer.url, b"", {})).body) == MAX_ANSWER


async def test_a_peer_that_says_nothing_is_left_in_time(client: OutgoingClient) -> None:
    async def wait(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    over = asyncio.Event()
    async with await asyncio.start_server(wait, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        quick = OutgoingClient(LOOPBACK, timeout=0.05)
        with pytest.raises(DeliveryError, match="in time") as caught:
            await quick.post(f"http://127.0.0.1:{port}/", b"", {})
        assert not caught.value.permanent
        await quick.aclose()
        over.set()


async def test_nobody_there_is_tried_again(client: OutgoingClient) -> None:
    with pytest.raises(DeliveryError, match="nobody answers") as caught:
        await client.post("http://127.0.0.1:1/", b"", {})
    assert not caught.value.permanent


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:192.168.0.1"], []])
async def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(answers: list[str]) -> None:
    async def look_up(host: str, port: int) -> list[str]:
        assert (host, port) == ("rebind.example", 443)
        return answers

    client = OutgoingClient(look_up=look_up)
    with pytest.raises(Refused) as caught:
        await client.post("https://rebind.example/", b"", {})
    assert caught.value.permanent
    await client.aclose()


async def test_a_name_is_looked_up_once_and_the_connection_goes_to_what_was_checked() -> None:
    """A resolver that answers otherwise the second time leads nowhere: nobody asks it again."""
    asked: list[str] = []
    hello = asyncio.Event()

    async def look_up(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.read(3))[0] == 0x16  # a TLS handshake
        hello.set()
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = OutgoingClient(LOOPBACK, timeout=60, look_up=look_up)
        with pytest.raises((DeliveryError, ssl.SSLError)):
            await client.post(f"https://once.example:{port}/", b"", {})
        await client.aclose()
    assert hello.is_set()
    assert asked == ["once.example"]


async def test_one_address_that_is_down_does_not_keep_us_from_the_next(peer: HttpPeer) -> None:
    async def look_up(host: str, port: int) -> list[str]:
        # Nobody listens on the first: the peer has the second alone.
        return ["127.0.0.9", "127.0.0.1"]

    client = OutgoingClient(LOOPBACK, look_up=look_up)
    answer = await client.post(peer.url, b"hello", {})
    await client.aclose()
    assert (answer.status, [came.body for came in peer.received]) == (200, [b"hello"])


@pytest.mark.parametrize(
    ("status", "permanent", "gone"),
    [(301, True, False), (400, True, False), (403, True, False), (404, True, True), (410, True, True),
     (408, False, False), (429, False, False), (500, False, False), (503, False, False)],
)  # fmt: skip
def test_what_an_answer_means_for_a_retry(status: int, permanent: bool, gone: bool) -> None:
    error = error_of(Answer(status, 30.0, b""))
    assert error is not None
    assert (error.permanent, error.address_gone) == (permanent, gone)
    assert error.retry_after == (None if permanent else 30.0)


def test_success_is_no_error() -> None:
    assert error_of(Answer(204, None, b"")) is None
