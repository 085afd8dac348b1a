"""The small line of a list: it steps, breaks where nothing was seen, and stays in its frame."""

import re

from hypothesis import given
from hypothesis import strategies as st

from pennywren.history.spark import HEIGHT, WIDTH, spark
from pennywren.model.series import State, Steps


def test_it_steps_and_never_slopes() -> None:
    line = spark(Steps([(0, 100), (500, 200)], [], 1000), 0, 1000)

    assert line is not None
    assert re.findall(r'd="([^"]+)"', line) == ["M2 30H60V2H118"]


def test_it_is_broken_where_there_was_no_offer() -> None:
    line = spark(Steps([(0, 100)], [(400, State.NO_OFFER), (600, State.OFFERED)], 1000), 0, 1000)

    assert line is not None
    assert line.count("M") == 2


def test_there_is_none_where_nothing_was_seen() -> None:
    assert spark(Steps(), 0, 1000) is None


@given(
    st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(1, 10**10)), min_size=1, max_size=30, unique_by=lambda p: p[0]
    )
)
def test_it_stays_in_its_frame(prices: list[tuple[int, int]]) -> None:
    line = spark(Steps(sorted(prices), [], 10_001), 0, 10_001)
    assert line is not None
    [path] = re.findall(r'd="([^"]+)"', line)

    for place, number in re.findall(r"([MHV ])([\d.]+)", path):
        assert 0 <= float(number) <= (WIDTH if place in "MH" else HEIGHT)
