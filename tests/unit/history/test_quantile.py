"""Quantiles by time, against the definition."""

from hypothesis import given
from hypothesis import strategies as st

from pennywren.history.median import median, quantile
from pennywren.model.series import Steps
from tests.unit.history.brute_force import histories, state_and_price


@given(histories(), st.sampled_from([1, 25, 50, 75, 100]))
def test_it_is_the_least_price_that_so_much_of_the_time_did_not_exceed(steps: Steps, percent: int) -> None:
    end = steps.last_seen  # the last look itself lasts for no time
    held = sorted(price for at in range(end) if (price := state_and_price(steps, at)[1]) is not None)
    if not held:
        assert quantile(steps, 0, end, percent) is None
        return
    assert quantile(steps, 0, end, percent) == held[-(-len(held) * percent // 100) - 1]
    assert median(steps, 0, end) == held[-(-len(held) // 2) - 1]
