"""Refusing at once what could not be answered in time, so that what is answered is answered quickly."""

import asyncio
import math
import random
import time
from collections.abc import Callable
from typing import Final, cast

import msgspec
from litestar.types import ASGIApp, HTTPResponseStartEvent, HTTPScope, Receive, Scope, Send

from pennywren.errors import Unavailable
from pennywren.settings import Settings
from pennywren.web.serving.headers import is_secure, with_defaults
from pennywren.web.serving.identity import Connected
from pennywren.web.serving.negotiation import prefers_html
from pennywren.web.serving.problems import MEDIA_TYPE, plain, problem_of
from pennywren.web.serving.request_ids import HEADER, given_id, request_id

TICK_S: Final = 0.02
"""How often the loop is asked how late it is."""
CALM_S: Final = 0.1
"""A loop that is no later than this answers everybody."""
FULL_S: Final = 0.15
"""One that is so late answers nobody new: a request waits for its turn about three times."""
CROWD: Final = 32
"""With fewer requests under way it is the machine that is slow, and refusing some would help nobody."""
SOON_S: Final = 0.05
"""An answer is slow from here on: in a crowd each waits for all the others, many times, however short each wait is."""
USUAL: Final = 48
"""So many may be under way where answers are quick."""
LEAST: Final = 12
"""So many always may: with fewer it is the machine that is slow."""
OTHERS: Final = 0.75
"""What is not about prices leaves a quarter of the room to them: all of it may wait for PostgreSQL, which prices do
without."""
BURST_S: Final = 0.125
"""So long twice as many may come: after a moment in which the process had no processor, all of it comes at once."""
LATE_S: Final = 0.2
"""Who has waited so long in a crowd before anything is done for them would wait for the rest longer than that."""
_CUT: Final = 0.8
_WAITING: Final = "waiting"
_ALWAYS: Final = frozenset(("/healthz", "/readyz", "/metrics"))
"""What watches over the process is answered always."""
_STREAMS: Final = "/live"
_PRICES: Final = ("/products/", "/static/")
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

    def seconds(self) -> float:
        """The delay now. The first call, inside the loop, starts the timer; while it is overdue, that counts too."""
        if self._due is None:
            self._start()
            return 0.0
        return max(self._last, self._clock() - self._due)

    def _start(self) -> None:
        self._due = self._clock() + TICK_S
        asyncio.get_running_loop().call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        self._last = self._clock() - cast("float", self._due)
        self._start()


class Room:
    """How many may be under way at once, found by trying: a fifth less where it is pressed and an answer slow, one more
    after as many quick ones."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` is in seconds."""
        self._clock = clock
        self._quick = 0
        self._cut_at = -math.inf
        self._others = 0
        self._full_since: float | None = None
        """Since when it was full and not half empty again."""
        self.most = USUAL
        self.under_way = 0

    def is_full(self, *, for_prices: bool) -> bool:
        """Whether nobody else is let in who asks for prices, or for anything else."""
        most = self.most if self._is_pressed(self._clock()) else 2 * self.most
        return self.under_way >= most or (not for_prices and self._others >= most * OTHERS)

    def enter(self, *, for_prices: bool) -> float:
        """One is let in: the moment, for `leave`."""
        now = self._clock()
        self.under_way += 1
        self._others += not for_prices
        if self._full_since is None and (self.under_way >= self.most or self._others >= self.most * OTHERS):
            self._full_since = now
        return now

    def leave(self, came: float, *, for_prices: bool) -> None:
        """One that entered at `came` is answered."""
        now = self._clock()
        is_pressed = self._is_pressed(now)
        self.under_way -= 1
        self._others -= not for_prices
        if self.under_way <= self.most / 2:
            self._full_since = None
        if now - came <= SOON_S:
            if is_pressed or self.most < USUAL:
                self._quick += 1
            if self._quick >= self.most:
                self.most, self._quick = self.most + 1, 0
            return
        self._quick = 0
        if is_pressed and came >= self._cut_at:  # one that came earlier was slowed by a crowd that is known of already
            self.most, self._cut_at = max(LEAST, int(self.most * _CUT)), now

    def is_late(self, came: float) -> bool:
        """Whether one that entered at `came` has waited for long, in a crowd."""
        now = self._clock()
        return now - came > LATE_S and self._is_pressed(now)

    def _is_pressed(self, now: float) -> bool:
        return self._full_since is not None and now - self._full_since >= BURST_S


def share_refused(delay_s: float, under_way: int) -> float:
    """Which share of requests is refused: more the longer work waits, so that the load is met and not cut off."""
    if under_way < CROWD:
        return 0.0
    return min(1.0, max(0.0, (delay_s - CALM_S) / (FULL_S - CALM_S)))


def refuse_late(connection: Connected) -> None:
    """Have whoever has waited for long come again. To be asked last before something is done that would be lost.

    Raises:
        Unavailable: a crowd is served, and this one of it late.
    """
    waiting: tuple[Room, float] | None = connection.scope["state"].get(_WAITING)
    if waiting is not None and waiting[0].is_late(waiting[1]):
        raise _too_much()


def _too_much() -> Unavailable:
    return Unavailable("more is asked at once than can be answered: try again in a moment", retry_after=1)


class Shedding:
    """Goes before all that costs something."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        delay: Delay,
        room: Room,
        dice: Callable[[], float] = random.random,
    ) -> None:
        """`delay` says how long work waits, `room` how many it has place for; `dice` gives numbers from 0 up to 1."""
        self._app = app
        self._delay = delay
        self._room = room
        self._dice = dice
        error = _too_much()
        self._problem = problem_of(error, "")
        headers = [(b"cache-control", b"no-store"), (b"retry-after", b"%d" % error.retry_after)]
        self._headers = with_defaults(headers, secure=is_secure(settings))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["path"] in _ALWAYS or scope["path"].endswith(_STREAMS):
            await self._app(scope, receive, send)
            return
        room, for_prices = self._room, scope["method"] == "GET" and scope["path"].startswith(_PRICES)
        if room.is_full(for_prices=for_prices) or self._dice() < share_refused(self._delay.seconds(), room.under_way):
            await self._refuse(scope, send)
            return
        came = room.enter(for_prices=for_prices)
        scope.setdefault("state", {})[_WAITING] = (room, came)
        try:
            await self._app(scope, receive, send)
        finally:
            room.leave(came, for_prices=for_prices)

    async def _refuse(self, scope: HTTPScope, send: Send) -> None:
        """Most of it is made beforehand: under load it is done thousands of times a second."""
        accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
        if accept and prefers_html(accept.decode("latin-1")):
            kind, body = "text/html; charset=utf-8", _PAGE.encode()
        else:
            problem = msgspec.structs.replace(self._problem, instance=plain(scope["path"]))
            kind, body = MEDIA_TYPE, msgspec.json.encode(problem)
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", b"%d" % len(body)),
            (HEADER, request_id(given_id(scope))),
            *self._headers,
        ]
        await send(cast("HTTPResponseStartEvent", {"type": "http.response.start", "status": 503, "headers": headers}))
        await send({"type": "http.response.body", "body": body, "more_body": False})
