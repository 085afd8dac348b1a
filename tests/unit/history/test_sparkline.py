"""A history in a terminal."""

from pennywren.history.answer import History, HistoryPoint
from pennywren.history.calendar import Interval
from pennywren.history.sparkline import blocks, rows, sparkline
from pennywren.model.offer import Offer
from pennywren.model.series import State, Steps


def test_the_lowest_is_the_lowest_block_and_a_gap_is_a_blank() -> None:
    steps = Steps([(0, 100), (20, 300), (60, 200)], [(30, State.NO_OFFER), (50, State.OFFERED)], 79)
    assert sparkline(steps, 0, 100, width=10) == "▁▁█  █▅▅  "


def test_a_price_that_never_moved_is_drawn_midway() -> None:
    assert blocks([5.0, None, 5.0]) == "▄ ▄"


def test_nothing_known_is_blank() -> None:
    assert sparkline(Steps(), 0, 100, width=5) == "     "


def test_a_single_look_is_drawn() -> None:
    assert sparkline(Steps([(7, 100)], [], 7), 7, 7, width=5).strip() == "▄"


def _history(points: list[HistoryPoint], currency: str) -> History:
    return History(
        "us:B08N5WRWNW", Offer.BUYBOX, currency, Interval.DAY, "", "", points, None, None, None, None, [], []
    )


def test_rows_are_decimals_of_the_currency() -> None:
    points = [HistoryPoint("t1", 1299, 999, 1599), HistoryPoint("t2", 1300)]
    assert rows(_history(points, "USD")) == [("t1", "12.99", "9.99", "15.99"), ("t2", "13.00", "", "")]
    assert rows(_history(points, "JPY"), most=1) == [("t2", "1300", "", "")]
    assert rows(_history(points, "JPY"), most=0) == []
