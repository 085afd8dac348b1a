"""What the past says of a target: against a count by hand, and on the real histories against what came after."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.history.backtest import HORIZON, Backtest, backtest
from pennywren.history.sources.files import parse_histories
from pennywren.history.sources.found import ProductHistory
from pennywren.history.step import value_at
from pennywren.model.clock import DAY
from pennywren.model.series import State, Steps
from tests.unit.history.shared_prices import KEEPA_FILES, picknpay_as_products, real_histories

SHARES = (0.99, 0.97, 0.95, 0.9, 0.85, 0.8)


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
    assert found.chance_within_30_days is not None
    assert 0 <= found.chance_within_30_days <= 1


def held_out(histories: Iterable[ProductHistory], splits: Iterable[float]) -> list[tuple[float, bool]]:
    """What was foretold from a first part of each history, and whether it came true in the 30 days after it."""
    cases: list[tuple[float, bool]] = []
    for steps in (steps for history in histories for steps in history.offers.values() if steps.prices):
        begin, end = steps.prices[0][0], steps.last_seen
        for split in splits:
            now = begin + int((end - begin) * split)
            _, price = value_at(steps, now)
            if price is None or end - now < HORIZON:
                continue
            states = [each for each in steps.states if each[0] <= now]
            past = Steps([each for each in steps.prices if each[0] <= now], states, now)
            # A price counts only while it could be paid.
            after = [now + i * DAY // 4 for i in range(1, 121)]
            lowest = min((p for p in (value_at(steps, at)[1] for at in after) if p is not None), default=price + 1)
            for share in SHARES:
                found = backtest(past, int(price * share))
                if found and found.chance_within_30_days is not None and not found.met_now:
                    cases.append((found.chance_within_30_days, lowest <= int(price * share)))
    return cases


def test_what_is_foretold_of_real_prices_comes_about_as_often_as_it_says() -> None:
    """Held out in time. Stated bounds: on average within 0.12; of two forecasts the higher is the likelier one."""
    splits = [part / 20 for part in range(4, 19)]
    sources = {name: held_out(real_histories(name).histories.values(), splits) for name in KEEPA_FILES}
    sources["supermarket"] = held_out(parse_histories(picknpay_as_products(300)).histories.values(), (0.5, 0.7))
    for name, cases in sources.items():
        assert len(cases) > 150, name
        foretold = sum(chance for chance, _ in cases) / len(cases)
        came = sum(met for _, met in cases) / len(cases)
        assert abs(foretold - came) <= 0.12, (name, foretold, came)
    cases = [case for each in sources.values() for case in each]
    often = [
        sum(met for _, met in part) / len(part)
        for low, high in ((0, 0.1), (0.1, 0.5), (0.5, 1.01))
        if (part := [case for case in cases if low <= case[0] < high])
    ]
    assert len(often) == 3
    assert often == sorted(often)
    base = sum(met for _, met in cases) / len(cases)
    brier = sum((chance - met) ** 2 for chance, met in cases) / len(cases)
    assert brier < base * (1 - base)  # better than saying the same of everything
    print(f"{len(cases)} forecasts: Brier {brier:.3f} against {base * (1 - base):.3f}, came true {often}")
