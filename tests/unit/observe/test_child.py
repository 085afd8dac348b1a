"""Pages that the HTML parser cannot take: the child is killed, the page is unreadable, the next one is read."""

import asyncio
import gzip
import os
import select
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pennywren.errors import BadInput
from pennywren.observe.child import PageParser
from pennywren.observe.page import MAX_BYTES, read_page
from tests.unit.observe.made_pages import modern

GOOD = modern().encode()
BOMBS = {
    "font": b"".join(b"<font a=%d><p>" % i for i in range(2900)),
    "div": b"<div>" * 200_000,
    "attributes": b"<a " + b" ".join(b"a%d=1" % i for i in range(300_000)) + b">",
    "option": b"<select>" + b"<option>" * 200_000,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parser() -> AsyncIterator[PageParser]:
    async with PageParser() as started:
        yield started


module_loop = pytest.mark.asyncio(loop_scope="module")


@module_loop
async def test_a_page_is_read_as_in_process(parser: PageParser) -> None:
    assert await parser.read(GOOD, "us") == read_page(GOOD, "us")
    assert await parser.read(gzip.compress(GOOD), "us") == read_page(GOOD, "us")


@module_loop
@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_costs_its_own_page_only(parser: PageParser, name: str) -> None:
    async with asyncio.timeout(60):
        reading = await parser.read(BOMBS[name], "us")
        assert (reading.kind, reading.reason) in {("unreadable", r) for r in ("parser_timeout", "parser_memory")}
        assert (await parser.read(GOOD, "us")).kind == "product"


@module_loop
async def test_what_is_too_large_is_not_even_sent(parser: PageParser) -> None:
    assert (await parser.read(b"x" * (MAX_BYTES + 1), "us")).reason == "too_large"
    with pytest.raises(BadInput):
        await parser.read(GOOD, "atlantis")


@module_loop
@pytest.mark.parametrize("page", [gzip.compress(bytes(50_000_000)), gzip.compress(GOOD)[:-20], b"\x1f\x8bnonsense"])
async def test_what_cannot_be_unpacked_within_bounds_is_not_read(parser: PageParser, page: bytes) -> None:
    reading = await parser.read(page, "us")
    assert (reading.kind, reading.reason) in {("unreadable", r) for r in ("too_large", "broken_gzip")}
    assert (await parser.read(GOOD, "us")).kind == "product"


@module_loop
async def test_a_child_that_dies_is_replaced(parser: PageParser) -> None:
    for _ in range(2):
        _kill_children()
        first = await parser.read(GOOD, "us")
        second = await parser.read(GOOD, "us")
        assert first.reason in (None, "parser_crashed")
        assert second.kind == "product"


@module_loop
async def test_a_cancelled_page_does_not_answer_the_next_one(parser: PageParser) -> None:
    pending = asyncio.create_task(parser.read(BOMBS["div"], "us"))
    for _ in range(8):
        # As far as it goes without waiting: the page is on its way to the child.
        await asyncio.sleep(0)
    pending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pending
    assert (await parser.read(GOOD, "us")).kind == "product"


@module_loop
async def test_many_pages_at_once_share_the_children() -> None:
    async with PageParser(2) as pool:
        readings = await asyncio.gather(*(pool.read(GOOD, "us") for _ in range(40)))
    assert {r.offers["buybox"].price for r in readings} == {1795}


def test_the_child_dies_with_its_parent() -> None:
    """Also in the middle of a parse, and when the parent was killed and could not clean up."""
    program = textwrap.dedent("""
        import asyncio
        from pathlib import Path
        from pennywren.observe.child import PageParser
        async def main():
            parser = PageParser(time_limit=60)
            await parser.start()
            pid = Path("/proc/self/task/%d/children" % __import__("os").getpid()).read_text().split()[0]
            print(pid, flush=True)
            await parser.read(b"<div>" * 200_000, "us")
        asyncio.run(main())
    """)
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout as said:
        child = int(said.readline())
        # A handle on the process: its number cannot be taken by another one meanwhile.
        handle = os.pidfd_open(child)
        parent.kill()
        parent.wait()
    try:
        assert _ended(handle, seconds=20)
    finally:
        os.close(handle)


def _ended(handle: int, seconds: float) -> bool:
    """A pidfd is readable when its process has ended."""
    return bool(select.select([handle], [], [], seconds)[0])


def _kill_children() -> None:
    """Kill this process's parser children, and nobody else's."""
    for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        if b"pennywren.observe.child_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(int(pid), signal.SIGKILL)
