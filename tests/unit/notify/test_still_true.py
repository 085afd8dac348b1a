"""What was held is checked again: whether it is still what was asked for."""

import pytest

from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import (
    AllTimeLow,
    AnyChange,
    BackInStock,
    Base,
    Drop,
    LowestInDays,
    OutOfStock,
    PriceAtOrAbove,
    PriceAtOrBelow,
    Rise,
    Rule,
)
from pennywren.model.series import OfferState
from pennywren.notify.reasons import Asked
from pennywren.notify.still_true import is_still_true
from pennywren.store.state import ProductState

OLD, TOLD = 2000, 1500


def state(price: int | None, currency: str = "USD") -> ProductState:
    offer = OfferState(price, price or TOLD, 1, 1, 2, TOLD, 1, OLD, 1)
    return ProductState(ProductID.parse("us:B08N5WRWNW"), "raw", 1, currency, 2, None, None, {Offer.BUYBOX: offer})


@pytest.mark.parametrize(
    ("rule", "so", "not_so"),
    [
        (PriceAtOrBelow(1600), [1600, 1400], [1601, None]),
        (PriceAtOrAbove(1400), [1400, 1600], [1399, None]),
        (Drop(Base.SUBSCRIPTION, percent=20), [1600, 1400], [1601, None]),
        (Rise(Base.SUBSCRIPTION, amount=500), [2500], [2499, None]),
        (AllTimeLow(), [1500, 1400], [1501, None]),
        (LowestInDays(90), [1500, 1400], [1501, None]),
        (AnyChange(percent=10), [1500, 1800, 2200], [1801, 2000, 2199, None]),
        (AnyChange(amount=300), [1500, 1700, 2300], [1701, 2299, None]),
        (BackInStock(), [1500, 9999], [None]),
        (OutOfStock(), [None], [1500]),
    ],
)
def test_what_each_kind_asks_for_must_be_so_now(rule: Rule, so: list[int | None], not_so: list[int | None]) -> None:
    asked = Asked(Offer.BUYBOX, rule, base_price=OLD)
    for prices, still in ((so, True), (not_so, False)):
        found = [is_still_true(state(price), "USD", asked, OLD, TOLD) for price in prices]
        assert found == [still] * len(prices)


def test_of_what_is_not_known_nothing_is_so() -> None:
    asked = Asked(Offer.BUYBOX, PriceAtOrBelow(1600))
    assert not is_still_true(None, "USD", asked, OLD, TOLD)
    assert not is_still_true(state(TOLD, "EUR"), "USD", asked, OLD, TOLD)
    assert not is_still_true(state(TOLD), "USD", Asked(Offer.USED, PriceAtOrBelow(1600)), OLD, TOLD)


@pytest.mark.parametrize("about", ["expiry", "correction"])
def test_that_a_watch_ends_or_a_price_was_false_is_so_whatever_the_price(about: str) -> None:
    assert is_still_true(None, "USD", Asked(Offer.BUYBOX, AllTimeLow(), about=about), None, None)
