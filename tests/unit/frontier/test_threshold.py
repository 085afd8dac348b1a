"""The controller: late entries raise the threshold, early ones lower it, and it finds the budget by itself."""

import heapq
import random
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.frontier.calibration import threshold_for
from pennywren.frontier.due import Bounds, Interest, wait_s
from pennywren.frontier.lanes import URGENT_SHARE, LaneShare
from pennywren.frontier.rate import PRIOR, RATES
from pennywren.frontier.threshold import HIGHEST, LOWEST, backlog, lateness, moved, step_of
from pennywren.frontier.value import DAY_S
from pennywren.model.clock import HOUR


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**12))
def test_lateness_is_positive_when_late_and_bounded(due: int, now: int, last: int) -> None:
    late = lateness(due, now, last)
    assert -1 <= late <= 1
    assert (late > 0) == (now > due)
    assert (late < 0) == (now < due)


def test_lateness_is_measured_by_the_age_of_the_look_up_to_four_hours() -> None:
    assert lateness(due=1 * HOUR, now=2 * HOUR, last_look=0) == pytest.approx(0.5)
    assert lateness(due=99 * HOUR, now=100 * HOUR, last_look=0) == pytest.approx(0.25)


def test_what_is_left_behind_counts_when_it_is_late_and_only_then() -> None:
    assert [backlog(None, HOUR), backlog(2 * HOUR, HOUR), backlog(0, HOUR), backlog(0, 9 * HOUR)] == [0, 0, 0.25, 1]


@given(st.floats(-1, 1), st.floats(1, 10_000))
def test_steps_go_the_right_way_and_a_day_of_them_is_bounded(late: float, per_second: float) -> None:
    step = step_of(late, per_second)
    assert step * late >= 0
    assert abs(step) * per_second * 86_400 <= 1.0001


@given(st.floats(-100, 100), st.floats(-100, 100))
def test_the_threshold_stays_within_its_limits(logarithm: float, step: float) -> None:
    assert log(LOWEST) <= moved(logarithm, step) <= log(HIGHEST)


def test_it_finds_the_threshold_at_which_the_budget_is_just_used() -> None:
    """500 products, 2 requests a product and day: starting too low, demand meets the budget in a few days."""
    dice = random.Random(3)
    bounds = Bounds(300)
    products = [
        Interest(dice.choice([0.01, 1, 1, 5]), tuple(float(i == k) for i in range(len(RATES))))
        for k in (dice.randrange(len(RATES)) for _ in range(500))
    ]
    per_request = DAY_S / 1000
    queue = [(dice.uniform(0, DAY_S), i) for i in range(len(products))]
    heapq.heapify(queue)
    last = [0.0] * len(products)
    # One simulated egress here sends 1,000 requests a day instead of 86,400: the gain is that much higher.
    logarithm, now, recent = log(1e3), 0.0, list[float]()
    levels: list[float] = []
    for _ in range(16_000):
        now += per_request
        levels.append(logarithm)
        if queue[0][0] > now:
            logarithm = moved(logarithm, step_of(-0.5, 1) * 86.4)
            recent.append(-1.0)
            continue
        due, i = heapq.heappop(queue)
        late = lateness(round(due * 1000), round(now * 1000), round(last[i] * 1000))
        logarithm = moved(logarithm, step_of(late, 1) * 86.4)
        recent.append(late)
        last[i] = now
        heapq.heappush(queue, (now + wait_s(products[i], exp(logarithm), bounds), i))
    level = exp(sum(levels[-4000:]) / 4000)
    demand = sum(DAY_S / wait_s(product, level, bounds) for product in products)
    assert demand == pytest.approx(1000, rel=0.2)
    assert abs(sum(recent[-3000:]) / 3000) < 0.25


def test_calibration_begins_where_demand_meets_the_budget() -> None:
    dice = random.Random(4)
    bounds = Bounds(300)
    products = [
        Interest(dice.choice([0.01, 1, 1, 5]), tuple(float(i == k) for i in range(len(RATES))))
        for k in (dice.randrange(len(RATES)) for _ in range(200))
    ]
    threshold = threshold_for(products, population=2_000, per_second=0.05, bounds=bounds)
    demand = 10 * sum(1 / wait_s(product, threshold, bounds) for product in products)
    assert demand == pytest.approx(0.05, rel=0.35)


def test_calibration_asks_for_everything_where_the_requests_are_enough() -> None:
    products = [Interest(1.0, PRIOR)]
    assert threshold_for(products, population=10, per_second=1, bounds=Bounds(300)) == LOWEST
    assert threshold_for([], population=0, per_second=1, bounds=Bounds(300)) == LOWEST


def test_the_urgent_lane_gets_its_share_and_no_more() -> None:
    share = LaneShare()
    urgent = 0
    for _ in range(1000):
        first = share.urgent_first
        urgent += first
        share.crawled(before_others=first)
    assert urgent / 1000 == pytest.approx(URGENT_SHARE, abs=0.01)


def test_the_urgent_lane_goes_first_when_it_was_empty_for_a_while() -> None:
    share = LaneShare()
    for _ in range(100):
        share.crawled(before_others=False)
    in_a_row = 0
    while share.urgent_first:
        share.crawled(before_others=True)
        in_a_row += 1
    assert 3 <= in_a_row <= 4
