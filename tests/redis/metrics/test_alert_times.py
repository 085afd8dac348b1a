"""How long alerts took: quantiles of a histogram, for the last day and the last 30 days, from one count."""

import math

from hypothesis import given
from hypothesis import strategies as st

from pennywren.model.clock import DAY, HOUR
from pennywren.pipeline.alert_times import (
    TIME_TO_ALERT,
    Promptness,
    count,
    count_failed,
    last_day_and_month,
    promptness,
)
from pennywren.store import counters
from pennywren.store.connect import Client

NOW = 1_764_067_200_000


async def test_the_last_day_and_month_are_those_of_the_clock(redis_client: Client) -> None:
    for ago, seconds in ((0, 0.4), (23 * HOUR, 0.4), (2 * DAY, 4000.0), (29 * DAY, 0.4), (32 * DAY, 0.4)):
        await count(redis_client, "email", [seconds], NOW - ago)
    day, month = await last_day_and_month(redis_client, NOW)
    assert (day.count, day.within_hour) == (2, 1)
    assert (month.count, month.within_hour) == (4, 0.75)
    (counted,) = await counters.read(redis_client, [TIME_TO_ALERT])
    assert isinstance(counted, counters.Distribution)
    assert (sum(counted.counts), counted.labels) == (5, ("email",))


async def test_what_was_never_counted_has_no_figures(redis_client: Client) -> None:
    await count(redis_client, "email", [], NOW)
    assert await last_day_and_month(redis_client, NOW) == (Promptness(0), Promptness(0))


async def test_what_was_not_delivered_was_not_within_the_hour(redis_client: Client) -> None:
    await count(redis_client, "email", [0.4, 0.4, 4000.0], NOW)
    await count_failed(redis_client, 1, NOW)
    await count_failed(redis_client, 0, NOW)
    day, _ = await last_day_and_month(redis_client, NOW)
    assert (day.count, day.missed, day.within_hour) == (3, 1, 0.5)
    assert day.and_waiting(4).within_hour == 0.25
    await count_failed(redis_client, 2, NOW - 2 * DAY)
    assert (await last_day_and_month(redis_client, NOW))[1].missed == 3
    assert promptness([]).and_waiting(1).within_hour == 0


@given(st.lists(st.floats(0.001, 200_000), min_size=1, max_size=200))
def test_quantiles_lie_in_the_bucket_of_the_exact_one_and_shares_are_exact(times: list[float]) -> None:
    limits = TIME_TO_ALERT.buckets
    slots = [{str(next((i for i, limit in enumerate(limits) if each <= limit), len(limits))): "1"} for each in times]
    found = promptness(slots)
    assert found.count == len(times)
    assert found.within_hour == sum(each <= 3600 for each in times) / len(times)
    for share, value in ((0.5, found.p50), (0.95, found.p95), (0.99, found.p99)):
        assert value is not None
        exact = sorted(times)[math.ceil(share * len(times)) - 1]
        above = [limit for limit in limits if exact <= limit]
        if above:
            below = max((limit for limit in limits if limit < exact), default=0.0)
            assert below <= value <= above[0] * (1 + 1e-12)
        else:
            assert value == limits[-1]
