"""What is so far from the others that an axis leaves it out: the same cases as those of the chart in the browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.history.outliers import Ordinary, ordinary
from pennywren.history.step import Span, spans
from pennywren.model.clock import DAY
from pennywren.model.series import State, Steps


def year(*points: tuple[int, int]) -> list[Span]:
    """A year of prices, each from its day on."""
    return spans(Steps([(day * DAY, price) for day, price in points], [], 365 * DAY), 0, 365 * DAY)


@pytest.mark.parametrize(
    ("points", "found"),
    [
        ([(0, 2000), (100, 199_900), (101, 2200), (200, 1), (201, 1800)], Ordinary(1800, 2200, 2)),
        ([(0, 2000), (100, 700), (101, 2000)], Ordinary(700, 2000, 0)),
        ([(0, 2000), (200, 20_000)], Ordinary(2000, 20_000, 0)),
        ([(0, 2000), (364, 20_000)], Ordinary(2000, 20_000, 0)),
    ],
    ids=["absurd, above and below", "a sale", "so for long", "the price now"],
)
def test_only_what_is_brief_and_far_is_left_out(points: list[tuple[int, int]], found: Ordinary) -> None:
    assert ordinary(year(*points)) == found


def test_a_single_look_and_no_look_at_all_have_no_outliers() -> None:
    assert ordinary([Span(5, 5, State.OFFERED, 9)]) == Ordinary(9, 9, 0)
    assert ordinary([Span(0, 5, State.NOT_OBSERVED, None)]) is None


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**10)), min_size=1, max_size=30))
def test_most_of_the_time_and_the_price_now_are_inside(lengths: list[tuple[int, int]]) -> None:
    stretches: list[Span] = []
    for length, price in lengths:
        at = stretches[-1].end if stretches else 0
        stretches.append(Span(at, at + length, State.OFFERED, price))
    found = ordinary(stretches)

    assert found is not None
    inside = [one for one in stretches if one.price is not None and found.low <= one.price <= found.high]
    assert stretches[-1] in inside
    assert len(stretches) - len(inside) == found.outside
    assert sum(one.end - one.start for one in inside) >= 0.9 * stretches[-1].end
