"""Verdicts over what a crawl saw."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.model.clock import DAY
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import OfferState
from pennywren.store.state import ProductState
from pennywren.trust.judge import Judgement, Kind, Reason, Verdict, Waiting, judge
from pennywren.trust.waiting import read_waiting, write_waiting

PRODUCT = ProductID("us", "B08N5WRWNW")
NOW = 1_764_067_200_000


def _belief(price: int | None, last_price: int | None = None, currency: str = "USD") -> ProductState:
    last = last_price or price
    offer = OfferState(price, last, NOW - DAY, NOW - DAY, NOW - DAY, last, NOW - DAY, last, NOW - DAY)
    return ProductState(PRODUCT, "raw", 1, currency, 1, None, None, {Offer.BUYBOX: offer})


def _look(price: int | None, currency: str = "USD") -> Look:
    return Look(PRODUCT, currency, {Offer.BUYBOX: price})


def _verdict(look: Look, belief: ProductState | None, waiting: dict[Offer, Waiting] | None = None) -> Verdict:
    return judge(look, belief, waiting or {}, NOW).verdicts[Offer.BUYBOX]


@pytest.mark.parametrize(
    ("price", "believed", "kind", "reason"),
    [
        (1299, 1599, Kind.ACCEPTED, Reason.PLAUSIBLE),
        (320, 1599, Kind.ACCEPTED, Reason.PLAUSIBLE),
        (319, 1599, Kind.HELD, Reason.TOO_GOOD),
        (1, 1599, Kind.HELD, Reason.TOO_GOOD),
        (7995, 1599, Kind.ACCEPTED, Reason.PLAUSIBLE),
        (7996, 1599, Kind.HELD, Reason.TOO_DEAR),
        (159900, 1599, Kind.HELD, Reason.TOO_DEAR),
        (None, 1599, Kind.ACCEPTED, Reason.NO_OFFER),
        (0, 1599, Kind.REJECTED, Reason.OUT_OF_BOUNDS),
        (-5, 1599, Kind.REJECTED, Reason.OUT_OF_BOUNDS),
        (10**10 + 1, 10**10, Kind.REJECTED, Reason.OUT_OF_BOUNDS),
    ],
)
def test_a_price_is_held_when_it_is_far_from_what_is_believed(
    price: int | None, believed: int, kind: Kind, reason: Reason
) -> None:
    assert _verdict(_look(price), _belief(believed)) == Verdict(kind, reason)


def test_a_first_price_has_nothing_to_contradict() -> None:
    assert _verdict(_look(1), None) == Verdict(Kind.ACCEPTED, Reason.FIRST)


def test_a_product_that_was_out_of_stock_is_compared_with_its_last_price() -> None:
    assert _verdict(_look(100), _belief(None, last_price=1599)).reason is Reason.TOO_GOOD


def test_a_second_crawl_that_sees_the_same_settles_it() -> None:
    waiting = {Offer.BUYBOX: Waiting(99, NOW - 60_000)}
    assert _verdict(_look(99), _belief(1599), waiting) == Verdict(Kind.ACCEPTED, Reason.SEEN_TWICE)
    assert _verdict(_look(98), _belief(1599), waiting).kind is Kind.HELD
    long_ago = {Offer.BUYBOX: Waiting(99, NOW - DAY - 1)}
    assert _verdict(_look(99), _belief(1599), long_ago).kind is Kind.HELD


def test_currencies_are_never_mixed() -> None:
    assert _verdict(_look(1599, "EUR"), None).reason is Reason.FOREIGN_CURRENCY
    assert _verdict(_look(1599, "USD"), _belief(1599, currency="EUR")).reason is Reason.OTHER_CURRENCY


def test_one_doubtful_offer_does_not_hold_the_others() -> None:
    look = Look(PRODUCT, "USD", {Offer.BUYBOX: 1, Offer.NEW: 1500})
    judgement: Judgement = judge(look, _belief(1599), {}, NOW)
    assert judgement.of_kind(Kind.HELD) == [Offer.BUYBOX]
    assert judgement.of_kind(Kind.ACCEPTED) == [Offer.NEW]


@given(st.integers(1, 10**10), st.integers(1, 10**10))
def test_no_jump_of_more_than_80_percent_is_ever_believed_at_once(price: int, believed: int) -> None:
    accepted = _verdict(_look(price), _belief(believed)).kind is Kind.ACCEPTED
    assert accepted == (believed * 0.2 <= price <= believed * 5)


@given(st.integers(1, 10**10), st.integers(0, 1 << 45))
def test_what_waits_is_read_as_it_was_written(price: int, at: int) -> None:
    fields = {"buybox": write_waiting(price, at), "gone": "123", "used": "nonsense"}
    assert read_waiting(fields) == {Offer.BUYBOX: Waiting(price, at)}
