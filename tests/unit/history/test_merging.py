"""Imports fill in where we did not look."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pennywren.history.merging import merge
from pennywren.history.sources.found import steps_of
from pennywren.model.series import State, Steps
from tests.unit.history.brute_force import state_and_price

GAP = 10


@st.composite
def recorded(draw: st.DrawFn) -> Steps:
    """A history as looks make it, with what was not observed between distant ones."""
    at = draw(st.integers(0, 40))
    looks: list[tuple[int, int | None]] = []
    for step, price in draw(st.lists(st.tuples(st.integers(1, GAP), st.none() | st.integers(1, 4)), max_size=8)):
        at += step
        looks.append((at, price))
    return steps_of(looks, looks[-1][0] + draw(st.integers(0, 8))) if looks else Steps()


def _begin(steps: Steps) -> int:
    return min([at for at, _ in steps.prices] + [at for at, _ in steps.states])


@given(recorded(), recorded())
def test_our_own_looks_win_and_an_import_fills_in_around_them(ours: Steps, theirs: Steps) -> None:
    merged = merge(ours, theirs, GAP)
    if not ours.last_seen or not theirs.last_seen:
        assert merged == (ours if ours.last_seen else theirs)
        return
    begin = _begin(ours)
    for at in range(130):
        if begin <= at <= ours.last_seen:
            assert state_and_price(merged, at) == state_and_price(ours, at)
        elif at < min(begin, theirs.last_seen + 1):
            assert state_and_price(merged, at) == state_and_price(theirs, at)
    assert merged.last_seen >= ours.last_seen
    agreed = state_and_price(ours, ours.last_seen) == state_and_price(theirs, ours.last_seen)
    later = [at for points in (theirs.prices, theirs.states) for at, _ in points if at > ours.last_seen]
    since = ours.last_seen + 1 if agreed else min(later, default=None)
    if since is not None and theirs.last_seen > ours.last_seen:
        for at in range(since, 130):
            assert state_and_price(merged, at) == state_and_price(theirs, at)


@given(recorded(), recorded())
def test_importing_again_changes_nothing(ours: Steps, theirs: Steps) -> None:
    merged = merge(ours, theirs, GAP)
    assert merge(merged, theirs, GAP) == merged


@given(recorded(), recorded())
def test_a_merged_history_is_one_that_can_be_written(ours: Steps, theirs: Steps) -> None:
    merged = merge(ours, theirs, GAP)
    for times in ([at for at, _ in merged.prices], [at for at, _ in merged.states]):
        assert all(a < b for a, b in pairwise(times))
        assert not times or times[-1] <= merged.last_seen
    assert all(a[1] != b[1] for a, b in zip(merged.prices, merged.prices[1:], strict=False))


def test_a_long_silence_between_an_import_and_our_first_look_is_not_observed() -> None:
    ours, theirs = Steps([(100, 7)], [], 120), Steps([(10, 5)], [], 30)
    merged = merge(ours, theirs, GAP)
    assert merged == Steps([(10, 5), (100, 7)], [(31, State.NOT_OBSERVED), (100, State.OFFERED)], 120)


def test_over_a_short_silence_the_price_holds() -> None:
    assert merge(Steps([(35, 7)], [], 50), Steps([(10, 5)], [], 30), GAP) == Steps([(10, 5), (35, 7)], [], 50)


def test_a_file_that_has_grown_appends_its_new_end() -> None:
    early, grown = Steps([(10, 5)], [], 30), Steps([(10, 5), (40, 6)], [(50, State.NO_OFFER)], 60)
    assert merge(early, grown, GAP) == grown
