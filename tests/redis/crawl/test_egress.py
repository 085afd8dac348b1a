"""Politeness: whatever workers do, a shop sees at most one request of an egress in any second."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pennywren import keyspace
from pennywren.observe import egress
from pennywren.observe.egress import Came, Refusal, Token
from pennywren.store.connect import Client, connect

NOW = 1_764_067_200_000
HOST = "127.0.0.1:9000"
KEY = keyspace.egress("e1", HOST)


@pytest.fixture
async def client(redis_client: Client) -> Client:
    await redis_client.hset(KEY, "testserver", "1")
    return redis_client


async def _take(client: Client, now: int) -> Token:
    token = await egress.take(client, "e1", HOST, now=now)
    assert isinstance(token, Token)
    return token


async def _refused(client: Client, now: int) -> Refusal:
    refusal = await egress.take(client, "e1", HOST, now=now)
    assert isinstance(refusal, Refusal)
    return refusal


async def _came(client: Client, now: int, came: Came, retry_after_s: float | None = None) -> int:
    return await egress.done(client, await _take(client, now), came, retry_after_s=retry_after_s, now=now)


async def test_the_next_request_leaves_a_second_after_the_answer_of_the_one_before(client: Client) -> None:
    token = await _take(client, NOW)
    assert await _refused(client, NOW + 5000) == Refusal(25_000, "held")
    assert await egress.done(client, token, "ok", now=NOW + 5000) == NOW + 6000
    assert await _refused(client, NOW + 5999) == Refusal(1, "pace")
    await _take(client, NOW + 6000)


async def test_the_pause_counts_from_the_answer_not_from_when_it_was_read(client: Client) -> None:
    token = await _take(client, NOW)
    assert await egress.done(client, token, "ok", answered_ms_ago=300, now=NOW + 1000) == NOW + 1700


async def test_an_unused_token_costs_nothing(client: Client) -> None:
    await egress.done(client, await _take(client, NOW), "unused", now=NOW + 1)
    await _take(client, NOW + 2)


async def test_the_token_of_a_dead_worker_comes_back_and_its_late_answer_does_not_free_the_next_one(
    client: Client,
) -> None:
    dead = await _take(client, NOW)
    assert (await _refused(client, NOW + 30_000)).why == "pace"
    await _take(client, NOW + 31_000)
    await egress.done(client, dead, "ok", now=NOW + 31_500)
    assert (await _refused(client, NOW + 33_000)).why == "held"


async def test_egresses_and_hosts_are_counted_apart(client: Client) -> None:
    await _take(client, NOW)
    assert isinstance(await egress.take(client, "e2", HOST), Token)
    assert isinstance(await egress.take(client, "e1", "127.0.0.1:9001"), Token)


async def test_refusals_halve_the_pace_and_answers_bring_it_back(client: Client) -> None:
    now, pauses = NOW, list[int]()
    for came in ("refused", "refused", "refused"):
        ready = await _came(client, now, came)
        pauses.append(ready - now)
        now = ready
    assert pauses == [2000, 4000, 8000]
    for _ in range(30):
        ready = await _came(client, now, "ok")
        pauses.append(ready - now)
        now = ready
    assert pauses[3:] == sorted(pauses[3:], reverse=True)
    assert pauses[-1] == 1000


async def test_retry_after_is_obeyed(client: Client) -> None:
    assert await _came(client, NOW, "refused", retry_after_s=120) == NOW + 120_000
    assert await _refused(client, NOW + 119_999) == Refusal(1, "pace")


async def test_a_pause_that_robots_txt_asks_for_is_kept(client: Client) -> None:
    token = await _take(client, NOW)
    assert await egress.done(client, token, "ok", pause_ms=10_000, now=NOW) == NOW + 10_000


@pytest.mark.parametrize("came", ["refused", "failed"])
async def test_five_troubles_in_a_row_open_the_circuit_and_one_good_probe_closes_it(client: Client, came: Came) -> None:
    now = NOW
    for _ in range(5):
        now = await _came(client, now, came)
    refusal = await _refused(client, now)
    assert refusal.why == "open"
    assert 200_000 < refusal.wait_ms <= 300_000
    now += refusal.wait_ms
    probe = await _take(client, now)
    assert (await _refused(client, now)).why == "held", "one probe at a time"
    await egress.done(client, probe, came, now=now)
    longer = await _refused(client, now + 299_999)
    assert longer.why == "open", "a probe that fails keeps it open, for longer"
    now += 299_999 + longer.wait_ms
    await _came(client, now, "ok")
    assert (await _refused(client, now)).why == "pace"
    (status,) = await egress.status(client, ["e1", "e2"], [HOST])
    assert (status.circuit, status.troubles_in_a_row, status.ok) == ("closed", 0, 1)
    assert getattr(status, came) == 6


async def test_an_unused_probe_probes_again(client: Client) -> None:
    now = NOW
    for _ in range(5):
        now = await _came(client, now, "refused")
    now += (await _refused(client, now)).wait_ms
    await egress.done(client, await _take(client, now), "unused", now=now)
    await _take(client, now)


events = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 1200),
        st.sampled_from(["ok", "ok", "ok", "unused", "refused", "failed", "dies"]),
    ),
    max_size=60,
)


@given(events)
@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_any_interleaving_requests_are_a_second_apart(redis_url: str, plan: Sequence[tuple[int, int, str]]) -> None:
    asyncio.run(_interleave(redis_url, plan))


async def _interleave(url: str, plan: Sequence[tuple[int, int, str]]) -> None:
    """Four workers take turns; a request is at the shop at some time between leaving and its answer."""
    client = connect(url)
    try:
        await client.delete(KEY)
        await client.hset(KEY, "testserver", "1")
        now = NOW
        hands: dict[int, tuple[Token, int]] = {}
        seen: list[tuple[int, int]] = []
        for worker, wait, what in plan:
            now += wait
            if worker in hands:
                token, left_at = hands.pop(worker)
                if what == "dies" or now - left_at > 16_000:
                    seen.append((left_at, left_at + 16_000))
                    continue
                await egress.done(client, token, what, now=now)  # pyright: ignore[reportArgumentType]
                if what != "unused":
                    seen.append((left_at, now))
            else:
                taken = await egress.take(client, "e1", HOST, now=now)
                if isinstance(taken, Token):
                    hands[worker] = (taken, now)
        for (_, answered), (left, _) in pairwise(sorted(seen)):
            assert left - answered >= 1000
    finally:
        await client.aclose()


_WORKER = """
import asyncio, sys, time
from pennywren.observe import egress
from pennywren.store.connect import connect

