"""What a crawl teaches over those who spoke."""

from hypothesis import given
from hypothesis import strategies as st

from pennywren.model.clock import DAY, HOUR, MINUTE
from pennywren.trust.hearsay import Hearsay, Refuted, Voice, near
from pennywren.trust.lessons import Lesson, learn, settle
from pennywren.trust.reputation import FIRST_COHORTS, Cohort, Reputation, Tenure, tenure_of
from tests.unit.trust.reporting import NOW, one_after_another, report, standing


def _voice(name: str, price: int | None, at: int = NOW) -> Voice:
    return Voice(price, at, name, f"net of {name}", 0.5, tenure=Tenure.SETTLED)


def test_who_was_right_and_who_was_wrong_both_learn_of_it() -> None:
    spoken = Hearsay(claims=(_voice("right", 1999), _voice("wrong", 999)), agreements=(_voice("late", 2499),))
    settled = settle(spoken, 1999, NOW + MINUTE, 0.3)
    by_name = {lesson.reporter: lesson for lesson in settled.lessons}
    assert by_name["right"] == Lesson("right", Tenure.SETTLED, True, 1.0)
    assert by_name["wrong"].right is False
    assert "late" not in by_name  # said what was believed until then: no fault


def test_who_agreed_with_what_a_crawl_then_saw_earns_a_little() -> None:
    settled = settle(Hearsay(agreements=(_voice("anna", 2499),)), 2499, NOW + MINUTE, 0.3)
    assert settled.lessons == (Lesson("anna", Tenure.SETTLED, True, 0.1),)


def test_a_claim_of_long_ago_may_have_been_right_then_and_counts_less_against_its_reporter() -> None:
    fresh = settle(Hearsay(claims=(_voice("anna", 999),)), 2499, NOW + MINUTE, 2.0).lessons[0]
    old = settle(Hearsay(claims=(_voice("anna", 999),)), 2499, NOW + 10 * HOUR, 2.0).lessons[0]
    assert old.weight < fresh.weight
    assert settle(Hearsay(claims=(_voice("anna", 999),)), 2499, NOW + DAY, 2.0).lessons == ()


def test_after_a_crawl_only_what_it_refuted_is_remembered() -> None:
    spoken = Hearsay(claims=(_voice("a", 999), _voice("b", 1999)), visits=7.0, visited_at=NOW, asked_at=NOW)
    left = settle(spoken, 1999, NOW + MINUTE, 0.3).hearsay
    assert left == Hearsay(refuted=(Refuted(999, 0, NOW + MINUTE),), visits=7.0, visited_at=NOW)


def test_a_price_refuted_again_weighs_more_and_one_that_came_true_is_forgotten() -> None:
    first = settle(Hearsay(claims=(_voice("a", 999),)), 2499, NOW, 0.3).hearsay
    spoken_again = first.with_claim(_voice("b", 999, NOW + HOUR))
    second = settle(spoken_again, 2499, NOW + HOUR, 0.3).hearsay
    assert second.refuted == (Refuted(999, 1, NOW + HOUR),)
    assert settle(second, 999, NOW + 2 * HOUR, 0.3).hearsay.refuted == ()


def test_one_who_repeats_himself_is_judged_once() -> None:
    spoken = Hearsay(claims=tuple(_voice("loud", 999, NOW + i) for i in range(30)))
    assert len(settle(spoken, 2499, NOW + MINUTE, 0.3).lessons) == 1


def test_who_says_the_true_price_cannot_cover_lies_with_it() -> None:
    spoken = Hearsay(claims=(_voice("sly", 1999), *(_voice("sly", 100 + i, NOW + i) for i in range(5))))
    lessons = settle(spoken, 1999, NOW + MINUTE, 0.3).lessons
    assert [(lesson.reporter, lesson.right) for lesson in lessons] == [("sly", True), ("sly", False)]
    reputation, cohorts = Reputation(), FIRST_COHORTS
    for lesson in lessons:
        reputation, cohorts = learn(reputation, cohorts, lesson, NOW)
    assert reputation.trust(FIRST_COHORTS[Tenure.SETTLED]) < 0.5


