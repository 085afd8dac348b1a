"""A startling price that one egress saw is looked at again from elsewhere, and is false where two others contradict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.model.clock import MINUTE
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.trust.doubts import Doubt, Step, doubt_field, doubted, look_again, read_doubts
from pennywren.trust.judge import Reason, Waiting, judge
from tests.unit.trust.test_judge import NOW, _belief  # pyright: ignore[reportPrivateUsage]

DOUBT = Doubt(499, 1599, NOW, "e1")


@pytest.mark.parametrize(
    ("price", "before", "startles"),
    [
        (499, 1599, True),
        (960, 1599, False),
        (958, 1599, True),
        (8000, 1599, True),
        (None, 1599, False),
        (1, None, False),
    ],
)
def test_only_what_falls_far_or_rises_manifold_is_doubted(
    price: int | None, before: int | None, startles: bool
) -> None:
    assert (doubted(price, before, NOW, "e1") is not None) is startles


def test_two_crawls_of_others_that_see_the_old_price_make_it_false() -> None:
    step, doubt = look_again(DOUBT, 1599, "e2", NOW + MINUTE)
    assert step is Step.ASK
    assert look_again(doubt, 1600, "e2", NOW + 2 * MINUTE)[0] is Step.FALSE


def test_whoever_else_sees_it_too_settles_it_and_so_does_a_third_price() -> None:
    for seen in (499, 1299, None):
        assert look_again(DOUBT, seen, "e2", NOW + MINUTE)[0] is Step.SETTLED


def test_the_same_egress_says_nothing_new_and_does_not_ask_for_ever() -> None:
    doubt, asked = DOUBT, 0
    for _ in range(20):
        step, doubt = look_again(doubt, 499, "e1", NOW + MINUTE)
        asked += step is Step.ASK
    assert asked == 4
    assert look_again(DOUBT, 1599, "e1", NOW + MINUTE)[0] is Step.WAIT


def test_later_on_another_price_is_just_another_price() -> None:
    assert look_again(DOUBT, 1599, "e2", NOW + 31 * MINUTE)[0] is Step.SETTLED


@given(st.builds(Doubt, *(st.integers(0, 10**12) for _ in range(3)), st.from_regex(r"[a-z0-9-]{1,9}", fullmatch=True)))
def test_every_doubt_reads_back(doubt: Doubt) -> None:
    assert read_doubts({doubt_field(Offer.USED): doubt.write(), "gone": "5"}) == {Offer.USED: doubt}


def test_where_there_are_several_egresses_the_second_look_is_anothers() -> None:
    look = Look(ProductID("us", "B08N5WRWNW"), "USD", {Offer.BUYBOX: 100})
    waiting = {Offer.BUYBOX: Waiting(100, NOW, "e1")}
    reasons = [
        judge(look, _belief(1599), waiting, NOW + later, egress).verdicts[Offer.BUYBOX].reason
        for egress, later in (("e1", MINUTE), ("e2", MINUTE), ("", MINUTE), ("e1", 10 * MINUTE))
    ]
    assert reasons == [Reason.TOO_GOOD, Reason.SEEN_TWICE, Reason.SEEN_TWICE, Reason.SEEN_TWICE]
