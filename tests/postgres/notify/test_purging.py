"""What is forgotten, and what is kept whatever is set."""

from datetime import timedelta

from pennywren.notify.decisions import Reason, remember
from pennywren.pipeline.purging import Purged, Purger, purge
from pennywren.postgres.pool import transaction
from pennywren.settings import Settings
from tests.postgres.notify.world import T0, World, change

DAY = timedelta(days=1)


async def age(world: World, days: int, where: str) -> None:
    await world.pool.execute(f"update alerts set decided_at = now() - $1::interval where {where}", days * DAY)


async def test_what_is_old_and_done_with_goes_in_short_transactions(world: World) -> None:
    ids = await world.subscribe_many([1300] * 12)
    alert_ids = await world.decide(change(1599, 1299), *ids)
    await age(world, 40, "true")
    await world.pool.execute("update alerts set state = 'delivered' where id <= $1", alert_ids[8])
    await age(world, 20, f"id = {alert_ids[0]}")
    await world.pool.execute(
        "insert into deliveries (alert_id, person_id, channel, outcome, message_id) "
        "select id, person_id, 'email', 'delivered', 'x' from alerts"
    )
    purger = Purger(world.pool, kept=30 * DAY, changes_kept=DAY, at_once=3)
    assert await purger.purge() == Purged(8, 0, 0)
    left = await world.alerts()
    assert [alert["id"] for alert in left] == [alert_ids[0], *alert_ids[9:]]  # the younger one, and what is open
    assert await world.pool.fetchval("select count(*) from deliveries") == 4
    assert await world.decide(change(1599, 1299), *ids) == []  # what was told is not told again


async def test_decisions_are_kept_of_the_last_changes_only(world: World) -> None:
    many, few = await world.subscribe_many([1300, 1300])
    async with transaction(world.pool) as connection:
        for i in range(30):
            await remember(connection, many, f"c{i}", Reason.COOLING_DOWN, T0 + 3 * 10**10 + i)
        await remember(connection, few, "c", Reason.PAUSED, T0 + 3 * 10**10)
        await connection.execute("update decisions set decided_at = now() - interval '1 day' where change_id <> 'c1'")
        await connection.execute("update decisions set decided_at = now() - interval '99 days' where change_id = 'c1'")
    purger = Purger(world.pool, kept=30 * DAY, changes_kept=DAY, at_once=1)
    assert (await purger.purge()).decisions == 10
    kept = await world.pool.fetch("select subscription_id, count(*) from decisions group by 1 order by 1")
    assert [tuple(row) for row in kept] == [(many, 20), (few, 1)]


async def test_finished_fan_outs_go_and_open_ones_stay(world: World) -> None:
    await world.pool.execute(
        "insert into fan_outs (change_id, change, created_at, done_at) values "
        "('open', '{}', now() - interval '99 days', null), ('done', '{}', now(), now() - interval '9 days'), "
        "('fresh', '{}', now(), now())"
    )
    assert (await Purger(world.pool, kept=timedelta(), changes_kept=DAY).purge()).fan_outs == 1


async def test_whatever_is_set_a_week_is_kept_for_budgets_and_replays(world: World, settings: Settings) -> None:
    subscription = await world.subscribe(1300)
    await world.decide(change(1599, 1299), subscription)
    await world.pool.execute("update alerts set state = 'delivered'")
    await age(world, 7, "true")
    assert await Purger(world.pool, kept=timedelta(), changes_kept=timedelta()).purge() == Purged(0, 0, 0)
    await age(world, 181, "true")
    assert (await purge(settings)).alerts == 1
