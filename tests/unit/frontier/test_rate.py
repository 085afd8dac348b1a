"""Learning rates of change: the right direction, the right place, and a packing that loses nothing that matters."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.frontier.rate import RATES, Learned, learn, mean_rate, prior_of, unpack
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
    prior = prior_of("us")
    before = _after(history)
    now = mean_rate(before.chances(prior))
    assert mean_rate(before.after(changed=True, elapsed_s=elapsed).chances(prior)) >= now * (1 - 1e-4)
    assert mean_rate(before.after(changed=False, elapsed_s=elapsed).chances(prior)) <= now * (1 + 1e-4)


@given(looks)
def test_packing_keeps_the_chances(history: list[tuple[bool, float]]) -> None:
    prior = prior_of("de")
    exact = _after(history)
    packed = exact.pack()
    assert packed.isascii()
    assert len(packed) <= 40
    assert unpack(packed).chances(prior) == pytest.approx(exact.chances(prior), abs=0.005)
    assert unpack(packed).pack() == packed


@given(st.lists(st.floats(300, 3600), min_size=50, max_size=200))
def test_many_short_looks_without_a_change_count_as_one_long_one(waits: list[float]) -> None:
    packed: str | None = None
    for wait in waits:
        packed = learn(packed, changed=False, elapsed_s=wait)
    assert unpack(packed).unchanged_s == pytest.approx(sum(waits), abs=len(waits))


@pytest.mark.parametrize("per_day", [1 / 60, 1 / 5, 1.0, 6.0])
def test_it_finds_the_rate_of_a_simulated_product(per_day: float) -> None:
    dice = random.Random(7)
    packed: str | None = None
    for _ in range(400):
        elapsed = dice.uniform(0.2, 1.5) / per_day
        packed = learn(packed, changed=dice.expovariate(per_day) < elapsed, elapsed_s=elapsed * DAY_S)
    assert mean_rate(unpack(packed).chances(prior_of("us"))) * DAY_S == pytest.approx(per_day, rel=0.45)


def test_a_product_that_never_changed_costs_a_few_characters() -> None:
    assert len(learn(None, changed=False, elapsed_s=90 * DAY_S)) <= 5


@pytest.mark.parametrize("text", [None, "", "?", "12.AB", "é", "1.2.3"])
def test_what_cannot_be_read_is_a_product_that_nobody_has_looked_at(text: str | None) -> None:
    assert unpack(text).chances(prior_of("us")) == pytest.approx(prior_of("us"), abs=1e-4)


@pytest.mark.parametrize("elapsed", [0.0, -5.0])
def test_a_look_that_is_not_later_teaches_nothing(elapsed: float) -> None:
    assert Learned(5).after(changed=True, elapsed_s=elapsed) == Learned(5)


def test_the_prior_expects_few_changes_and_covers_all_rates() -> None:
    prior = prior_of("us")
    assert sum(prior) == pytest.approx(1)
    assert all(slow > fast > 0 for slow, fast in pairwise(prior))
    assert len(prior) == len(RATES)
