"""Who is told about a change: the edge, arming, cooldown, and that deciding again does nothing."""

import asyncio
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pennywren.model.offer import Offer
from pennywren.notify import alerts
from pennywren.notify.waiting import mark_queued
from pennywren.postgres.moments import to_moment, to_ms
from pennywren.postgres.pool import transaction
from tests.postgres.notify.world import HOUR, OTHER, PRODUCT, T0, World, change

H = 3_600_000


async def test_an_alert_keeps_what_it_is_about(world: World) -> None:
    subscription = await world.subscribe(1300)
    (alert_id,) = await world.decide(change(1599, 1299, T0 + 5), subscription)
    (alert,) = await world.alerts()
    assert alert["id"] == alert_id
    assert (alert["old_price"], alert["new_price"], alert["currency"]) == (1599, 1299, "USD")
    assert (alert["change_id"], alert["state"]) == (f"us:B08N5WRWNW/buybox/{T0 + 5}/1299", "decided")
    assert to_ms(alert["seen_at"]) == T0 + 5
    assert alert["queued_at"] is None


async def test_deciding_twice_is_deciding_once(world: World) -> None:
    subscription = await world.subscribe(1300)
    assert len(await world.decide(change(1599, 1299), subscription)) == 1
    assert await world.decide(change(1599, 1299), subscription) == []
    assert await world.decide(change(1599, 1299), subscription, cooldown=timedelta(0)) == []


async def test_telling_many_writes_no_index_anew_for_each(world: World) -> None:
    """PostgreSQL calls it a HOT update: there is room for the new version on the row's own page."""
    subscriptions = await world.subscribe_many([1300] * 200)
    lonely = await world.subscribe(1300, OTHER)
    hot = "select pg_stat_get_xact_tuples_hot_updated('alerts'::regclass), pg_stat_get_xact_tuples_hot_updated($1)"
    async with transaction(world.pool) as connection:
        table = await connection.fetchval("select 'subscriptions'::regclass::oid")
        before: Any = await connection.fetchrow(hot, table)
        await alerts.decide(connection, [(change(1599, 1299, product=OTHER), [lonely])], 6 * HOUR)
        one: Any = await connection.fetchrow(hot, table)
        decided = await alerts.decide(connection, [(change(1599, 1299), subscriptions)], 6 * HOUR)
        await mark_queued(connection, decided.alert_ids)
        after: Any = await connection.fetchrow(hot, table)
    assert one[1] - before[1] == 1, "of one watch"
    assert after[0] - before[0] >= 180, "of the alerts of a crowd"


async def test_two_matchers_at_once_decide_once(world: World) -> None:
    subscriptions = await world.subscribe_many([1300] * 50)
    both = await asyncio.gather(*(world.decide(change(1599, 1299), *subscriptions) for _ in range(2)))
    assert sorted(map(len, both)) == [0, 50]


async def test_two_changes_at_once_do_not_both_pass_the_cooldown(world: World) -> None:
    subscription = await world.subscribe(1300)
    async with transaction(world.pool) as connection:
        first = await alerts.decide(connection, [(change(1599, 1299, T0 + 1), [subscription])], 6 * HOUR)
        second = asyncio.create_task(world.decide(change(1599, 1299, T0 + 2), subscription))
        await asyncio.wait([second], timeout=0.2)  # it waits for the first one to be committed
        assert not second.done()
    assert (len(first.alert_ids), await second) == (1, [])


async def test_what_no_longer_crosses_is_not_told(world: World) -> None:
    """The index may lag behind: the threshold that counts is in PostgreSQL."""
    lowered, raised = await world.subscribe(1200), await world.subscribe(1700)
    assert await world.decide(change(1599, 1299), lowered, raised) == []


async def test_only_active_subscriptions_of_this_product_and_currency_are_told(world: World) -> None:
    paused = await world.subscribe(1300, state="paused")
    in_euro = await world.subscribe(1300, currency="EUR")
    used = await world.subscribe(1300, offer="used")
    other = await world.subscribe(1300, OTHER)
    assert await world.decide(change(1599, 1299), paused, in_euro, used, other, 10**9) == []


async def test_changes_before_arming_pass_by(world: World) -> None:
    subscription = await world.subscribe(1300, armed_at=T0 + 10)
    assert await world.decide(change(1599, 1299, T0 + 9), subscription) == []
    assert len(await world.decide(change(1599, 1299, T0 + 10), subscription)) == 1


async def test_only_what_a_crawl_of_ours_saw_is_told(world: World) -> None:
    subscription = await world.subscribe(1300)
    assert await world.decide(change(1599, 1299, source="report"), subscription) == []
    assert await world.decide(change(1599, 1299, source="import"), subscription) == []


