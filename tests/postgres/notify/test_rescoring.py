"""Watches that move with their base, end with their alert, expire with notice, and wake from a snooze."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from pennywren import keyspace
from pennywren.match import index
from pennywren.match.index import Watch
from pennywren.model.clock import DAY
from pennywren.model.offer import Offer
from pennywren.model.rule import BackInStock, Base, Drop, PriceAtOrBelow, Rule, WatchSet, kind_of, place, set_of
from pennywren.pipeline.matching import Matcher
from pennywren.pipeline.rescoring import Rescorer
from pennywren.postgres.moments import to_moment
from pennywren.workqueue import WorkQueue
from tests.postgres.notify.world import HOUR, PRODUCT, T0, World

H = 3_600_000


class Hands:
    """A clock that is moved by hand."""

    now = T0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
async def queue(queue_url: str) -> AsyncIterator[WorkQueue]:
    opened = WorkQueue(queue_url)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def rescorer(world: World, queue: WorkQueue, clock: Hands) -> Rescorer:
    return Rescorer(world.pool, world.store, queue, clock, cooldown=6 * HOUR)


@pytest.fixture
def matcher(world: World, queue: WorkQueue, clock: Hands) -> Matcher:
    return Matcher(world.store, world.pool, queue, clock, cooldown=6 * HOUR)


async def watch(world: World, rule: Rule, base: int | None = None, **columns: Any) -> int:
    """A subscription by a rule, in the index."""
    at = place(rule, base)
    priced = at is not None and at.set is WatchSet.FALL
    id_ = await world.subscribe(1, **columns)
    await world.pool.execute(
        "update subscriptions set kind = $2, rule = $3, base_price = $4, threshold = $5, measure = $6, watch_set = $7 "
        "where id = $1",
        id_,
        kind_of(rule),
        None if isinstance(rule, PriceAtOrBelow) else msgspec.json.encode(rule).decode(),
        base,
        at.at if at and priced else None,
        at.at if at and not priced else None,
        set_of(rule).value,
    )
    await index.remove(world.store.client, PRODUCT, Offer.BUYBOX, id_)
    if at:
        await index.add(world.store.client, Watch(id_, PRODUCT, Offer.BUYBOX, at.at, at.set))
    return id_


async def drain(matcher: Matcher) -> None:
    while await matcher.step(0.01):
        pass


async def score(world: World, subscription: int, watch_set: WatchSet = WatchSet.FALL) -> float | None:
    return await world.store.client.zscore(keyspace.watch(PRODUCT, Offer.BUYBOX, watch_set), str(subscription))


async def told(world: World) -> list[int | None]:
    return [alert["new_price"] for alert in await world.alerts()]


async def test_a_drop_from_the_last_alert_moves_with_each_alert(world: World, matcher: Matcher) -> None:
    subscription = await watch(world, Drop(Base.LAST_ALERT, 10), 1000)
    for i, price in enumerate((1000, 900, 820, 811, 810, 950, 730, 729)):
        await world.see(price, T0 + 1 + i)
        await drain(matcher)
    assert await told(world) == [900, 810, 729]  # each is 90 % of the one before
    assert await score(world, subscription) == 656


async def test_a_change_that_came_before_the_watch_had_moved_is_caught_up(
    world: World, matcher: Matcher, rescorer: Rescorer
) -> None:
    """Both falls are read together: when the second is matched the watch still sits where the first one crossed it."""
    await watch(world, Drop(Base.LAST_ALERT, 10), 1000)
    for i, price in enumerate((1000, 900, 700)):
        await world.see(price, T0 + 1 + i)
    await drain(matcher)
    assert await told(world) == [900, 700]
    await world.pool.execute("update subscriptions set look_again_at = now()")
    await rescorer.rescore()
    assert await told(world) == [900, 700]


async def test_what_the_matcher_could_not_move_any_more_the_job_moves(world: World, rescorer: Rescorer) -> None:
    subscription = await watch(world, Drop(Base.LAST_ALERT, 10), 1000)
    await world.see(1000, T0 + 1)
    await world.pool.execute(
        "update subscriptions set last_alert_at = $1, last_alert_price = 800, look_again_at = $1", to_moment(T0)
    )
    assert await rescorer.rescore() == 1
    assert await score(world, subscription) == 720
    assert await rescorer.rescore() == 0


async def test_a_watch_that_tells_once_leaves_the_index_with_its_alert(world: World, matcher: Matcher) -> None:
    subscription = await watch(world, PriceAtOrBelow(1300), once=True)
    for i, price in enumerate((1599, 1299, 1599, 1200)):
        await world.see(price, T0 + 1 + i)
        await drain(matcher)
    assert await told(world) == [1299]
    assert await score(world, subscription) is None
    assert await world.pool.fetchval("select state from subscriptions") == "ended"


async def test_a_base_that_becomes_known_gives_the_watch_its_place(
    world: World, rescorer: Rescorer, clock: Hands
) -> None:
    subscription = await watch(world, Drop(percent=10), look_again_at=to_moment(T0))
    assert await rescorer.rescore() == 1
    assert await world.pool.fetchval("select place from subscriptions") is None
    await world.see(1000, T0 + 1)
    clock.now += H
    assert await rescorer.rescore() == 1
    assert await score(world, subscription) == 900
    assert await world.pool.fetchval("select look_again_at from subscriptions") is None
    assert await told(world) == []


async def test_a_drop_from_the_median_moves_with_it_by_the_day(world: World, rescorer: Rescorer, clock: Hands) -> None:
    subscription = await watch(world, Drop(Base.MEDIAN, 10), 1000, look_again_at=to_moment(T0 + 30 * DAY))
    await world.see(1000, T0)
    await world.see(2000, T0 + 10 * DAY)
    await world.see(2000, T0 + 30 * DAY)
    clock.now = T0 + 30 * DAY
    assert await rescorer.rescore() == 1
    assert await score(world, subscription) == 1800
    clock.now += DAY - 1
    assert await rescorer.rescore() == 0
    clock.now += 1
    assert await rescorer.rescore() == 1


async def test_an_end_is_told_once_before_it_comes(world: World, rescorer: Rescorer, clock: Hands) -> None:
    end = T0 + 10 * DAY
    subscription = await watch(
        world,
        PriceAtOrBelow(1300),
        expires_at=to_moment(end),
        notice_at=to_moment(end - 3 * DAY),
        look_again_at=to_moment(end - 3 * DAY),
    )
    await world.see(1599, T0 + 1)
    for days in (6, 7, 8, 10, 11):
        clock.now = T0 + days * DAY
        await rescorer.rescore()
        state = await world.pool.fetchval("select state from subscriptions")
        assert (state, await score(world, subscription)) == (("expired", None) if days >= 10 else ("active", 1300))
        assert len(await world.alerts()) == (0 if days < 7 else 1)
    (notice,) = await world.alerts()
    assert (notice["about"], notice["new_price"], notice["queued_at"] is None) == ("expiry", 1599, False)


async def test_what_a_snooze_held_back_is_told_when_it_ends_if_it_still_holds(
    world: World, matcher: Matcher, rescorer: Rescorer, clock: Hands
) -> None:
    until = to_moment(T0 + DAY)
    await watch(world, PriceAtOrBelow(1300), snoozed_until=until, look_again_at=until)
    await watch(world, BackInStock(), snoozed_until=until, look_again_at=until)
    for i, price in enumerate((1599, 1299, None, 1250)):
        await world.see(price, T0 + 1 + i)
    await drain(matcher)
    assert await told(world) == []
    clock.now = T0 + DAY
    assert await rescorer.rescore() == 2
    alerts = await world.alerts()
    assert [alert["change_id"] for alert in alerts] == [f"us:B08N5WRWNW/buybox/{T0 + 4}/1250"] * 2
    await drain(matcher)
    assert len(await world.alerts()) == 2


async def test_what_a_snooze_held_back_and_is_over_is_not_told(
    world: World, matcher: Matcher, rescorer: Rescorer, clock: Hands
) -> None:
    until = to_moment(T0 + DAY)
    await watch(world, PriceAtOrBelow(1300), snoozed_until=until, look_again_at=until)
    for i, price in enumerate((1599, 1299, 1599)):
        await world.see(price, T0 + 1 + i)
    await drain(matcher)
    clock.now = T0 + DAY
    await rescorer.rescore()
    assert await told(world) == []
    await world.see(1299, T0 + DAY + 1)
    await drain(matcher)
    assert await told(world) == [1299]
