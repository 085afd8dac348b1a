"""Step functions against a look at every millisecond."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pennywren.history.step import combine, measure, measure_all, points, spans, value_at
from pennywren.model.series import State, Steps
from tests.unit.history.brute_force import brute, histories, state_and_price

edge_lists = st.sets(st.integers(-5, 90), min_size=2, max_size=10).map(sorted)


@given(histories(), st.integers(-5, 90))
def test_the_value_at_a_moment_is_what_was_last_set(steps: Steps, at: int) -> None:
    assert value_at(steps, at) == state_and_price(steps, at)


@given(histories(), edge_lists)
def test_buckets_equal_exact_integration(steps: Steps, edges: list[int]) -> None:
    for found, start, end in zip(measure_all(steps, edges), edges, edges[1:], strict=False):
        expected = brute(steps, start, end)
        if expected is None:
            assert found is None
            continue
        assert found is not None
        assert (found.start, found.end, found.time) == (start, end, expected.time)
        assert (found.low, found.low_at, found.high, found.high_at) == (
            expected.low,
            expected.low_at,
            expected.high,
            expected.high_at,
        )
        assert found.mean == float(expected.average)
        assert found.average == (expected.average + Fraction(1, 2)) // 1


@given(histories(), edge_lists)
def test_buckets_put_together_are_their_range(steps: Steps, edges: list[int]) -> None:
    whole = measure(steps, edges[0], edges[-1])
    together = combine(measure_all(steps, edges))
    if whole is None or together is None:
        assert whole is together
        return
    for name in ("time", "area", "low", "low_at", "high", "high_at"):
        assert getattr(together, name) == getattr(whole, name)


@given(histories(), st.integers(-5, 80), st.integers(1, 40))
def test_spans_tile_the_range_and_say_what_is_known(steps: Steps, start: int, length: int) -> None:
    end = start + length
    found = spans(steps, start, end)
    assert [s.start for s in found] == [start, *(s.end for s in found[:-1])]
    assert found[-1].end == end
    assert all((a.state, a.price) != (b.state, b.price) for a, b in pairwise(found))
    for span in found:
        for at in range(span.start, span.end):
            known = state_and_price(steps, at) if at < steps.last_seen else (State.NOT_OBSERVED, None)
            assert (span.state, span.price) == known


@given(histories(), st.integers(-5, 80), st.integers(1, 40))
def test_points_are_the_moments_from_which_another_price_could_be_paid(steps: Steps, start: int, length: int) -> None:
    expected: list[tuple[int, int]] = []
    before = None
    for at in range(start, start + length):
        price = state_and_price(steps, at)[1]
        if price is not None and price != before:
            expected.append((at, price))
        before = price
    assert points(steps, start, start + length) == expected


@given(histories(), st.integers(0, 70), st.integers(1, 40))
def test_a_part_that_begins_with_what_was_in_force_answers_like_the_whole(
    steps: Steps, start: int, length: int
) -> None:
    end = start + length
    led_prices = [point for point in steps.prices if point[0] <= start][-1:]
    led_states = [point for point in steps.states if point[0] <= start][-1:]
    part = Steps(
        led_prices + [point for point in steps.prices if start < point[0] < end],
        led_states + [point for point in steps.states if start < point[0] < end],
        steps.last_seen,
    )
    assert measure(part, start, end) == measure(steps, start, end)
    assert spans(part, start, end) == spans(steps, start, end)
    assert points(part, start, end) == points(steps, start, end)


def test_nothing_is_known_of_a_product_that_nobody_looked_at() -> None:
    assert measure(Steps(), 0, 100) is None
    assert spans(Steps(), 0, 100) == [(0, 100, State.NOT_OBSERVED, None)]
    assert points(Steps(), 0, 100) == []


def test_a_price_is_not_carried_beyond_the_last_look() -> None:
    steps = Steps([(10, 500)], [], last_seen=30)
    found = measure(steps, 0, 1000)
    assert found is not None
    assert found.time == 20
    assert measure(steps, 31, 1000) is None
    assert value_at(steps, 31) == (State.NOT_OBSERVED, None)


def test_the_last_look_alone_weighs_nothing_and_still_tells_its_price() -> None:
    steps = Steps([(10, 500), (30, 400)], [], last_seen=30)
    low = measure(steps, 0, 100)
    assert low is not None
    assert (low.average, low.low, low.low_at) == (500, 400, 30)
    only = measure(steps, 30, 100)
    assert only is not None
    assert (only.average, only.mean, only.time) == (400, 400.0, 0)


def test_averages_of_large_numbers_are_exact() -> None:
    day = 86_400_000
    steps = Steps([(0, 10**10), (1, 1), (2, 10**10)], [], last_seen=10_000 * day)
    found = measure(steps, 0, 10_000 * day)
    assert found is not None
    assert found.area == 10**10 * (10_000 * day - 1) + 1
