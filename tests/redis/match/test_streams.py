"""Reading the change streams: order, what dead readers left, poison, and that no hint is missed."""

import asyncio
from typing import Any

import pytest

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.match import hints
from pennywren.match.streams import MAX_DELIVERIES, ChangeReader, Reading
from pennywren.store.connect import Client, connect
from tests.redis.match.changes import PARTITION, entries, fields, length, pending, publish

OTHER = (PARTITION + 1) % keyspace.PARTITIONS


def reader(client: Client, name: str = "one") -> ChangeReader:
    return ChangeReader(client, name, clock=lambda: 5)


async def read(one: ChangeReader) -> Reading:
    reading = await one.read(0.05)
    assert reading is not None
    return reading


def moments(reading: Reading) -> list[int]:
    return [entry.change.at for entry in reading.entries if entry.change]


async def test_changes_are_read_in_their_order_and_acknowledged(redis_client: Client) -> None:
    for at in (1, 2, 3):
        await publish(redis_client, fields(at))
    one = reader(redis_client)
    reading = await read(one)
    assert moments(reading) == [1, 2, 3]
    await one.finish(reading, reading.entries, {})
    assert await pending(redis_client) == 0
    assert await one.read(0.01) is None


async def test_many_partitions_are_read_over_one_connection(redis_url: str) -> None:
    client = connect(redis_url, max_connections=1)
    for partition in range(40):
        await publish(client, fields(partition), partition)
    one = reader(client)
    seen: list[int] = []
    while (reading := await one.read(0.01)) is not None:
        seen += moments(reading)
        await one.finish(reading, reading.entries, {})
    assert sorted(seen) == list(range(40))
    await client.aclose()


async def test_what_was_not_handled_is_read_again_before_what_is_new(redis_client: Client) -> None:
    await publish(redis_client, fields(1))
    one = reader(redis_client)
    await one.finish(await read(one), [], {})
    await publish(redis_client, fields(2))
    assert moments(await read(one)) == [1, 2]


async def test_a_partition_that_another_reads_is_left_alone_and_looked_at_again_afterwards(
    redis_client: Client,
) -> None:
    one, two = reader(redis_client, "one"), reader(redis_client, "two")
    await publish(redis_client, fields(1))
    reading = await read(one)
    await publish(redis_client, fields(2))
    assert await two.read(0.01) is None  # and with this the hint is gone
    await one.finish(reading, reading.entries, {})
    assert moments(await read(two)) == [2]


async def test_what_a_dead_reader_left_is_taken_over_when_its_lease_ends(redis_client: Client) -> None:
    one, two = reader(redis_client, "one"), reader(redis_client, "two")
    await publish(redis_client, fields(1))
    await read(one)  # and dies
    await redis_client.delete(keyspace.reading(PARTITION, "match"))  # as time does
    assert await hints.sweep(redis_client, 1) == 1
    assert moments(await read(two)) == [1]


async def test_a_reader_that_lost_its_lease_is_told(redis_client: Client) -> None:
    one, two = reader(redis_client, "one"), reader(redis_client, "two")
    await publish(redis_client, fields(1))
    reading = await read(one)
    assert await one.hold(reading)
    await redis_client.delete(keyspace.reading(PARTITION, "match"))
    await hints.sweep(redis_client, 1)
    await read(two)
    assert not await one.hold(reading)
    await one.finish(reading, [], {})
    assert await redis_client.get(keyspace.reading(PARTITION, "match")) == "two"


@pytest.mark.parametrize(
    "bad",
    [
        {"product": "us:nothing"},
        {"offer": "rented"},
        {"new": "12.99"},
        {"new": "0"},
        {"new": "10000000001"},
        {"currency": "dollars"},
        {"at": "soon"},
        {"kind": "rumour"},
    ],
)
async def test_an_entry_that_cannot_be_understood_says_why(redis_client: Client, bad: dict[str, str]) -> None:
    await publish(redis_client, {**fields(1), **bad})
    (entry,) = (await read(reader(redis_client))).entries
    assert entry.change is None
    assert entry.problem


async def test_poison_goes_to_the_dead_letters_after_three_deliveries_and_holds_up_nobody(
    redis_client: Client,
) -> None:
    poison = await publish(redis_client, {"nonsense": "1"})
    await publish(redis_client, fields(2))
    one = reader(redis_client)
    for delivery in range(1, MAX_DELIVERIES + 1):
        assert await redis_client.xlen(keyspace.dead(PARTITION)) == 0
        reading = await read(one)
        assert reading.entries[0].id == poison
        assert moments(reading) == ([2] if delivery == 1 else [])
        problem = reading.entries[0].problem or ""
        await one.finish(reading, reading.entries[1:], {problem: [reading.entries[0]]})
    ((_, letter),) = await entries(redis_client, keyspace.dead(PARTITION))
    assert letter["deadEntry"] == poison
    assert letter["nonsense"] == "1"
    assert "product" in letter["deadReason"]
    assert await pending(redis_client) == 0
    assert await one.read(0.01) is None


