"""A history without a sample is the history of the looks that did not show it."""

from hypothesis import given
from hypothesis import strategies as st

from pennywren.model.series import State, Steps
from pennywren.record.withdrawal import Sample, sample_at, without
from tests.redis.record.reference import ReferenceProduct

FOREVER = 10**9


def _recorded(looks: list[tuple[int, int | None]], gap: int = FOREVER) -> Steps:
    product = ReferenceProduct(now=10**12, gap=gap)
    for at, price in looks:
        product.record(at, price, "USD")
    return product.offer.steps()


_LOOKS = st.lists(st.tuples(st.integers(1, 5), st.sampled_from([None, 100, 200, 300])), min_size=1, max_size=14).map(
    lambda steps: [(10 * sum(step for step, _ in steps[: i + 1]), price) for i, (_, price) in enumerate(steps)]
)


@given(_LOOKS, st.integers(0, 13))
def test_it_equals_a_fresh_recording_of_all_other_looks(looks: list[tuple[int, int | None]], which: int) -> None:
    steps = _recorded(looks)
    sample = sample_at(steps, looks[which % len(looks)][0])
    if sample is None:
        return
    others = [look for look in looks if look[0] < sample.at or (sample.until is not None and look[0] >= sample.until)]
    left, expected = without(steps, sample), _recorded(others)
    assert (left.prices, left.states) == (expected.prices, expected.states)
    if sample.until is not None:
        assert left.last_seen == expected.last_seen
    else:
        assert expected.last_seen <= left.last_seen < sample.at or left.last_seen == 0


@given(_LOOKS, st.integers(0, 13))
def test_with_silences_it_is_still_a_history_without_the_sample(
    looks: list[tuple[int, int | None]], which: int
) -> None:
    steps = _recorded(looks, gap=25)
    sample = sample_at(steps, looks[which % len(looks)][0])
    if sample is None:
        return
    left = without(steps, sample)
    for points in (left.prices, left.states):
        assert [at for at, _ in points] == sorted({at for at, _ in points})
    assert all(early[1] != late[1] for early, late in zip(left.prices, left.prices[1:], strict=False))
    assert left.last_seen >= max([at for at, _ in left.prices] + [at for at, _ in left.states], default=0)
    inside = sample_at(left, sample.at)
    assert inside is None or inside.at != sample.at


def test_a_false_low_disappears_and_the_price_before_it_holds() -> None:
    steps = _recorded([(10, 1599), (20, 99), (30, 1599), (40, 1499)])
    assert sample_at(steps, 25) == Sample(99, 20, 30)
    assert without(steps, Sample(99, 20, 30)) == Steps([(10, 1599), (40, 1499)], [], 40)


def test_where_it_is_believed_still_the_history_ends_before_it() -> None:
    steps = _recorded([(10, 1599), (20, 99), (30, 99)])
    assert without(steps, Sample(99, 20, None)) == Steps([(10, 1599)], [], 19)


def test_a_false_return_leaves_the_absence() -> None:
    steps = _recorded([(10, 1599), (20, None), (30, 99), (40, 1499)])
    assert without(steps, Sample(99, 30, 40)) == Steps(
        [(10, 1599), (40, 1499)], [(20, State.NO_OFFER), (40, State.OFFERED)], 40
    )


def test_nothing_is_left_of_a_history_that_was_nothing_else() -> None:
    assert without(_recorded([(10, 99), (20, 99)]), Sample(99, 10, None)) == Steps()
