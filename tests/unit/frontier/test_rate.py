"""Learning rates of change: the right direction, the right place, and a packing that loses nothing that matters."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.frontier.rate import FADES_S, PRIOR, RATES, Learned, mean_rate, unpack
from pennywren.frontier.value import DAY_S

looks = st.lists(st.tuples(st.booleans(), st.floats(60, 60 * DAY_S)), max_size=40)


def _after(history: list[tuple[bool, float]]) -> Learned:
    learned = Learned()
    for changed, elapsed in history:
        learned = learned.after(changed=changed, elapsed_s=elapsed)
    return learned


@given(looks, st.floats(3600, 30 * DAY_S))
def test_a_change_makes_faster_rates_likelier_and_no_change_slower_ones(
    history: list[tuple[bool, float]], elapsed: float
) -> None:
    prior = PRIOR
    before = _after(history)
    same = mean_rate(before.after(changed=False, elapsed_s=elapsed).chances(prior))
    changed = mean_rate(before.after(changed=True, elapsed_s=elapsed).chances(prior))
    assert same <= changed * (1 + 1e-4)
    assert mean_rate(Learned().after(changed=False, elapsed_s=elapsed).chances(prior)) < mean_rate(prior)
    assert mean_rate(Learned().after(changed=True, elapsed_s=elapsed).chances(prior)) > mean_rate(prior)


@given(looks)
def test_packing_keeps_the_chances(history: list[tuple[bool, float]]) -> None:
    prior = PRIOR
    exact = _after(history)
    packed = exact.pack()
    assert packed.isascii()
    assert len(packed) <= 60
    assert unpack(packed).chances(prior) == pytest.approx(exact.chances(prior), abs=0.005)
    assert unpack(packed).pack() == packed


@given(st.lists(st.floats(300, 3600), min_size=50, max_size=200))
def test_many_short_looks_without_a_change_count_as_one_long_one(waits: list[float]) -> None:
    learned = Learned()
    for wait in waits:
        learned = learned.after(changed=False, elapsed_s=wait)
    once = Learned().after(changed=False, elapsed_s=sum(waits))
    assert learned.unchanged_s == pytest.approx(once.unchanged_s)
    assert learned.watched_s == pytest.approx(once.watched_s)


@given(looks)
def test_what_was_learned_fades(history: list[tuple[bool, float]]) -> None:
    learned = _after(history)
    for _ in range(40):
        learned = learned.after(changed=False, elapsed_s=FADES_S / 2)
    assert learned.unchanged_s == pytest.approx(FADES_S, rel=1e-3)
    assert max(map(abs, learned.weights)) < 1e-3


def test_trusted_reports_are_counted_and_many_of_them_make_a_rate() -> None:
    learned = Learned()
    assert 0 < learned.report_rate(0) < 0.05 / DAY_S
    for _ in range(200):
        learned = unpack(learned.after(changed=False, elapsed_s=DAY_S / 2, reported=True).pack())
    assert learned.report_rate(0) == pytest.approx(2 / DAY_S, rel=0.15)
    assert learned.after(changed=False, elapsed_s=20 * DAY_S).report_rate(0) < learned.report_rate(0)


@pytest.mark.parametrize("per_day", [1 / 10, 1 / 3, 1.0, 6.0])
def test_it_finds_the_rate_of_a_simulated_product(per_day: float) -> None:
    dice = random.Random(7)
    learned, means = Learned(), list[float]()
    for i in range(400):
        elapsed = dice.uniform(0.2, 1.5) / per_day
        changed = dice.expovariate(per_day) < elapsed
        learned = unpack(learned.after(changed=changed, elapsed_s=elapsed * DAY_S).pack())
        if i >= 100:
            means.append(mean_rate(learned.chances(PRIOR)) * DAY_S)
    assert sum(means) / len(means) == pytest.approx(per_day, rel=0.45)


def test_a_product_that_never_changed_costs_a_few_characters() -> None:
    assert len(Learned().after(changed=False, elapsed_s=90 * DAY_S).pack()) <= 14


@pytest.mark.parametrize("text", [None, "", "?", "12.AB", "é", "1.2.3", "1.2.3.é", "1.2.3.4.AB", "1234567.2.3.4"])
def test_what_cannot_be_read_is_a_product_that_nobody_has_looked_at(text: str | None) -> None:
    assert unpack(text).chances(PRIOR) == pytest.approx(PRIOR, abs=1e-4)


@pytest.mark.parametrize("elapsed", [0.0, -5.0])
def test_a_look_that_is_not_later_teaches_nothing(elapsed: float) -> None:
    assert Learned(5).after(changed=True, elapsed_s=elapsed) == Learned(5)


def test_the_prior_expects_few_changes_and_covers_all_rates() -> None:
    prior = PRIOR
    assert sum(prior) == pytest.approx(1)
    assert all(slow > fast > 0 for slow, fast in pairwise(prior))
    assert len(prior) == len(RATES)
