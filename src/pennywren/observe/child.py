"""Parsing in children that can be killed: the HTML parser has small inputs that take gigabytes or minutes.

Neither a signal handler nor asyncio interrupts a parse, so every page goes to a child process with a memory limit, and
a child that has not answered in two seconds is killed. The page is then `unreadable`, with a reason; the next is fine.
"""

import asyncio
import contextlib
import fcntl
import os
import sys
from asyncio.subprocess import PIPE, Process
from typing import Final, Self

import msgspec

from pennywren.errors import BadInput, Unavailable
from pennywren.model.marketplace import MARKETPLACES
from pennywren.observe.page import MAX_BYTES, PageReading

_MODULE: Final = "pennywren.observe.child_main"
_TIME_LIMIT: Final = 2.0
_START_LIMIT: Final = 30.0
_MAX_ANSWER: Final = 1 << 20
_F_SETPIPE_SZ: Final = getattr(fcntl, "F_SETPIPE_SZ", None)


class PageParser:
    """A few children that read pages. `async with PageParser() as parser: await parser.read(html, "us")`."""

    def __init__(self, children: int = 1, *, time_limit: float = _TIME_LIMIT, module: str = _MODULE) -> None:
        """`module` is what a child runs; it speaks as `child_main` does."""
        self._time_limit = time_limit
        self._children = [_Child(module) for _ in range(max(1, children))]
        self._free: asyncio.LifoQueue[_Child] = asyncio.LifoQueue()
        for child in self._children:
            self._free.put_nowait(child)

    async def start(self) -> None:
        """Start all children, so that the first pages do not wait for it. Optional: `read` starts what is missing."""
        await asyncio.gather(*(child.start() for child in self._children))

    async def close(self) -> None:
        """Kill all children."""
        await asyncio.gather(*(child.kill() for child in self._children))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def read(self, html: bytes, marketplace: str) -> PageReading:
        """What the page, gzipped or not, shows.

        `unreadable` with `too_large`, `broken_gzip`, `parser_timeout`, `parser_memory` or `parser_crashed`.

        Raises:
            BadInput: there is no such marketplace.
            Unavailable: no child can be started on this machine.
        """
        if marketplace not in MARKETPLACES:
            raise BadInput(f"{marketplace[:20]!r} is not a marketplace; there are {', '.join(MARKETPLACES)}")
        if len(html) > MAX_BYTES:
            return _unreadable("too_large")
        child = await self._free.get()
        try:
            return await self._ask(child, html, marketplace)
        finally:
            self._free.put_nowait(child)

    async def _ask(self, child: "_Child", html: bytes, marketplace: str) -> PageReading:
        await child.start()
        healthy = False
        try:
            async with asyncio.timeout(self._time_limit):
                reading = await child.ask(html, marketplace)
            # Memory that a bomb has taken is not given back: such a child is replaced as well.
            healthy = reading.reason != "parser_memory"
        except TimeoutError:
            return _unreadable("parser_timeout")
        except (OSError, EOFError, msgspec.DecodeError, ValueError):
            return _unreadable("parser_crashed")
        else:
            return reading
        finally:
            # Also when this task is cancelled: a half-read answer must not be the next page's.
            if not healthy:
                await child.kill()


class _Child:
    """One child process, started when needed and never used again after trouble."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: Process | None = None
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(PageReading).decode

    async def start(self) -> None:
        if self._process is not None and self._process.returncode is None:
            return
        await self.kill()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, str(os.getpid()), stdin=PIPE, stdout=PIPE
        )
        self._widen()
        try:
            async with asyncio.timeout(_START_LIMIT):
                await self._frame()
        except (OSError, EOFError, TimeoutError) as error:
            await self.kill()
            raise Unavailable("the page parser cannot be started on this machine") from error
        except BaseException:
            await self.kill()
            raise

    async def ask(self, html: bytes, marketplace: str) -> PageReading:
        process = self._process
        if process is None or process.stdin is None:
            raise EOFError
        body = self._encode((marketplace, html))
        process.stdin.writelines((len(body).to_bytes(4, "big"), body))
        await process.stdin.drain()
        return self._decode(await self._frame())

    async def kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()

    async def _frame(self) -> bytes:
        if self._process is None or self._process.stdout is None:
            raise EOFError
        head = int.from_bytes(await self._process.stdout.readexactly(4), "big")
        if head > _MAX_ANSWER:
            raise EOFError
        return await self._process.stdout.readexactly(head)

    def _widen(self) -> None:
        """A page fits the pipe in few pieces, where the system lets us have a wider one."""
        pipe = self._process.stdin.transport.get_extra_info("pipe") if self._process and self._process.stdin else None
        if pipe is not None and _F_SETPIPE_SZ is not None:
            with contextlib.suppress(OSError):
                fcntl.fcntl(pipe.fileno(), _F_SETPIPE_SZ, 1 << 20)


def _unreadable(reason: str) -> PageReading:
    return PageReading(kind="unreadable", reason=reason)
