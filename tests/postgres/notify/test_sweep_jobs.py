"""The sweeps as jobs of an installation."""

import pytest

from pennywren import keyspace
from pennywren.errors import BadSetting
from pennywren.pipeline.sweeping import sweep, sweep_hints
from pennywren.settings import Settings
from tests.postgres.notify.world import PRODUCT, T0, World, change


async def test_an_overdue_alert_is_enqueued(world: World, settings: Settings) -> None:
    subscription = await world.subscribe(1300)
    await world.decide(change(1599, 1299), subscription)
    assert await sweep(settings) == 0
    await world.pool.execute("update alerts set decided_at = now() - interval '1 minute'")
    assert await sweep(settings) == 1


async def test_a_lost_hint_is_given_again(world: World, settings: Settings) -> None:
    await world.see(1599, T0, PRODUCT)
    await world.store.client.delete(keyspace.ready_changes())
    assert await sweep_hints(settings) == 1


async def test_a_sweep_without_servers_says_what_is_missing() -> None:
    with pytest.raises(BadSetting, match="PENNYWREN_POSTGRES_URL"):
        await sweep(Settings())
    with pytest.raises(BadSetting, match="PENNYWREN_REDIS_URL"):
        await sweep_hints(Settings())
