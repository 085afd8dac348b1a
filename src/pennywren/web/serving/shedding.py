"""Refusing at once what could not be answered in time, so that what is answered is answered quickly."""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Final, cast

import msgspec
from litestar.types import ASGIApp, HTTPResponseStartEvent, Receive, Scope, Send

from pennywren.errors import Unavailable
from pennywren.settings import Settings
from pennywren.web.serving.headers import is_secure, with_defaults
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.problems import MEDIA_TYPE, problem_of
from pennywren.web.serving.request_ids import RequestIDs

TICK_S: Final = 0.02
"""How often the loop is asked how late it is."""
CALM_S: Final = 0.1
"""A loop that is no later than this answers everybody."""
FULL_S: Final = 0.15
"""One that is so late answers nobody new: a request waits for its turn about three times."""
CROWD: Final = 32
"""With fewer requests under way it is the machine that is slow, and refusing some would help nobody."""
MOST: Final = 48
"""With so many under way in a busy loop nobody new is answered: each waits for all the others, many times over, however
short each single wait is."""
BUSY_S: Final = 0.003
"""A loop that is usually later than this is busy itself; another one waits for PostgreSQL or Redis, and may wait for
more of them."""
_REMEMBERED: Final = 10
"""Ticks over which the usual delay is taken."""
_ALWAYS: Final = frozenset(("/healthz", "/readyz", "/metrics"))
"""What watches over the process is answered always."""
_STREAMS: Final = "/live"
_PAGE: Final = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>One moment</title><h1>One moment</h1>"
    "<p>More people are here than can be answered at once. Load this page again in a few seconds.</p></html>"
)


class Delay:
    """How long work waits for its turn in this process's loop: the time by which a timer comes late."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` is in seconds."""
        self._clock = clock
        self._due: float | None = None
        self._last = 0.0
        self._usual = 0.0

    def seconds(self) -> float:
        """The delay now. The first call, inside the loop, starts the timer; while it is overdue, that counts too."""
        if self._due is None:
            self._start()
            return 0.0
        return max(self._last, self._clock() - self._due)

    def usual(self) -> float:
        """What the delay (s) was like over the last moments."""
        return self._usual

    def _start(self) -> None:
        self._due = self._clock() + TICK_S
        asyncio.get_running_loop().call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        self._last = self._clock() - cast("float", self._due)
        self._usual += (self._last - self._usual) / _REMEMBERED
        self._start()


def share_refused(delay_s: float, usual_s: float, under_way: int) -> float:
    """Which share of requests is refused: more the longer work waits, so that the load is met and not cut off; all of
    them where a busy loop has enough to do."""
    if under_way < CROWD:
        return 0.0
    if under_way >= MOST and usual_s > BUSY_S:
        return 1.0
    return min(1.0, max(0.0, (delay_s - CALM_S) / (FULL_S - CALM_S)))


class Shedding:
    """Goes before all that costs something."""

    def __init__(
        self, app: ASGIApp, settings: Settings, delay: Delay, dice: Callable[[], float] = random.random
    ) -> None:
        """`delay` says how long work waits; `dice` gives numbers from 0 up to 1."""
        self._app = app
        self._is_secure = is_secure(settings)
        self._delay = delay
        self._dice = dice
        self._under_way = 0
        self._refused = RequestIDs(self._refuse)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["path"] in _ALWAYS or scope["path"].endswith(_STREAMS):
            await self._app(scope, receive, send)
        elif self._dice() < share_refused(self._delay.seconds(), self._delay.usual(), self._under_way):
            await self._refused(scope, receive, send)
        else:
            self._under_way += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._under_way -= 1

    async def _refuse(self, scope: Scope, _: Receive, send: Send) -> None:
        error = Unavailable("more is asked at once than can be answered: try again in a moment", retry_after=1)
        accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
        if prefers_html(accept.decode("latin-1")):
            kind, body = "text/html; charset=utf-8", _PAGE.encode()
        else:
            kind, body = MEDIA_TYPE, msgspec.json.encode(problem_of(error, scope["path"]))
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"retry-after", b"%d" % error.retry_after),
        ]
        whole = with_defaults(headers, secure=self._is_secure)
        await send(cast("HTTPResponseStartEvent", {"type": "http.response.start", "status": 503, "headers": whole}))
        await send({"type": "http.response.body", "body": body, "more_body": False})
