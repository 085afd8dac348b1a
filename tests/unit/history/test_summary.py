"""A product's prices in a few numbers."""

from pennywren.history.summary import summarize
from pennywren.model.clock import DAY
from pennywren.model.series import OfferState, State, Steps

NOW = 1_764_028_800_000


def _offer(price: int | None, first: int | None) -> OfferState:
    return OfferState(price, 2000, NOW, first, NOW, low=900, low_at=NOW - 300 * DAY, high=5000, high_at=NOW - 200 * DAY)


def test_the_average_is_that_of_the_last_90_days() -> None:
    steps = Steps([(NOW - 300 * DAY, 900), (NOW - 90 * DAY, 3000), (NOW - 45 * DAY, 2000)], [], NOW)
    found = summarize(_offer(2000, NOW - 300 * DAY), steps)
    assert (found.average, found.recent_low, found.recent_high, found.low, found.high) == (2500, 2000, 3000, 900, 5000)
    assert (found.below_average, found.offered_share, found.known_days) == (20, 1.0, 300)


def test_time_without_an_offer_is_told_and_not_averaged() -> None:
    steps = Steps([(NOW - 80 * DAY, 3000)], [(NOW - 20 * DAY, State.NO_OFFER)], NOW)
    found = summarize(_offer(None, NOW - 80 * DAY), steps)
    assert (found.price, found.average, found.below_average, found.offered_share) == (None, 3000, None, 0.75)


def test_a_price_seen_once_is_its_own_average() -> None:
    found = summarize(_offer(2000, NOW), Steps([(NOW, 2000)], [], NOW))
    assert (found.average, found.offered_share, found.known_days, found.below_average) == (2000, None, 0, 0)
