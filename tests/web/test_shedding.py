"""Too much at once: some are told to come again, whoever is answered is answered soon."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pennywren.settings import load_settings
from pennywren.web.serving.shedding import BUSY_S, CALM_S, CROWD, FULL_S, MOST, TICK_S, Delay, Shedding, share_refused

SETTINGS = load_settings({}, Path("."))


class Late(Delay):
    """A loop that is as late as it may be."""

    def seconds(self) -> float:
        return FULL_S


class Crowded:
    """An application in which requests stay until they are let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.entered = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.entered += 1
        await self.go.wait()


async def ask(app: Any, path: str = "/products/us:B08N5WRWNW", accept: str = "*/*") -> list[Any]:
    """What is sent as an answer."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"accept", accept.encode())]}
    await app(scope, None, send)
    return sent


@pytest.mark.parametrize(
    ("delay", "usual", "under_way", "share"),
    [
        (0.0, 0.0, 1000, 0.0),
        (CALM_S, 0.0, 1000, 0.0),
        ((CALM_S + FULL_S) / 2, 0.0, 1000, 0.5),
        (FULL_S, 0.0, CROWD, 1.0),
        (9.0, 0.0, 1000, 1.0),
        (9.0, 9.0, CROWD - 1, 0.0),
        (0.0, 2 * BUSY_S, MOST, 1.0),
        (0.0, 2 * BUSY_S, MOST - 1, 0.0),
        (0.0, BUSY_S / 2, MOST, 0.0),
    ],
)
def test_more_are_refused_the_longer_work_waits_or_where_a_busy_loop_has_enough_and_none_without_a_crowd(
    delay: float, usual: float, under_way: int, share: float
) -> None:
    assert share_refused(delay, usual, under_way) == pytest.approx(share)


async def test_the_delay_is_how_late_a_timer_comes() -> None:
    now, asked = 100.0, 0

    def clock() -> float:
        nonlocal asked
        asked += 1
        return now

    async def timer_comes() -> None:
        before = asked
        while asked == before:
            await asyncio.sleep(0)

    delay = Delay(clock)
    assert delay.seconds() == 0.0
    now += TICK_S + 0.25
    assert delay.seconds() == pytest.approx(0.25)  # the loop is busy: the timer is overdue
    await timer_comes()
    assert delay.seconds() == pytest.approx(0.25)  # it came so late
    usual = delay.usual()
    assert 0 < usual < 0.25
    now += TICK_S
    await timer_comes()
    assert delay.seconds() == pytest.approx(0.0)
    assert 0 < delay.usual() < usual


async def test_a_crowd_that_waits_is_told_when_to_come_again() -> None:
    inner = Crowded()
    app = Shedding(inner, SETTINGS, delay=Late(), dice=lambda: 0.0)
    waiting = [asyncio.create_task(ask(app)) for _ in range(CROWD)]
    while inner.entered < CROWD:
        await asyncio.sleep(0)
    start, body = await ask(app)
    headers = dict(start["headers"])
    assert start["status"] == 503
    assert headers[b"retry-after"] == b"1"
    assert headers[b"content-type"] == b"application/problem+json"
    assert b'"type":"/problems/unavailable"' in body["body"]
    start, body = await ask(app, accept="text/html")
    assert dict(start["headers"])[b"content-type"].startswith(b"text/html")
    assert b"Load this page again" in body["body"]

    # What watches over the process, and pages that stay open, are not refused and are no crowd.
    for path in ("/healthz", "/products/us:B08N5WRWNW/live"):
        waiting.append(asyncio.create_task(ask(app, path)))
        entered = inner.entered
        while inner.entered == entered:
            await asyncio.sleep(0)
    inner.go.set()
    await asyncio.gather(*waiting)
    assert await ask(app) == []  # the crowd has gone, and the next one is let in
