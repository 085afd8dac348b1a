"""What follows from a look: the same rules for crawls, trusted reports and hints."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.frontier.due import Bounds
from pennywren.frontier.planning import Planner, Subject
from pennywren.frontier.rate import Learned, unpack
from pennywren.frontier.score import firm, floor, is_firm, is_floor, time_of
from pennywren.frontier.value import faded_view
from pennywren.model.clock import DAY, HOUR, MINUTE, SECOND

NOW = 1_764_067_200_000
PLANNER = Planner(Bounds(300), threshold=20_000.0)


def _subject(rate: str | None = None, last_seen: int | None = NOW - DAY, watchers: int = 3, far: int = 0) -> Subject:
    return Subject("us", 1599, watchers, far, rate, last_seen)


def test_what_somebody_viewed_lately_is_worth_more_and_less_so_with_time() -> None:
    of = _subject(_learned(2), watchers=0)
    viewed = [replace(of, views=faded_view(days * DAY / SECOND)) for days in (0, 7, 70)]
    worth = [PLANNER.interest(each).importance for each in (*viewed, of)]
    assert worth == sorted(worth, reverse=True)
    assert worth[0] == 2 * worth[3], "as much as a trusted report"
    assert worth[1] - worth[3] == pytest.approx((worth[0] - worth[3]) / 2)


def _learned(per_day: float) -> str:
    learned = Learned()
    for i in range(60):
        learned = learned.after(changed=i % 2 == 0, elapsed_s=0.7 * 86_400 / per_day)
    return learned.pack()


@given(st.integers(-1, 2**42 - 1))
def test_scores_give_their_times_back(at: int) -> None:
    assert time_of(firm(max(at, 0))) == max(at, 0)
    assert is_firm(firm(max(at, 0)))
    assert not is_firm(max(at, 0))


def test_firm_scores_keep_their_order_and_come_before_loose_ones() -> None:
    assert firm(NOW) < firm(NOW + 1) < 0 < NOW


def test_the_first_look_teaches_nothing_and_sets_a_due_time() -> None:
    plan = PLANNER.after_look(_subject(last_seen=None), NOW)
    assert (plan.rate_if_same, plan.rate_if_changed) == (None, None)
    assert time_of(plan.due_if_same) > NOW


def test_after_a_change_a_product_is_due_sooner() -> None:
    plan = PLANNER.after_look(_subject(), NOW)
    assert NOW < time_of(plan.due_if_changed) < time_of(plan.due_if_same)


def test_a_trusted_report_is_a_look_and_teaches_how_often_others_look() -> None:
    crawl, report = PLANNER.after_look(_subject(), NOW), PLANNER.after_look(_subject(), NOW, reported=True)
    assert unpack(report.rate_if_same).reports == 1
    assert unpack(crawl.rate_if_same).reports == 0
    assert time_of(report.due_if_same) >= time_of(crawl.due_if_same)


def test_watchers_who_wait_for_much_less_count_for_less() -> None:
    near, far = PLANNER.after_look(_subject(), NOW), PLANNER.after_look(_subject(far=3), NOW)
    nobody = PLANNER.after_look(_subject(watchers=0), NOW)
    assert time_of(near.due_if_same) < time_of(far.due_if_same) < time_of(nobody.due_if_same)


def test_what_many_wait_for_and_changes_often_is_due_firmly_within_the_hour() -> None:
    plan = PLANNER.after_look(_subject(_learned(2), NOW - HOUR, watchers=8), NOW)
    assert 0 <= firm(NOW + 3540 * SECOND) - plan.due_if_changed < SECOND


def test_of_what_is_due_in_the_same_second_that_goes_first_of_which_more_changes_are_waited_for() -> None:
    many, few = (PLANNER.after_look(_subject(_learned(2), NOW - HOUR, watchers=count), NOW) for count in (40, 8))
    assert is_firm(many.due_if_changed)
    assert many.due_if_changed < few.due_if_changed < many.due_if_changed + SECOND


def test_a_claim_meets_a_threshold_that_has_moved() -> None:
    of = _subject(last_seen=NOW - HOUR)
    later = Planner(PLANNER.bounds, threshold=200_000.0).better_later(of, NOW, NOW)
    assert later is not None
    assert time_of(later) > NOW + 10 * MINUTE
    assert Planner(PLANNER.bounds, threshold=1.0).better_later(of, NOW, NOW) is None
    assert PLANNER.better_later(_subject(last_seen=None), NOW, NOW) is None


def test_what_no_time_makes_worth_a_request_waits_on_the_floor_and_comes_up_when_the_threshold_falls() -> None:
    of = _subject(last_seen=NOW - DAY)
    dear = Planner(PLANNER.bounds, threshold=1e9)
    assert is_floor(dear.after_look(of, NOW).due_if_same)
    assert time_of(dear.after_look(of, NOW).due_if_same) == NOW
    assert dear.better_later(of, NOW, NOW) == floor(NOW - DAY)
    assert dear.better_later(of, NOW - DAY, NOW, on_floor=True) is None, "its turn has come"
    raised = PLANNER.better_later(_subject(last_seen=NOW - HOUR), NOW - HOUR, NOW, on_floor=True)
    assert raised is not None
    assert not is_floor(raised)


def test_what_is_taken_ahead_of_its_time_is_not_sent_back_for_that() -> None:
    of = _subject(last_seen=NOW - DAY)
    due = time_of(PLANNER.after_look(of, NOW - DAY).due_if_same)
    assert PLANNER.better_later(of, due, due - HOUR) is None


def test_what_was_looked_at_just_now_waits_as_long_as_is_polite() -> None:
    assert PLANNER.too_soon(_subject(last_seen=NOW - 100 * SECOND), NOW) == firm(NOW + 200 * SECOND)
    assert PLANNER.too_soon(_subject(last_seen=NOW - 300 * SECOND), NOW) is None
    assert PLANNER.too_soon(_subject(last_seen=None), NOW) is None


def test_a_report_that_nobody_trusts_brings_the_due_time_forward_and_one_that_denies_it_takes_that_back() -> None:
    of = _subject(_learned(0.2))
    usual = PLANNER.after_signal(_subject(_learned(0.2)), NOW, changed=False)
    claims = PLANNER.after_signal(of, NOW, changed=True)
    assert claims is not None
    assert usual is not None
    score, rate = claims
    assert time_of(score) < time_of(usual[0])
    assert unpack(rate).credit_s > 0
    denied = PLANNER.after_signal(_subject(rate), NOW, changed=False)
    assert denied is not None
    assert unpack(denied[1]).credit_s < unpack(rate).credit_s
    assert PLANNER.after_signal(_subject(last_seen=None), NOW, changed=True) is None


def test_a_look_ends_the_credit_of_what_nobody_trusts() -> None:
    of = _subject(_learned(0.2))
    claims = PLANNER.after_signal(of, NOW, changed=True)
    assert claims is not None
    after = PLANNER.after_look(_subject(claims[1]), NOW + HOUR)
    assert unpack(after.rate_if_same).credit_s == 0


@given(st.lists(st.booleans(), max_size=60), st.floats(0.01, 10))
def test_however_many_hints_there_are_their_state_stays_short_and_can_be_read(claims: list[bool], rate: float) -> None:
    of = _subject(_learned(rate))
    for changed in claims:
        follows = PLANNER.after_signal(of, NOW, changed=changed)
        assert follows is not None
        of = _subject(follows[1])
        assert len(follows[1]) <= 60
        assert unpack(follows[1]).watched_s > 0
    assert unpack(of.rate).credit_s == pytest.approx(0, abs=400 * 86_400)
