"""Whatever mix of compactions and changes answers, it equals exact integration."""

import asyncio
import math
from collections.abc import Sequence
from itertools import pairwise
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pennywren.history import calendar
from pennywren.history.calendar import Interval
from pennywren.history.question import Question, parse_question
from pennywren.history.reading import MAX_RUNS, HistoryReader, Reading
from pennywren.history.sources.found import steps_of
from pennywren.history.step import points, spans
from pennywren.model.clock import DAY, HOUR, WEEK
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import State, Steps
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.rewriting import rewrite
from pennywren.settings import Settings
from pennywren.store.connect import connect
from pennywren.store.state import Tier
from pennywren.store.store import Store
from tests.redis.history.integral import Integral
from tests.unit.history.shared_prices import KEEPA_FILES, real_histories

PRODUCT = ProductID("us", "B08N5WRWNW")
MONDAY = 1_759_708_800_000  # 2025-10-06
NOW = MONDAY + 10 * WEEK
GAP = 3 * DAY
SETTINGS = Settings(gap_after=GAP // 1000)
BUCKETED = (Interval.HOUR, Interval.DAY, Interval.WEEK, Interval.MONTH)


def _assert_exact(reading: Reading, steps: Steps) -> None:
    """Every bucket, the range as a whole, and what is left out."""
    exact = Integral(steps)
    told = {each.start: each for each in reading.buckets}
    for start, end in pairwise(calendar.edges(reading.range.interval, reading.range.start, reading.range.end)):
        expected, found = exact.over(start, end), told.pop(start, None)
        if expected is None:
            assert found is None
            continue
        assert found is not None
        assert found.end == end
        assert (found.low, found.high) == (expected.low, expected.high)
        assert math.isclose(found.mean, expected.average, rel_tol=1e-6)
    assert not told
    _assert_whole_exact(reading, steps)


def _assert_whole_exact(reading: Reading, steps: Steps) -> None:
    start, end = reading.range.start, reading.range.end
    expected = Integral(steps).over(start, end)
    assert (expected is None) == (reading.whole is None)
    if expected is not None and reading.whole is not None:
        whole = reading.whole
        assert (whole.low, whole.low_at, whole.high, whole.high_at) == (
            expected.low,
            expected.low_at,
            expected.high,
            expected.high_at,
        )
        assert math.isclose(whole.mean, expected.average, rel_tol=1e-6)
    no_offer = [(s.start, s.end) for s in spans(steps, start, end) if s.state is State.NO_OFFER]
    assert reading.no_offer == no_offer
    assert reading.last_seen == steps.last_seen


async def _read(
    store: Store, question: Question, *, raw_changes: int = 0, max_runs: int = MAX_RUNS, now: int = NOW
) -> Reading:
    state = await store.product(PRODUCT)
    assert state is not None
    reader = HistoryReader(store, SETTINGS, lambda: now, raw_changes=raw_changes, max_runs=max_runs)
    return await reader.read(state, question)


@pytest.mark.parametrize("name", KEEPA_FILES)
@pytest.mark.parametrize("tier", ["raw", "charted"])
async def test_the_real_histories_are_told_exactly(store: Store, name: str, tier: Tier) -> None:
    for history in real_histories(name).histories.values():
        await rewrite(store, PRODUCT, history.currency, history.offers, reason="import", tier=tier)
        for offer, steps in history.offers.items():
            begin, end = _extent(steps)
            for interval in BUCKETED:
                length = 15_000 * HOUR if interval is Interval.HOUR else end - begin
                for start in range(begin - DAY, end + DAY, length + 2 * DAY):
                    until = min(start + length + 2 * DAY - 3 * HOUR, end + DAY)
                    query = {"startTime": str(start // 1000), "endTime": str(until // 1000)}
                    asked = parse_question(query | {"interval": interval, "offer": offer}, end + WEEK)
                    _assert_exact(await _read(store, asked, now=end + WEEK), steps)


async def test_parts_of_a_real_history_are_told_exactly(store: Store) -> None:
    (history,) = real_histories(KEEPA_FILES[0]).histories.values()
    await rewrite(store, PRODUCT, history.currency, history.offers, reason="import", tier="charted")
    steps = history.offers[Offer.BUYBOX]
    begin, end = _extent(steps)
    for part in range(12):
        start = begin + (end - begin) * part // 13 + part * 7_777_777
        query = {"startTime": str(start // 1000), "endTime": str((start + 90 * DAY) // 1000)}
        for interval in (Interval.DAY, Interval.WEEK):
            asked = parse_question(query | {"interval": interval}, end + WEEK)
            _assert_exact(await _read(store, asked, now=end + WEEK), steps)
        asked = parse_question(query | {"interval": "raw"}, end + WEEK)
        reading = await _read(store, asked, now=end + WEEK)
        assert reading.points == points(steps, reading.range.start, reading.range.end)
        _assert_whole_exact(reading, steps)


def _extent(steps: Steps) -> tuple[int, int]:
    return min(at for at, _ in [*steps.prices, *steps.states]), steps.last_seen


# Looks of our own: changes, absences, silences, and whatever falls on an edge -----------------------------------

looks_in_time = st.lists(
    st.tuples(
        st.sampled_from([1, 1000, HOUR, 5 * HOUR, 12 * HOUR, DAY, DAY - 1, DAY + 1, 2 * DAY, 4 * DAY, 9 * DAY]),
        st.one_of(st.none(), st.integers(1000, 1006), st.integers(900, 2000)),
    ),
    min_size=1,
    max_size=40,
)


def _steps(looks: Sequence[tuple[int, int | None]]) -> Steps:
    """What recording these looks comes to: a silence of more than GAP is not observed."""
    parts = steps_of(list(looks), looks[-1][0])
    states = dict(parts.states)
    for (before, _), (at, price) in pairwise(looks):
        if at - before > GAP:
            states[before + 1] = State.NOT_OBSERVED
            states[at] = State.NO_OFFER if price is None else State.OFFERED
    return Steps(parts.prices, sorted(states.items()), parts.last_seen)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(looks_in_time, st.integers(0, 40), st.sampled_from([0, 1, HOUR, DAY - 1]), st.sampled_from([1, 2, 16]))
def test_a_history_that_grows_by_looks_is_told_exactly(
    redis_url: str, moves: list[tuple[int, int | None]], imported: int, offset: int, max_runs: int
) -> None:
    at = MONDAY + offset
    looks: list[tuple[int, int | None]] = []
    for step, price in moves:
        at += step
        if at > NOW:
            break
        looks.append((at, price))

    async def tell(store: Store) -> None:
        past = _steps(looks[:imported]) if looks[:imported] else Steps()
        await rewrite(store, PRODUCT, "USD", {Offer.BUYBOX: past}, reason="import", tier="charted")
        recorder = Recorder(store, GAP // 1000, NOW)
        rest = [LookToRecord(Look(PRODUCT, "USD", {Offer.BUYBOX: price}, at)) for at, price in looks[imported:]]
        for result in await recorder.record(rest):
            assert all(outcome.written for outcome in result.outcomes.values())
        steps = _steps(looks)
        for interval in BUCKETED:
            for raw_changes in (-1, 10_000):
                question = Question(Offer.BUYBOX, interval, None, calendar.ceil(interval, NOW))
                reading = await _read(store, question, raw_changes=raw_changes, max_runs=max_runs)
                _assert_exact(reading, steps)
                _assert_not_observed(reading, steps)
        asked = Question(Offer.BUYBOX, Interval.RAW, MONDAY + 3 * DAY, NOW)
        reading = await _read(store, asked)
        assert reading.points == points(steps, MONDAY + 3 * DAY, NOW)

    async def tell_and_close() -> None:
        client, in_bytes = connect(redis_url), connect(redis_url, decode=False)
        try:
            await tell(Store(client, in_bytes))
        finally:
            await in_bytes.aclose()
            await client.aclose()

    asyncio.run(tell_and_close())


def _assert_not_observed(reading: Reading, steps: Steps) -> None:
    begin = reading.range.start
    silences = [(s.start, s.end) for s in spans(steps, begin, NOW) if s.state is State.NOT_OBSERVED]
    ends_count_if_long = [
        (start, end) for start, end in silences if end - start > GAP or (start != begin and end != NOW)
    ]
    assert reading.not_observed == ends_count_if_long


async def test_a_compaction_answers_most_of_a_long_history(store: Store) -> None:
    prices = [(MONDAY + i * HOUR, 1000 + i % 7) for i in range(24 * 60)]
    steps = Steps(prices, [], prices[-1][0])
    await rewrite(store, PRODUCT, "USD", {Offer.BUYBOX: steps}, reason="import", tier="charted")
    asked: list[tuple[int, int]] = []
    original = Store.steps

    async def counted(self: Store, product: ProductID, offer: Offer, start: int, end: int) -> Steps:
        asked.append((start, end))
        return await original(self, product, offer, start, end)

    with patch.object(Store, "steps", counted):
        reading = await _read(store, Question(Offer.BUYBOX, Interval.DAY, None, NOW))
    _assert_exact(reading, steps)
    # The open bucket, and the two that may hold the lowest and the highest price.
    assert sum(end - start for start, end in asked) <= 3 * DAY


async def test_a_silence_that_is_not_over_counts_once_it_is_long(store: Store) -> None:
    steps = Steps([(MONDAY, 1000)], [], MONDAY + DAY)
    await rewrite(store, PRODUCT, "USD", {Offer.BUYBOX: steps}, reason="import")
    question = Question(Offer.BUYBOX, Interval.DAY, None, MONDAY + WEEK)
    assert (await _read(store, question, now=MONDAY + 2 * DAY)).not_observed == []
    seen, now = MONDAY + DAY, MONDAY + DAY + GAP + 1
    assert (await _read(store, question, now=now)).not_observed == [(seen, now)]
    assert (await _read(store, question, now=now + 99 * WEEK)).not_observed == [(seen, MONDAY + WEEK)]


async def test_an_offer_that_nobody_saw_has_an_empty_history(store: Store) -> None:
    await rewrite(store, PRODUCT, "USD", {Offer.NEW: Steps([(MONDAY, 1000)], [], NOW)}, reason="import")
    reading = await _read(store, Question(Offer.USED, Interval.DAY, MONDAY, NOW))
    assert (reading.buckets, reading.whole, reading.last_seen) == ([], None, None)
    assert reading.not_observed == [(MONDAY, NOW)]
