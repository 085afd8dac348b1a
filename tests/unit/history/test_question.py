"""Reading the query of a history, and its canonical form."""

import pytest

from pennywren.errors import BadQuery
from pennywren.history.question import Question, parse_question, resolve
from pennywren.model.clock import DAY, HOUR
from pennywren.model.offer import Offer

MIDNIGHT = 1_764_028_800_000  # 2025-11-25
NOW = MIDNIGHT + 10 * HOUR + 17
TOMORROW = MIDNIGHT + DAY


def test_without_a_word_it_is_the_whole_history_of_the_buy_box_until_tonight() -> None:
    assert parse_question({}, NOW) == Question(Offer.BUYBOX, None, None, TOMORROW)
    assert parse_question({"startTime": "0", "endTime": "", "interval": ""}, NOW) == parse_question({}, NOW)


@pytest.mark.parametrize(
    "start",
    ["1763942400", "2025-11-24", "2025-11-24T00:00:00Z", "2025-11-24T02:00:00+02:00", "2025-11-24T02:00:00 02:00"],
)
def test_times_are_seconds_or_dates_or_rfc_3339(start: str) -> None:
    assert parse_question({"startTime": start, "interval": "day"}, NOW).start == MIDNIGHT - DAY


def test_a_range_goes_out_to_the_edges_of_its_buckets_so_that_neighbours_share_an_answer() -> None:
    asked = {"startTime": "2025-11-20T10:00:00Z", "endTime": "2025-11-22T10:00:00Z", "interval": "daily"}
    other = {"startTime": "2025-11-20T23:59:59Z", "endTime": "2025-11-22T00:00:01.5Z", "interval": "day"}
    question = parse_question(asked, NOW)
    assert (question.start, question.end) == (MIDNIGHT - 5 * DAY, MIDNIGHT - 2 * DAY)
    assert parse_question(other, NOW).key == question.key


def test_an_end_in_the_future_is_tonight() -> None:
    assert parse_question({"endTime": "2030-01-01"}, NOW).key == parse_question({}, NOW + HOUR).key


def test_every_part_of_a_question_is_in_its_key() -> None:
    base = {"startTime": "2025-11-01", "endTime": "2025-11-10", "interval": "day", "offer": "new"}
    others = [{"startTime": "2025-11-02"}, {"endTime": "2025-11-11"}, {"interval": "hour"}, {"offer": "used"}]
    keys = {parse_question(base | other, NOW).key for other in [{}, *others]}
    assert len(keys) == 5


def test_the_interval_is_chosen_by_the_span() -> None:
    assert parse_question({"startTime": "2025-11-24T12:00:00Z"}, NOW).interval == "raw"
    assert parse_question({"startTime": "2025-11-20"}, NOW).interval == "hour"
    assert parse_question({"startTime": "2023-11-25"}, NOW).interval == "day"
    assert resolve(parse_question({}, NOW), MIDNIGHT - 30 * DAY).interval == "day"
    assert resolve(parse_question({}, NOW), None).interval == "raw"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"startTime": "yesterday"}, "startTime='yesterday' is not a time"),
        ({"endTime": "2025-02-30"}, "endTime='2025-02-30' is not a time"),
        ({"startTime": "2025-11-24T02:00:00"}, "is not a time"),
        ({"startTime": "٢٠٢٥-11-24"}, "is not a time"),
        ({"startTime": "1764028800000"}, "looks like milliseconds"),
        ({"startTime": "-5"}, "is not a time"),
        ({"startTime": "1960-01-01"}, "lies before 1970"),
        ({"startTime": "0001-01-01T00:00:00+23:59"}, "is not a time|lies before 1970"),
        ({"startTime": "2025-11-10", "endTime": "2025-11-09"}, "does not lie before endTime 2025-11-09"),
        ({"startTime": "2025-11-10", "endTime": "2025-11-10"}, "does not lie before"),
        ({"startTime": "2026-11-10"}, "lies in the future"),
        ({"interval": "minute"}, "interval='minute' is not known: there are raw, hour"),
        ({"offer": "refurbished"}, "offer='refurbished' is not known: there are buybox"),
        ({"startTime": "2020-01-01", "interval": "hour"}, "51744 hours are more than .* ask for interval=day"),
        ({"startTime": "1970-01-02", "interval": "day"}, "ask for interval=week"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_sentence(query: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadQuery, match=sentence):
        parse_question(query, NOW)


def test_too_many_buckets_are_refused_also_where_only_the_history_says_how_many() -> None:
    question = parse_question({"interval": "hour"}, NOW)
    assert resolve(question, MIDNIGHT - 100 * DAY).start == MIDNIGHT - 100 * DAY
    with pytest.raises(BadQuery, match="ask for interval=day"):
        resolve(question, MIDNIGHT - 3000 * DAY)


def test_a_layout_is_another_question_of_the_same_range() -> None:
    rows, columns = parse_question({"layout": "rows"}, NOW), parse_question({"layout": "columns"}, NOW)
    assert rows == parse_question({}, NOW)
    assert (columns.start, columns.end, columns.interval) == (rows.start, rows.end, rows.interval)
    assert columns.key != rows.key
    with pytest.raises(BadQuery, match="there are rows, columns"):
        parse_question({"layout": "table"}, NOW)
