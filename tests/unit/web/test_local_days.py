"""Days on somebody's own clock."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.errors import BadInput
from pennywren.model.clock import rfc3339
from pennywren.web.serving.local_days import day_text, end_of_day


def test_a_day_ends_where_the_person_is() -> None:
    assert rfc3339(end_of_day("2026-12-24", "Europe/Vienna")) == "2026-12-24T23:00:00Z"
    assert rfc3339(end_of_day("2026-12-24", "UTC")) == "2026-12-25T00:00:00Z"


@given(
    st.dates(date(1990, 1, 1), date(2099, 12, 30)),
    st.sampled_from(["UTC", "Europe/Vienna", "America/Sao_Paulo", "Asia/Tokyo"]),
)
def test_a_day_that_is_shown_is_read_as_the_same_day(day: date, zone: str) -> None:
    assert day_text(end_of_day(day.isoformat(), zone), zone) == day.isoformat()


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-02-30", "9999-12-31", "24.12.2026"])
def test_what_is_no_day_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadInput, match="write it like"):
        end_of_day(text, "UTC")