def test_being_wrong_costs_more_than_being_right_earns_and_all_of_it_fades() -> None:
    cohort = FIRST_COHORTS[Tenure.SETTLED]
    good = Reputation()
    for _ in range(10):
        good, _cohorts = learn(good, FIRST_COHORTS, Lesson("anna", Tenure.SETTLED, True, 1.0), NOW)
    worse, _cohorts = learn(good, FIRST_COHORTS, Lesson("anna", Tenure.SETTLED, False, 1.0), NOW)
    better, _cohorts = learn(good, FIRST_COHORTS, Lesson("anna", Tenure.SETTLED, True, 1.0), NOW)
    assert good.trust(cohort) - worse.trust(cohort) > better.trust(cohort) - good.trust(cohort)
    a_year_on = worse.at_time(NOW + 720 * DAY)
    assert abs(a_year_on.trust(cohort) - cohort.share) < 0.01


def test_a_wave_of_lying_newcomers_lowers_what_newcomers_are_worth_and_nobody_elses_worth() -> None:
    cohorts = FIRST_COHORTS
    for i in range(50):
        _, cohorts = learn(Reputation(), cohorts, Lesson(f"bot {i}", Tenure.NEW, False, 1.0), NOW)
    assert cohorts[Tenure.NEW].share < 0.1
    assert cohorts[Tenure.SETTLED] == FIRST_COHORTS[Tenure.SETTLED]


def test_one_loud_reporter_teaches_its_cohort_little() -> None:
    cohorts, loud = FIRST_COHORTS, Reputation()
    for _ in range(200):
        loud, cohorts = learn(loud, cohorts, Lesson("loud", Tenure.SETTLED, False, 1.0), NOW)
    assert cohorts[Tenure.SETTLED].share > 0.5


def test_tenure_is_earned_by_days() -> None:
    assert [tenure_of(days * DAY) for days in (0, 13, 14, 29, 30, 4000)] == [
        Tenure.NEW,
        Tenure.NEW,
        Tenure.YOUNG,
        Tenure.YOUNG,
        Tenure.SETTLED,
        Tenure.SETTLED,
    ]


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), max_size=200))
def test_trust_is_always_a_chance_and_can_always_be_lost(outcomes: list[tuple[bool, float]]) -> None:
    reputation, cohorts = Reputation(), FIRST_COHORTS
    for i, (right, weight) in enumerate(outcomes):
        reputation, cohorts = learn(reputation, cohorts, Lesson("anna", Tenure.YOUNG, right, weight), NOW + i * MINUTE)
    assert 0.01 <= reputation.trust(cohorts[Tenure.YOUNG]) <= 0.98
    assert reputation.right + reputation.wrong <= 60.0 + 1e-6
    assert all(0 < cohort.share < 1 for cohort in cohorts.values())
    for _ in range(12):
        lesson = Lesson("anna", Tenure.YOUNG, False, 1.0)
        reputation, cohorts = learn(reputation, cohorts, lesson, NOW + 300 * MINUTE)
    assert reputation.trust(cohorts[Tenure.YOUNG]) < 0.25


@given(st.lists(st.one_of(st.none(), st.integers(1, 5000)), max_size=80), st.one_of(st.none(), st.integers(1, 5000)))
def test_what_a_crawl_saw_is_never_kept_as_refuted(prices: list[int | None], seen: int | None) -> None:
    left = Hearsay().with_refuted(prices, seen, NOW)
    assert len(left.refuted) <= 12
    assert not any(near(each.price, seen) for each in left.refuted)


def test_speaking_is_remembered_as_agreement_or_as_a_claim() -> None:
    agreed, claimed = one_after_another([report(2499, standing("a", Reputation())), report(2399, standing("b"))])
    assert (agreed.standing.reputation.agreed, agreed.standing.reputation.claimed) == (1.0, 0.0)
    assert claimed.standing.reputation.claimed == 21.0
    assert Cohort(3.0, 1.0).share == 0.75
