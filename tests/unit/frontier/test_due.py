"""Due times lie where the value crosses the threshold."""

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from pennywren.frontier.due import Bounds, Interest, after_gone, after_trouble, demand, wait_for, wait_s
from pennywren.frontier.rate import PRIOR, Learned
from pennywren.frontier.value import DAY_S, NOTICE_WITHIN_S
from pennywren.model.clock import DAY, HOUR, MINUTE

BOUNDS = Bounds(soonest_s=300)
YEARS_S = 3 * 365 * DAY_S


@st.composite
def interests(draw: st.DrawFn) -> Interest:
    learned = Learned(draw(st.floats(0, 30 * DAY_S)))
    for elapsed in draw(st.lists(st.floats(3600, 10 * DAY_S), max_size=5)):
        learned = learned.after(changed=True, elapsed_s=elapsed)
    seen = draw(st.one_of(st.just(0.0), st.floats(0.01 / DAY_S, 10 / DAY_S)))
    return Interest(draw(st.floats(0.01, 1000)), learned.chances(PRIOR), seen)


thresholds = st.floats(-15, 15).map(lambda x: 2.718281828**x)


@given(interests(), thresholds)
def test_the_value_reaches_the_threshold_at_the_due_time_and_not_before(interest: Interest, threshold: float) -> None:
    # The rate of reports is rounded to steps of 22 %, ages are interpolated between steps of 15 %: where the value
    # hardly grows any more, that is little of the value and much of the time, so both get their tolerance.
    least, most = threshold * 0.85, threshold * 1.15
    wait = wait_s(interest, threshold, BOUNDS)
    assert BOUNDS.soonest_s <= wait
    if wait == BOUNDS.soonest_s:
        assert interest.value(wait * 1.12) >= least
    elif wait == inf:
        assert interest.value(YEARS_S * 0.85) < most, "then it waits on the floor"
    elif wait == NOTICE_WITHIN_S:
        assert interest.value(NOTICE_WITHIN_S * 1.12) >= least
        assert interest.value(NOTICE_WITHIN_S * 0.88) <= most
    else:
        assert interest.value(wait * 1.12) >= least
        assert interest.value(wait * 0.88) <= most


@given(interests(), thresholds, st.floats(1.0, 100.0))
def test_a_higher_threshold_never_makes_anything_due_earlier(interest: Interest, threshold: float, more: float) -> None:
    assert wait_s(interest, threshold * more, BOUNDS) >= wait_s(interest, threshold, BOUNDS) * 0.999


@given(interests(), thresholds, st.floats(1.0, 100.0))
def test_more_watchers_never_make_a_product_due_later(interest: Interest, threshold: float, more: float) -> None:
    wanted = Interest(interest.importance * more, interest.chances, interest.seen_by_others)
    assert wait_s(wanted, threshold, BOUNDS) <= wait_s(interest, threshold, BOUNDS) * 1.001


def test_where_the_hour_decides_and_where_looking_is_not_allowed_yet_the_time_is_firm() -> None:
    often = Interest(10.0, tuple(float(k == 13) for k in range(18)))
    at_the_hour = often.value(NOTICE_WITHIN_S) * 0.9
    assert (wait_for(often, at_the_hour, BOUNDS).seconds, wait_for(often, at_the_hour, BOUNDS).firm) == (3540, True)
    sooner = Bounds(300, notice_s=1800)
    assert wait_for(often, often.value(1800, 1800) * 0.9, sooner).seconds == 1800
    assert wait_for(often, 0.0, BOUNDS).firm, "never before it is allowed"
    assert not wait_for(often, often.value(NOTICE_WITHIN_S) * 1.01, BOUNDS).firm


@given(interests(), thresholds)
def test_reports_by_others_save_requests(interest: Interest, threshold: float) -> None:
    asked = demand(interest, threshold, BOUNDS)
    assert 0 <= asked <= 1 / wait_s(interest, threshold, BOUNDS) * 1.0001


@given(interests(), thresholds)
def test_bounds_hold_whatever_a_product_is_worth(interest: Interest, threshold: float) -> None:
    assert wait_s(interest, 0.0, BOUNDS) == BOUNDS.soonest_s
    assert wait_s(interest, inf, BOUNDS) == inf


def test_pauses_after_trouble_double_and_end_at_a_day() -> None:
    began, now, pauses = 1_000_000, 1_000_000, list[int]()
    for _ in range(12):
        again = after_trouble(began, now)
        pauses.append(again - now)
        now = again
    assert pauses[:4] == [5 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE]
    assert pauses[-1] == DAY


def test_a_page_that_is_gone_is_looked_at_less_and_less_often_but_never_given_up() -> None:
    began, now, looks = 0, 0, 0
    while now < 365 * DAY:
        now = after_gone(began, now)
        looks += 1
    assert after_gone(began, began) == began + 12 * HOUR
    assert 8 <= looks <= 16