async def test_an_entry_that_outages_delivered_often_is_no_poison(redis_client: Client) -> None:
    await publish(redis_client, fields(1))
    one = reader(redis_client)
    for _ in range(3 * MAX_DELIVERIES):
        await one.finish(await read(one), [], {})
    reading = await read(one)
    await one.finish(reading, reading.entries, {})
    assert await redis_client.xlen(keyspace.dead(PARTITION)) == 0
    assert await pending(redis_client) == 0


async def test_lost_hints_are_found_by_the_sweep(redis_client: Client) -> None:
    await publish(redis_client, fields(1), hint=False)
    await publish(redis_client, fields(2), OTHER, hint=False)
    one = reader(redis_client)
    assert await one.read(0.01) is None
    assert await hints.sweep(redis_client, 1) == 2
    assert sorted(moments(await read(one))) == [1, 2]


async def test_a_sweep_hints_nothing_where_all_is_handled(redis_client: Client) -> None:
    await publish(redis_client, fields(1))
    one = reader(redis_client)
    reading = await read(one)
    await one.finish(reading, reading.entries, {})
    assert await hints.sweep(redis_client, 1) == 0


async def test_trimming_keeps_what_any_group_has_still_to_handle(redis_client: Client) -> None:
    stream = keyspace.changes(PARTITION)
    for at in range(10):
        await publish(redis_client, fields(at))
    await redis_client.xgroup_create(stream, "archive", "0")
    await redis_client.xreadgroup("archive", "somebody", {stream: ">"}, count=10)
    handled = [entry_id for entry_id, _ in await entries(redis_client, stream)][:3]
    await redis_client.xack(stream, "archive", *handled)  # and seven are pending
    assert await hints.trim(redis_client, 10**14) == 0  # before the matchers' group exists nothing goes
    one = reader(redis_client)
    reading = await read(one)
    await one.finish(reading, reading.entries, {})
    assert await hints.trim(redis_client, 10**14) == 3
    assert await length(redis_client) == 7
    claimed: Any = await redis_client.xautoclaim(stream, "archive", "another", 0)
    assert (len(claimed[1]), claimed[2]) == (7, [])


async def test_trimming_keeps_unread_changes_and_the_youngest(redis_client: Client) -> None:
    for at in range(3):
        await publish(redis_client, fields(at))
    one = reader(redis_client)
    reading = await read(one)
    await one.finish(reading, reading.entries, {})
    for at in range(3, 5):
        await publish(redis_client, fields(at), hint=False)
    assert await hints.trim(redis_client, 0, (hints.GROUP,)) == 0  # all of them are young
    assert (
        await hints.trim(redis_client, 10**14, (hints.GROUP,)) == 2
    )  # the last one that was read stays: it marks the place
    await hints.sweep(redis_client, 1)
    assert moments(await read(one)) == [3, 4]
    assert one.lost == 0


async def test_entries_that_were_trimmed_while_pending_are_counted_as_lost(redis_client: Client) -> None:
    await publish(redis_client, fields(1))
    one = reader(redis_client)
    await one.finish(await read(one), [], {})
    await redis_client.xtrim(keyspace.changes(PARTITION), maxlen=0)  # what nobody may do
    await read(one)
    assert one.lost == 1


async def test_changes_that_come_while_others_are_handled_are_all_read(redis_client: Client) -> None:
    """Two readers and a writer at once: each change is handled once, in order, and none waits for a sweep."""
    seen: list[int] = []

    async def handle(name: str) -> None:
        one = reader(redis_client, name)
        while len(seen) < 200:
            reading = await one.read(0.2)
            if reading is not None:
                seen.extend(moments(reading))
                await one.finish(reading, reading.entries, {})

    async def write() -> None:
        for at in range(200):
            await publish(redis_client, fields(at))

    async with asyncio.timeout(60):
        await asyncio.gather(write(), handle("one"), handle("two"))
    assert seen == list(range(200))


async def test_streams_that_cannot_be_reached_are_said_so() -> None:
    nowhere = connect("redis://127.0.0.1:1/0")
    with pytest.raises(Unavailable):
        await reader(nowhere).read(0.01)
    await nowhere.aclose()


async def test_the_right_to_read_lasts_as_long_as_is_set(redis_client: Client) -> None:
    await publish(redis_client, fields(1))
    await read(ChangeReader(redis_client, "one", clock=lambda: 5, lease=300))
    left = await redis_client.pttl(keyspace.reading(PARTITION, "match"))
    assert 60_000 < left <= 300_000
