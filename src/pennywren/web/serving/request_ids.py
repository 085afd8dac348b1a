"""A name for each request: on every line that is logged while it is answered, and on the answer."""

import random
import re
from typing import Final

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from pennywren.logs import about

HEADER: Final = b"x-request-id"
_USABLE: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}\Z")


def request_id(given: bytes) -> bytes:
    """The name that a request came with, or one of ours, which nobody need be unable to guess: it opens nothing."""
    return given if given and _USABLE.match(given) else b"%016x" % random.getrandbits(64)


def given_id(scope: HTTPScope) -> bytes:
    """The name that a request came with; empty without."""
    return next((value for name, value in scope["headers"] if name == HEADER), b"")


class RequestIDs:
    """Goes before everything else. A name that the client or a proxy gave is kept if it is a plain one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = request_id(given_id(scope))

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (HEADER, name)]
            await send(message)

        with about(request=name.decode()):
            await self._app(scope, receive, send_named)
