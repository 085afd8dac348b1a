"""Fetchers that share libcurl's event machinery still leave through their own addresses."""

import asyncio

from pennywren.observe.curls import Curls
from pennywren.observe.fetch import Fetcher
from pennywren.observe.hosts import Address
from pennywren.setting_values import Egress


async def test_egresses_that_share_one_leave_through_their_own_addresses() -> None:
    sources: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                sources.append(writer.get_extra_info("peername")[0])
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    page = Address(f"http://{host}/dp/B000000001", host, "en-US")
    curls = Curls()
    addresses = ["127.0.0.31", "127.0.0.32", "127.0.0.33"]
    fetchers = [Fetcher(Egress(f"e{i}", source=each), "test", curls=curls) for i, each in enumerate(addresses)]
    for fetcher in [*fetchers, *fetchers]:
        assert (await fetcher.get(page)).body == b"ok"
    for fetcher in fetchers:
        await fetcher.close()
    server.close()
    assert sources == addresses * 2


async def test_only_egresses_bound_to_an_address_and_without_a_proxy_share() -> None:
    curls = Curls()
    assert curls.take(Egress("home")) is None
    assert curls.take(Egress("far", source="127.0.0.31", proxy="http://127.0.0.1:9")) is None
    one = curls.take(Egress("e1", source="127.0.0.31"))
    assert one is not None
    assert curls.take(Egress("e2", source="127.0.0.32")) is one
    await curls.give_back(one)
    await curls.give_back(one)


async def test_nobody_begins_with_one_that_had_trouble_or_served_long() -> None:
    curls, egress = Curls(), Egress("e1", source="127.0.0.31")
    first, second = curls.take(egress), curls.take(egress)
    assert first is not None
    assert second is first
    await curls.give_back(first, worn=True)
    third = curls.take(egress)
    assert third is not None
    assert third is not first
    later = [curls.take(egress) for _ in range(64)]
    assert later[-1] is not third
    for each in (second, third, *later):
        assert each is not None
        await curls.give_back(each)
