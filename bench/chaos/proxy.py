"""A TCP proxy between the processes and a server of theirs, which cuts and delays connections."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(eq=False)
class Proxy:
    """Passes bytes on; `delay` is the seconds that each piece waits."""

    to_port: int
    port: int = 0
    delay: float = 0.0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    def cut(self) -> int:
        """End every connection at once, in the middle of whatever it carries; how many."""
        for writer in self._writers:
            writer.transport.abort()
        return len(self._writers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.to_port)
        except (OSError, asyncio.CancelledError):
            # Nobody is there, or the run ends: there is nobody left to tell.
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        pipes = [asyncio.create_task(self._pass_on(reader, back)), asyncio.create_task(self._pass_on(there, writer))]
        try:
            # Cancelled when the run ends: there is nobody left to tell.
            with suppress(asyncio.CancelledError):
                await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pipe in pipes:
                pipe.cancel()
            for end in (writer, back):
                end.close()
            self._writers -= {writer, back}

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(64 * 1024):
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(piece)
                await writer.drain()


@asynccontextmanager
async def proxy_to(port: int) -> AsyncGenerator[Proxy]:
    """A proxy to a port of this machine."""
    proxy = Proxy(port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()
