"""Which buckets are read from where."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pennywren.history.plan import plan, runs
from pennywren.model.series import State, Steps
from tests.unit.history.brute_force import brute, histories, state_and_price

bucket_lists = st.sets(st.integers(0, 200)).map(sorted)


@given(bucket_lists, st.integers(1, 20))
def test_runs_hold_every_bucket_and_are_never_too_many(buckets: list[int], most: int) -> None:
    found = runs(buckets, most)
    assert len(found) <= most
    assert all(first <= last for first, last in found)
    assert all(one[1] + 1 < other[0] for one, other in pairwise(found))
    assert all(any(first <= bucket <= last for first, last in found) for bucket in buckets)
    ends = {edge for run in found for edge in run}
    assert ends <= set(buckets)


def test_runs_leave_out_the_widest_gaps() -> None:
    assert runs([1, 2, 5, 50, 52, 90], 3) == [(1, 5), (50, 52), (90, 90)]


@given(histories(), st.integers(3, 20), st.sets(st.integers(0, 30)))
def test_a_compaction_is_believed_only_where_the_offer_was_there_all_the_time(
    steps: Steps, length: int, kept: set[int]
) -> None:
    edges = list(range(0, 90, length))
    outline = Steps([(at, 1) for at, _ in steps.prices[:1]], steps.states, steps.last_seen)
    shared = plan(outline, edges, kept)
    for i, (start, end) in enumerate(pairwise(edges)):
        whole = all(state_and_price(steps, at)[0] is State.OFFERED and at < steps.last_seen for at in range(start, end))
        known = brute(steps, start, end) is not None
        assert (i in shared.compacted) == (whole and i in kept)
        assert (i in shared.exact) == (known and not (whole and i in kept))
