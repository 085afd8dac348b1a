"""What is kept of decisions: each reason once for a change, the last changes of a watch, nothing of what is gone."""

from pennywren.language.catalogue import LANGUAGES
from pennywren.language.speaking import language
from pennywren.notify.decisions import Decision, Reason, last, purge, reason_words, remember
from pennywren.postgres.pool import transaction
from tests.postgres.notify.world import T0, World


async def test_a_decision_is_kept_once_for_a_change_with_its_latest_moment(world: World) -> None:
    subscription = await world.subscribe(1300)
    async with transaction(world.pool) as connection:
        await remember(connection, subscription, "a", Reason.QUIET_HOURS, T0)
        await remember(connection, subscription, "a", Reason.QUIET_HOURS, T0 + 5)
        await remember(connection, subscription, "a", Reason.QUIET_HOURS, T0 + 3)
        await remember(connection, subscription, "a", Reason.DELIVERED, T0 + 9)
        assert await last(connection, subscription) == [
            Decision("a", Reason.DELIVERED, T0 + 9),
            Decision("a", Reason.QUIET_HOURS, T0 + 5),
        ]


async def test_of_a_subscription_that_is_gone_nothing_is_kept_and_nothing_fails(world: World) -> None:
    subscription = await world.subscribe(1300)
    async with transaction(world.pool) as connection:
        await remember(connection, subscription, "a", Reason.PAUSED, T0)
        await connection.execute("delete from subscriptions where id = $1", subscription)
        await remember(connection, subscription, "b", Reason.DELIVERED, T0)
        assert await connection.fetchval("select count(*) from decisions") == 0


async def test_the_last_changes_are_kept_with_all_that_was_decided_about_them(world: World) -> None:
    subscription, other = await world.subscribe(1300), await world.subscribe(1300)
    async with transaction(world.pool) as connection:
        for i in range(25):
            await remember(connection, subscription, f"c{i}", Reason.COOLING_DOWN, T0 + i)
        await remember(connection, subscription, "c24", Reason.DELIVERED, T0 + 30)
        await remember(connection, other, "c0", Reason.PAUSED, T0)
        shown = await last(connection, subscription, changes=3)
        assert [each.change_id for each in shown] == ["c24", "c24", "c23", "c22"]
        await purge(connection, [subscription, other])
        assert len(await last(connection, subscription, changes=100)) == 21
        assert len(await last(connection, other)) == 1


def test_every_reason_has_words() -> None:
    for code in LANGUAGES:
        assert len({reason_words(language(code), reason) for reason in Reason}) == len(Reason)
