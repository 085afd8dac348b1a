"""Too much at once: some are told to come again, whoever is answered is answered soon."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from pennywren import keyspace
from pennywren.model.offer import Offer
from pennywren.settings import load_settings
from pennywren.web.serving.shedding import (
    BURST_S,
    CALM_S,
    CROWD,
    FULL_S,
    LATE_S,
    LEAST,
    OTHERS,
    SOON_S,
    TICK_S,
    USUAL,
    Delay,
    Room,
    Shedding,
    share_refused,
)
from tests.web.site import PRODUCT, Site

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


async def ask(
    app: Any, path: str = "/products/us:B08N5WRWNW", method: str = "GET", headers: Sequence[tuple[bytes, bytes]] = ()
) -> list[Any]:
    """What is sent as an answer."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers)}
    await app(scope, None, send)
    return sent


class Hands:
    """A clock that is set by hand (s)."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("delay", "under_way", "share"),
    [
        (0.0, 1000, 0.0),
        (CALM_S, 1000, 0.0),
        ((CALM_S + FULL_S) / 2, 1000, 0.5),
        (FULL_S, CROWD, 1.0),
        (9.0, 1000, 1.0),
        (9.0, CROWD - 1, 0.0),
    ],
)
def test_more_are_refused_the_longer_work_waits_and_none_without_a_crowd(
    delay: float, under_way: int, share: float
) -> None:
    assert share_refused(delay, under_way) == pytest.approx(share)


def fill(room: Room) -> int:
    """Let in as many as there is room for."""
    before = room.under_way
    while not room.is_full(for_prices=True):
        room.enter(for_prices=True)
    return room.under_way - before


def press(room: Room, clock: Hands) -> list[float]:
    """A crowd that stays longer than a burst: when each came who is under way then."""
    came = [room.enter(for_prices=True) for _ in range(room.most)]
    clock.now += BURST_S
    assert room.is_full(for_prices=True)
    return came


def answer(room: Room, clock: Hands, came: list[float], after: float) -> None:
    """Answer them, each at least so many seconds after it came."""
    for each in came:
        clock.now = max(clock.now, each + after)
        room.leave(each, for_prices=True)


def one(room: Room, clock: Hands, after: float) -> None:
    """A request that is alone."""
    answer(room, clock, [room.enter(for_prices=True)], after)


def test_a_crowd_whose_answers_are_slow_makes_room_for_fewer_and_quick_ones_for_more_again() -> None:
    clock = Hands()
    room, sizes = Room(clock), list[int]()
    while room.most > LEAST:
        answer(room, clock, press(room, clock), 2 * SOON_S)
        sizes.append(room.most)
        assert room.under_way == 0
    # A crowd does it once: all of it was slow for the same reason.
    assert sizes == [38, 30, 24, 19, 15, LEAST]
    answer(room, clock, press(room, clock), 9.0)
    assert room.most == LEAST

    for before in range(LEAST, USUAL):
        for _ in range(before):
            one(room, clock, SOON_S / 2)
        assert room.most == before + 1
    # Without a crowd nothing more is learned about crowds.
    for after in (SOON_S / 2, 9.0):
        for _ in range(200):
            one(room, clock, after)
        assert room.most == USUAL


def test_a_crowd_whose_answers_are_quick_makes_room_for_more_than_is_usual() -> None:
    clock = Hands()
    room = Room(clock)
    press(room, clock)
    for _ in range(USUAL):
        room.leave(clock.now, for_prices=True)
        room.enter(for_prices=True)
    assert room.most == USUAL + 1
    assert not room.is_full(for_prices=True)


def test_what_comes_at_once_is_let_in_twice_as_much_and_teaches_nothing() -> None:
    clock = Hands()
    room = Room(clock)
    assert fill(room) == 2 * USUAL
    clock.now += BURST_S / 2
    for _ in range(2 * USUAL):
        room.leave(clock.now - 2 * SOON_S, for_prices=True)
    assert room.most == USUAL
    # It was half empty in between: the next burst is one of its own.
    clock.now += BURST_S
    assert fill(room) == 2 * USUAL
    # A crowd that stays is none, and only its half has room.
    clock.now += BURST_S
    for _ in range(USUAL):
        assert room.is_full(for_prices=True)
        room.leave(clock.now, for_prices=True)
    assert room.under_way == USUAL
    room.leave(clock.now, for_prices=True)
    assert not room.is_full(for_prices=True)


def test_those_who_came_before_there_was_room_for_fewer_do_not_make_it_fewer_again() -> None:
    clock = Hands()
    room = Room(clock)
    came = press(room, clock)
    came += [room.enter(for_prices=True) for _ in range(USUAL)]
    clock.now += 2 * SOON_S
    for each in came[:USUAL]:
        room.leave(each, for_prices=True)
    assert room.most == 38


def test_what_is_not_about_prices_leaves_room_for_them() -> None:
    clock = Hands()
    room = Room(clock)
    came = [room.enter(for_prices=False) for _ in range(int(USUAL * OTHERS))]
    clock.now += BURST_S
    assert room.is_full(for_prices=False)
    assert fill(room) == USUAL - len(came)
    # One of the others leaves: its place is anybody's, and prices have had their quarter.
    room.leave(clock.now, for_prices=False)
    assert not room.is_full(for_prices=False)


def test_who_has_waited_long_in_a_crowd_is_late_and_nobody_is_without_one() -> None:
    clock = Hands()
    room = Room(clock)
    alone = room.enter(for_prices=False)
    clock.now += 9.0
    assert not room.is_late(alone)
    press(room, clock)
    came = room.enter(for_prices=False)
    clock.now += LATE_S / 2
    assert (room.is_late(came), room.is_late(alone)) == (False, True)
    clock.now += LATE_S
    assert room.is_late(came)


@pytest.mark.parametrize("looks", [1, 2])
async def test_who_is_late_is_told_to_come_again_before_a_watch_is_begun_and_then_gets_it(
    site: Site, owner: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    await site.record(1999)
    body = {"productID": str(PRODUCT), "threshold": 1500, "notificationType": "EMAIL"}
    left = iter([False] * (looks - 1) + [True])

    def is_late(*_: object) -> bool:
        return next(left)

    with monkeypatch.context() as crowd:
        crowd.setattr(Room, "is_late", is_late)
        refused = await owner.post("/subscriptions", json=body, headers={"idempotency-key": "the same"})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["type"] == "/problems/unavailable"
    assert await site.resources.pool.fetchval("select count(*) from subscriptions") == 0
    assert await site.resources.client.exists(keyspace.watch(PRODUCT, Offer.BUYBOX)) == 0
    made = await owner.post("/subscriptions", json=body, headers={"idempotency-key": "the same"})
    assert made.status_code == 201


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
    now += TICK_S
    await timer_comes()
    assert delay.seconds() == pytest.approx(0.0)


async def test_a_crowd_that_waits_is_told_when_to_come_again() -> None:
    inner = Crowded()
    app = Shedding(inner, SETTINGS, delay=Late(), room=Room(), dice=lambda: 0.0)
    waiting = [asyncio.create_task(ask(app)) for _ in range(CROWD)]
    while inner.entered < CROWD:
        await asyncio.sleep(0)
    start, body = await ask(app, '/products/us:\udcff"', headers=[(b"x-request-id", b"of-the-proxy")])
    headers = dict(start["headers"])
    assert start["status"] == 503
    assert headers[b"retry-after"] == b"1"
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"x-request-id"] == b"of-the-proxy"
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert int(headers[b"content-length"]) == len(body["body"])
    problem = msgspec.json.decode(body["body"])
    assert problem["type"] == "/problems/unavailable"
    assert problem["instance"] == '/products/us:?"'
    start, body = await ask(app, headers=[(b"accept", b"text/html")])
    headers = dict(start["headers"])
    assert headers[b"content-type"].startswith(b"text/html")
    assert headers[b"cache-control"] == b"no-store"
    assert len(headers[b"x-request-id"]) == 16
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


async def test_where_people_fill_their_part_of_the_room_prices_are_answered() -> None:
    inner = Crowded()
    app = Shedding(inner, SETTINGS, delay=Delay(), room=Room(Hands()), dice=lambda: 1.0)
    mine = int(2 * USUAL * OTHERS)
    waiting = [asyncio.create_task(ask(app, "/account")) for _ in range(mine)]
    while inner.entered < mine:
        await asyncio.sleep(0)
    start, _ = await ask(app, "/account")
    assert start["status"] == 503
    start, _ = await ask(app, "/products/us:B08N5WRWNW/watch", method="POST")
    assert start["status"] == 503
    inner.go.set()
    assert await ask(app, "/products/us:B08N5WRWNW/history") == []
    await asyncio.gather(*waiting)
    assert await ask(app, "/account") == []
