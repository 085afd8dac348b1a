"""What the past says of a target: against a count by hand, and on the real histories against what came after."""

from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.targets import FARTHEST, brier, came_true, sources
from pennywren.history.backtest import Backtest, backtest
from pennywren.model.clock import DAY
from pennywren.model.series import State, Steps


def days(*prices: int | None) -> Steps:
    """A price a day, None for no offer; the last one holds until the end of its day."""
    changes: list[tuple[int, int]] = []
    states: list[tuple[int, State]] = []
    for day, price in enumerate(prices):
        if price is not None and (not changes or changes[-1][1] != price):
            changes.append((day * DAY, price))
        if day and (price is None) != (prices[day - 1] is None):
            states.append((day * DAY, State.NO_OFFER if price is None else State.OFFERED))
    return Steps(changes, states, len(prices) * DAY)


def test_how_often_when_last_and_for_how_long() -> None:
    past = days(*[20] * 20, *[10] * 5, *[20] * 10, *[9] * 2, 10, *[20] * 12)
    found = backtest(past, 10)
    assert found is not None
    assert (found.times_met, found.last_met, found.met_now, found.known_days) == (2, 38 * DAY, False, 50)
    assert found.share_of_time == pytest.approx(8 / 50)


def test_with_too_little_history_nothing_is_foretold() -> None:
    found = backtest(days(*[20] * 20, *[10] * 5, *[20] * 4), 10)
    assert found is not None
    assert found == Backtest(since=0, known_days=29, times_met=1, last_met=25 * DAY, met_now=False)
    assert not found.enough
    assert backtest(Steps(), 10) is None


def test_what_is_met_now_needs_no_wait() -> None:
    found = backtest(days(*[20] * 40, 10), 10)
    assert found is not None
    assert (found.met_now, found.typical_wait_days, found.chance_within_30_days) == (True, 0, 1)


def test_without_an_offer_nothing_is_foretold() -> None:
    """Also not of a target that the price of before met: nobody knows when there is an offer again."""
    found = backtest(days(*([20] * 9 + [10]) * 4, *[None] * 5), 25)
    assert found is not None
    assert (found.enough, found.offered, found.met_now, found.times_met) == (True, False, False, 1)
    assert found.share_of_time == pytest.approx(40 / 45)
    assert (found.typical_wait_days, found.chance_within_30_days) == (None, None)


def test_a_fall_that_never_was_has_no_typical_wait_and_a_small_chance() -> None:
    found = backtest(days(*[20] * 365), 10)
    assert found is not None
    assert found.typical_wait_days is None
    assert found.chance_within_30_days == pytest.approx(0.1 / (365 / 30 + 1))


def test_a_fall_that_comes_every_ten_days_has_a_wait_of_days() -> None:
    found = backtest(days(*([20] * 9 + [10]) * 20, *[20] * 3), 10)
    assert found is not None
    assert found.typical_wait_days is not None
    assert 4 <= found.typical_wait_days <= 6
    assert found.chance_within_30_days is not None
    assert found.chance_within_30_days > 0.8


@given(
    st.lists(st.none() | st.integers(1, 6), min_size=31, max_size=60).filter(lambda prices: prices[0] is not None),
    st.integers(1, 6),
)
def test_the_counts_are_those_by_hand(prices: list[int | None], threshold: int) -> None:
    found = backtest(days(*prices), threshold)
    assert found is not None
    low = [price is not None and price <= threshold for price in prices]
    assert found.times_met == sum(now and not before for before, now in zip([False, *low], low, strict=False))
    assert found.last_met == (None if True not in low else (len(low) - low[::-1].index(True)) * DAY)
    assert found.share_of_time == pytest.approx(sum(low) / len(low))
    assert (found.chance_within_30_days is None) is (prices[-1] is None)
    assert 0 <= (found.chance_within_30_days or 0) <= 1


def test_what_is_foretold_of_real_prices_comes_about_as_often_as_it_says() -> None:
    """Held out in time: on average it is near, the higher of two chances is the likelier one, and it beats one chance
    for all. `make bench ONLY=targets` prints the figures."""
    by_source = sources()
    for name, cases in by_source.items():
        assert len(cases) > 150, name
        assert abs(mean(chance for chance, _ in cases) - mean(came for _, came in cases)) <= FARTHEST, name
    every = [case for cases in by_source.values() for case in cases]
    often = came_true(every)
    assert often == sorted(often)
    ours, of_one_chance = brier(every)
    assert ours < of_one_chance
