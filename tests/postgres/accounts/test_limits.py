"""Rate limits, counted in Redis over all connections."""

import asyncio

import pytest

from pennywren import keyspace
from pennywren.errors import RateLimited
from pennywren.store.connect import Client, connect
from pennywren.store.limits import Allowance, Limit, UsedUp, spend, spend_all

MINUTE_US = 60_000_000


async def allowed(client: Client, calls: int, *, rate: int = 10, burst: int = 10) -> int:
    """How many of so many calls at once go through."""
    results = await asyncio.gather(
        *(spend(client, "test", "somebody", rate_per_hour=rate, burst=burst) for _ in range(calls)),
        return_exceptions=True,
    )
    assert all(isinstance(result, Allowance | RateLimited) for result in results)
    return sum(isinstance(result, Allowance) for result in results)


async def let_pass(client: Client, microseconds: int) -> None:
    """What time does to a limit: its stored moment comes so much nearer."""
    key = keyspace.limit("test", "somebody")
    await client.set(key, str(int(await client.get(key) or 0) - microseconds), keepttl=True)


async def test_exactly_the_burst_goes_through_over_eight_connections(redis_url: str) -> None:
    clients = [connect(redis_url) for _ in range(8)]
    counts = await asyncio.gather(*(allowed(client, 25) for client in clients))
    for client in clients:
        await client.aclose()

    assert sum(counts) == 10


async def test_one_comes_back_with_each_interval_and_never_more_than_the_burst(redis_client: Client) -> None:
    assert await allowed(redis_client, 20) == 10
    await let_pass(redis_client, 6 * MINUTE_US)
    assert await allowed(redis_client, 20) == 1
    await let_pass(redis_client, 13 * MINUTE_US)
    assert await allowed(redis_client, 20) == 2
    await let_pass(redis_client, 999 * MINUTE_US)
    assert await allowed(redis_client, 20) == 10


async def test_a_refusal_says_when_to_come_back_and_costs_nothing(redis_client: Client) -> None:
    await spend(redis_client, "test", "somebody", rate_per_hour=10, burst=1)
    for _ in range(3):
        with pytest.raises(RateLimited, match="in 6 minutes") as refused:
            await spend(redis_client, "test", "somebody", rate_per_hour=10, burst=1)
        assert 350 < refused.value.retry_after <= 360


async def test_a_second_is_no_seconds(redis_client: Client) -> None:
    # Farther ahead than the limit counts for as much as the limit, however quickly this is asked.
    await redis_client.set(keyspace.limit("test", "somebody"), "9" * 16)
    with pytest.raises(RateLimited, match=r"try again in a second\.") as refused:
        await spend(redis_client, "test", "somebody", rate_per_hour=3600, burst=1)
    assert refused.value.retry_after <= 1


async def test_purposes_and_people_have_limits_of_their_own(redis_client: Client) -> None:
    for purpose, who in (("a", "x"), ("a", "y"), ("b", "x")):
        await spend(redis_client, purpose, who, rate_per_hour=1, burst=1)
    with pytest.raises(RateLimited):
        await spend(redis_client, "a", "x", rate_per_hour=1, burst=1)


async def test_a_limit_is_forgotten_once_it_is_full_again(redis_client: Client) -> None:
    await spend(redis_client, "test", "somebody", rate_per_hour=10, burst=10)

    assert 0 < await redis_client.pttl(keyspace.limit("test", "somebody")) <= 360_000


async def test_a_moment_far_ahead_locks_nobody_out_for_longer_than_the_limit(redis_client: Client) -> None:
    await redis_client.set(keyspace.limit("test", "somebody"), "9" * 16)
    with pytest.raises(RateLimited) as refused:
        await spend(redis_client, "test", "somebody", rate_per_hour=10, burst=10)

    assert refused.value.retry_after <= 360


async def test_what_is_left_is_told_with_each_and_when_all_is_back(redis_client: Client) -> None:
    told = [await spend(redis_client, "test", "somebody", rate_per_hour=10, burst=3) for _ in range(3)]
    with pytest.raises(UsedUp) as refused:
        await spend(redis_client, "test", "somebody", rate_per_hour=10, burst=3)

    assert [each.left for each in told] == [2, 1, 0]
    assert [round(each.full_in_seconds / 360) for each in told] == [1, 2, 3]
    assert told[0].limit.window_seconds == 3 * 360
    assert [each.left for each in refused.value.allowances] == [0]


async def test_several_limits_are_spent_together_or_not_at_all(redis_client: Client) -> None:
    wide, narrow = Limit("account", "7", 100, 10), Limit("token", "1", 100, 2)
    for _ in range(2):
        await spend_all(redis_client, [narrow, wide])
    for _ in range(3):
        with pytest.raises(UsedUp):
            await spend_all(redis_client, [narrow, wide])

    (left,) = await spend_all(redis_client, [wide])
    assert left.left == 7
