"""New products begin with what others of their marketplace and price class taught."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.frontier.due import Bounds
from pennywren.frontier.planning import Planner
from pennywren.frontier.priors import LookedAt, Priors, price_class
from pennywren.frontier.rate import PRIOR, RATES, Chances, mean_rate

FAST: Chances = tuple(float(k == 14) for k in range(len(RATES)))
SLOW: Chances = tuple(float(k == 1) for k in range(len(RATES)))


def test_without_experience_all_begin_with_the_general_prior() -> None:
    assert Priors().of("us", 1599) == PRIOR


def test_a_class_learns_from_its_own_and_leans_on_its_marketplace() -> None:
    priors = Priors().learned([LookedAt("us", 1599, 1.0, FAST)] * 400 + [LookedAt("us", 90_000, 1.0, SLOW)] * 400)
    cheap, dear, other = (mean_rate(priors.of("us", price)) for price in (1700, 80_000, 300_000))
    assert cheap > other > dear
    assert priors.of("de", 1599) == PRIOR
    assert mean_rate(priors.of("us", 1599)) > mean_rate(
        Priors().learned([LookedAt("us", 1599, 1.0, FAST)] * 5).of("us", 1599)
    )


def test_later_products_replace_earlier_ones() -> None:
    priors = Priors().learned([LookedAt("us", 1599, 1.0, FAST)] * 5000)
    for _ in range(10):
        priors = priors.learned([LookedAt("us", 1599, 1.0, SLOW)] * 2000)
    assert mean_rate(priors.of("us", 1599)) < mean_rate(PRIOR) * 2


known = st.builds(
    LookedAt,
    st.sampled_from(["us", "de"]),
    st.one_of(st.none(), st.integers(1, 10**10)),
    st.floats(0, 100),
    st.just(FAST),
)


@given(st.lists(known))
def test_a_prior_rules_nothing_out(sample: list[LookedAt]) -> None:
    priors = Priors().learned(sample)
    for each in sample:
        prior = priors.of(each.marketplace, each.price)
        assert sum(prior) == pytest.approx(1)
        assert min(prior) > 0


@pytest.mark.parametrize(
    ("price", "name"), [(None, "-"), (0, "-"), (1, "0.0"), (99, "1.5"), (100, "2.0"), (316, "2.0"), (1599, "3.0")]
)
def test_classes_are_half_orders_of_magnitude(price: int | None, name: str) -> None:
    assert price_class(price) == name


def test_how_both_aims_are_weighed_follows_from_what_people_wait_for() -> None:
    bounds = Bounds(300)
    planner = Planner(bounds)
    planner.learn(bounds, Priors().learned([LookedAt("us", 1599, 1.0, FAST)] * 10))
    assert planner.bounds == bounds, "too few to go by"
    weights: list[float] = []
    for waited_for, other in ((FAST, SLOW), (SLOW, FAST)):
        sample = [LookedAt("us", 1599, 5.0, waited_for)] * 30 + [LookedAt("us", 1599, 0.01, other)] * 300
        planner.learn(bounds, Priors().learned(sample))
        weights.append(planner.bounds.kappa_s)
    assert weights[0] < bounds.kappa_s < weights[1]