async def main(url, seconds):
    client = connect(url)
    until = time.monotonic() + seconds
    async def one():
        while time.monotonic() < until:
            token = await egress.take(client, "e1", "shop")
            if isinstance(token, egress.Refusal):
                await asyncio.sleep(min(token.wait_ms / 1000, 0.05))
                continue
            await client.rpush("seen", time.time_ns() // 1_000_000)
            await egress.done(client, token, "ok")
    await asyncio.gather(*(one() for _ in range(5)))
    await client.aclose()

asyncio.run(main(sys.argv[1], float(sys.argv[2])))
"""


async def test_it_is_exact_over_processes(redis_url: str, redis_client: Client) -> None:
    workers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", _WORKER, redis_url, "2.3", stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for worker in workers:
        _, errors = await worker.communicate()
        assert worker.returncode == 0, errors.decode()
    seen = sorted(int(at) for at in await redis_client.lrange("seen", 0, -1))
    assert len(seen) >= 2
    assert min(later - earlier for earlier, later in pairwise(seen)) >= 1000


async def test_the_status_tells_rate_requests_reason_and_how_long(client: Client) -> None:
    for second in range(30):
        await _came(client, NOW + 2000 * second, "ok")
    token = await _take(client, NOW + 90_000)
    await egress.done(client, token, "refused", retry_after_s=120, why="status 429", now=NOW + 90_000)

    (stands,) = await egress.status(client, ["e1"], [HOST])

    assert stands.rate(NOW + 90_000) == 0.5
    assert stands.last_hour(NOW + 90_000) == 31
    assert stands.last_minute(NOW + 90_000) == 16  # 15 of the 30 even ones of the minute before, and the refused one
    assert stands.last_hour(NOW + 60 * 60_000) == 1
    assert (stands.why, stands.why_at, stands.asked_until) == ("status 429", NOW + 90_000, NOW + 210_000)
    assert stands.waits_until(NOW + 90_000) == NOW + 210_000
    assert stands.waits_until(NOW + 210_000) == 0
