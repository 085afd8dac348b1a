"""The sweeps as jobs of an installation."""

import asyncio
from typing import Any

import pytest

from jobs.sweep import sweep as sweep_job
from jobs.sweep_hints import sweep_hints
from pennywren import keyspace
from pennywren.errors import BadSetting
from pennywren.match import hints, index
from pennywren.pipeline.sweeping import sweep, sweep_changes
from pennywren.pipeline.watch_rebuild import put_again
from pennywren.settings import Settings
from tests.frontier_places import waiting
from tests.postgres.notify.world import PRODUCT, T0, World, change


async def test_an_overdue_alert_is_enqueued(world: World, settings: Settings) -> None:
    subscription = await world.subscribe(1300)
    await world.decide(change(1599, 1299), subscription)
    assert await sweep(settings) == 0
    await world.pool.execute("update alerts set decided_at = now() - interval '1 minute'")
    assert await sweep(settings) == 1


async def test_a_watch_that_redis_lost_with_its_last_second_is_there_again_after_a_sweep(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, fall = world.store.client, change(1599, 1299)
    for name, value in (
        ("REDIS", settings.redis_url),
        ("QUEUE", settings.queue_url),
        ("POSTGRES", settings.postgres_url),
    ):
        monkeypatch.setenv(f"PENNYWREN_{name}_URL", value or "")
    long_ago, lately = await world.subscribe(1300), await world.subscribe(1400)
    await world.pool.execute(
        "update subscriptions set armed_at = now() - case id when $1 then interval '1 hour' else '0' end", long_ago
    )
    await client.flushall()
    await asyncio.to_thread(sweep_job)
    (found,) = await index.triggered(client, [fall])
    assert found.subscription_ids == (lately,)
    assert await waiting(client, [PRODUCT]) == [PRODUCT]


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
    with pytest.raises(BadSetting, match="PENNYWREN_REDIS_URL"):
        await put_again(Settings())
