"""The crawl value: its closed forms against integration, and its limits."""

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.frontier.value import DAY_S, NOTICE_WITHIN_S, blend, freshness, time_unseen, within

rates = st.floats(1 / 300 / DAY_S, 12 / DAY_S)
views = st.one_of(st.just(0.0), st.floats(0.001 / DAY_S, 100 / DAY_S))
ages = st.floats(10, 400 * DAY_S)


def _integral(delta: float, nu: float, t: float, steps: int = 4000) -> float:
    """The definition: L(t) T(t) - integral of L(s) e^(-nu s), with L(t) = 1 - e^(-delta t), by Simpson's rule."""

    def inner(s: float) -> float:
        return (1 - exp(-delta * s)) * exp(-nu * s)

    h = t / steps
    total = inner(0) + inner(t) + sum((4 if i % 2 else 2) * inner(i * h) for i in range(1, steps))
    return (1 - exp(-delta * t)) * time_unseen(nu, t) - total * h / 3


@pytest.mark.parametrize("delta", [0.01 / DAY_S, 1 / DAY_S, 12 / DAY_S])
@pytest.mark.parametrize("nu", [0.0, 0.1 / DAY_S, 5 / DAY_S])
@pytest.mark.parametrize("t", [600.0, DAY_S, 20 * DAY_S])
def test_freshness_equals_its_definition(delta: float, nu: float, t: float) -> None:
    assert freshness(delta, nu, t) == pytest.approx(_integral(delta, nu, t), rel=1e-3, abs=1e-6)


@given(rates, views, ages, st.floats(1.0, 10.0))
def test_the_value_never_falls_while_nobody_looks(delta: float, nu: float, t: float, later: float) -> None:
    assert blend(delta, nu, t * later) >= blend(delta, nu, t) * (1 - 1e-9) - 1e-9


@given(rates, views, ages)
def test_what_changes_or_is_seen_all_the_time_is_worth_little(delta: float, nu: float, t: float) -> None:
    assert 0 <= freshness(delta, nu, t) <= 1 / (delta + nu) * (1 + 1e-9)


@given(rates, ages, st.floats(0.01 / DAY_S, 100 / DAY_S))
def test_reports_by_others_make_a_crawl_worth_less(delta: float, t: float, nu: float) -> None:
    assert freshness(delta, nu, t) <= freshness(delta, 0.0, t) * (1 + 1e-6) + 1e-6


@given(rates)
def test_the_part_for_noticing_in_time_begins_when_the_hour_is_over(delta: float) -> None:
    assert within(delta, 0.0, NOTICE_WITHIN_S - 1) == 0
    assert within(delta, 0.0, NOTICE_WITHIN_S) == pytest.approx(delta * NOTICE_WITHIN_S)
