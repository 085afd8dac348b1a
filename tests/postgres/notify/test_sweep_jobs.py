"""The sweeps as jobs of an installation."""

import asyncio
from typing import Any

import pytest

from jobs.sweep_hints import sweep_hints
from pennywren import keyspace
from pennywren.errors import BadSetting
from pennywren.match import hints
from pennywren.pipeline.sweeping import sweep, sweep_changes
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
    assert await sweep_changes(settings) == 1


async def test_the_regular_sweep_forgets_changes_that_were_handled_and_are_old_enough(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, stream = world.store.client, keyspace.changes(keyspace.partition_of(PRODUCT))
    for i in range(3):
        await client.xadd(stream, {"product": str(PRODUCT)}, id=f"{T0 + i}-0")  # long ago
    await world.see(1599, T0, PRODUCT)
    monkeypatch.setenv("PENNYWREN_REDIS_URL", settings.redis_url or "")
    await asyncio.to_thread(sweep_hints)
    assert await client.xlen(stream) == 4  # nobody has read them
    for group in hints.GROUPS:
        await client.xgroup_create(stream, group, "0")
        read: Any = await client.xreadgroup(group, "reader", {stream: ">"})
        await client.xack(stream, group, *(entry_id for entry_id, _ in read[stream][0]))
        await asyncio.to_thread(sweep_hints)
    left: Any = await client.xrange(stream)
    assert [fields["new"] for _, fields in left] == ["1599"]  # a day is not over


async def test_a_sweep_without_servers_says_what_is_missing() -> None:
    with pytest.raises(BadSetting, match="PENNYWREN_POSTGRES_URL"):
        await sweep(Settings())
    with pytest.raises(BadSetting, match="PENNYWREN_REDIS_URL"):
        await sweep_changes(Settings())