async def test_within_the_cooldown_only_a_price_below_the_last_alerts_is_told(world: World) -> None:
    subscription = await world.subscribe(1300)
    told = [
        len(await world.decide(change(1599, new, T0 + after), subscription))
        for after, new in [(0, 1250), (1 * H, 1260), (2 * H, 1250), (3 * H, 1240), (4 * H, 1245), (9 * H, 1290)]
    ]
    assert told == [1, 0, 0, 1, 0, 1]  # 9 h: six hours after the alert at 3 h


async def test_a_price_that_oscillates_a_hundred_times_in_an_hour_is_told_once(world: World) -> None:
    subscription = await world.subscribe(1300)
    swings = [(change(1400, 1300, T0 + i * 36_000), [subscription]) for i in range(100)]
    async with transaction(world.pool) as connection:
        assert len((await alerts.decide(connection, swings, 6 * HOUR)).alert_ids) == 1


async def test_changes_of_one_batch_see_what_those_before_them_decided(world: World) -> None:
    subscription, other = await world.subscribe(1300), await world.subscribe(50, OTHER)
    batch = [
        (change(1599, 1299, T0 + 1), [subscription]),
        (change(60, 40, T0 + 2, OTHER), [other]),
        (change(1400, 1280, T0 + 3), [subscription]),
        (change(1400, 1290, T0 + 4), [subscription]),
    ]
    async with transaction(world.pool) as connection:
        assert len((await alerts.decide(connection, batch, 6 * HOUR)).alert_ids) == 3
    assert [(alert["product_id"], alert["new_price"]) for alert in await world.alerts()] == [
        ("us:B08N5WRWNW", 1299),
        ("us:B000000002", 40),
        ("us:B08N5WRWNW", 1280),
    ]


async def test_an_old_change_that_comes_again_after_later_ones_is_not_told(world: World) -> None:
    """It was held back by the cooldown once; the later alert must not make it news."""
    subscription = await world.subscribe(1300)
    suppressed = change(1599, 1260, T0 + H)
    for each in (change(1599, 1250), suppressed, change(1599, 1290, T0 + 9 * H)):
        await world.decide(each, subscription)
    assert await world.decide(suppressed, subscription) == []
    assert [alert["new_price"] for alert in await world.alerts()] == [1250, 1290]


@example(threshold=3, prices=[4, 3, 2, 3, 4, 3, None, 3], replays=[1, 4, 0])
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    threshold=st.integers(1, 6),
    prices=st.lists(st.none() | st.integers(1, 7), min_size=4, max_size=16),
    replays=st.lists(st.integers(0, 15), max_size=6),
)
async def test_a_threshold_is_told_exactly_when_it_is_crossed_and_a_replay_changes_nothing(
    world: World, threshold: int, prices: list[int | None], replays: list[int]
) -> None:
    subscription = await world.subscribe(threshold)
    before: list[int | None] = [None, *prices[:-1]]
    steps = [
        change(old, new, T0 + i)
        for i, (old, new) in enumerate(zip(before, prices, strict=True))
        if new is not None and new != old
    ]
    for step in steps:
        await world.decide(step, subscription, cooldown=timedelta(0))
    for i in replays:
        await world.decide(steps[i % len(steps)], subscription, cooldown=timedelta(0)) if steps else None
    told = await world.pool.fetch("select change_id from alerts where subscription_id = $1 order by id", subscription)
    crossed = [s for s in steps if s.new is not None and s.new <= threshold and (s.old is None or threshold < s.old)]
    assert [row["change_id"] for row in told] == [each.change_id for each in crossed]


async def test_a_target_that_is_already_met_is_told_once_and_its_cooldown_begins(world: World) -> None:
    subscription = await world.subscribe(1300, armed_at=T0)

    async def created(price: int) -> int | None:
        async with transaction(world.pool) as connection:
            return await alerts.decide_created(connection, subscription, PRODUCT, Offer.BUYBOX, price, "USD", T0 - H)

    assert await created(1301) is None
    assert await created(1299) is not None
    assert await created(1298) is None
    (alert,) = await world.alerts()
    assert (alert["change_id"], alert["old_price"], alert["new_price"]) == ("created", None, 1299)
    row = await world.pool.fetchrow("select last_alert_at, last_alert_price from subscriptions")
    assert dict(row or {}) == {"last_alert_at": to_moment(T0), "last_alert_price": 1299}
    assert await world.decide(change(1599, 1299, T0 + H), subscription) == []
    assert len(await world.decide(change(1599, 1298, T0 + 2 * H), subscription)) == 1


async def test_a_change_that_was_told_since_the_creation_is_not_told_again_as_already_met(world: World) -> None:
    subscription = await world.subscribe(1300, armed_at=T0)
    assert len(await world.decide(change(1599, 1299, T0 + 1), subscription)) == 1
    async with transaction(world.pool) as connection:
        again = await alerts.decide_created(connection, subscription, PRODUCT, Offer.BUYBOX, 1299, "USD", T0 + 2)
    assert again is None
    assert len(await world.alerts()) == 1
