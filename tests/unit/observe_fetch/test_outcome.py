"""What an answer and a reading mean."""

from datetime import UTC, datetime

import pytest

from pennywren.model.product import ProductID
from pennywren.observe.fetch import Fetched, Trouble, parse_retry_after
from pennywren.observe.outcome import Outcome, meaning, meaning_without_page
from pennywren.observe.page.reading import OfferReading, PageReading
from pennywren.observe.robots import read_robots

PRODUCT = ProductID("us", "B08N5WRWNW")
NOW = datetime(2025, 11, 25, 10, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fetched", "outcome"),
    [
        (Fetched(404), Outcome.GONE),
        (Fetched(410), Outcome.GONE),
        (Fetched(403), Outcome.BLOCKED),
        (Fetched(429), Outcome.BLOCKED),
        (Fetched(503), Outcome.BLOCKED),
        (Fetched(500), Outcome.UNREACHABLE),
        (Fetched(302, location="http://169.254.169.254/"), Outcome.UNREADABLE),
        (Fetched(trouble=Trouble.TIMEOUT), Outcome.UNREACHABLE),
        (Fetched(trouble=Trouble.UNREACHABLE), Outcome.UNREACHABLE),
        (Fetched(trouble=Trouble.TOO_LARGE), Outcome.UNREADABLE),
    ],
)
def test_an_answer_that_is_no_page_is_never_read(fetched: Fetched, outcome: Outcome) -> None:
    found = meaning_without_page(fetched)
    assert found is not None
    assert found.outcome is outcome


def test_a_page_has_to_be_read() -> None:
    assert meaning_without_page(Fetched(200, b"<html>")) is None


@pytest.mark.parametrize(
    ("reading", "outcome"),
    [
        (PageReading(kind="captcha"), Outcome.BLOCKED),
        (PageReading(kind="error", reason="Page Not Found"), Outcome.GONE),
        (PageReading(kind="error", reason="/error/404"), Outcome.GONE),
        (PageReading(kind="error", reason="cs_503_"), Outcome.BLOCKED),
        (PageReading(kind="other"), Outcome.UNREADABLE),
        (PageReading(kind="unreadable", reason="parser_timeout"), Outcome.UNREADABLE),
        (PageReading(kind="product", product_id="us:B0CVCV33BG"), Outcome.UNREADABLE),
        (
            PageReading(
                kind="product", product_id=str(PRODUCT), offers={"buybox": OfferReading(price=1, currency="USD")}
            ),
            Outcome.PRODUCT,
        ),
    ],
)
def test_only_the_page_of_the_product_that_was_asked_for_counts(reading: PageReading, outcome: Outcome) -> None:
    assert meaning(PRODUCT, reading).outcome is outcome


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("120", 120),
        (" 7 ", 7),
        ("999999999", 86_400),
        ("Tue, 25 Nov 2025 10:41:30 GMT", 90),
        ("Tue, 25 Nov 2025 10:39:00 GMT", 0),
        ("Tue, 25 Nov 2099 10:39:00 GMT", 86_400),
        ("soon", None),
        ("-5", None),
        ("Tue, 99 Foo 2025", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    assert parse_retry_after(text, NOW) == seconds


@pytest.mark.parametrize(
    ("fetched", "reachable"),
    [
        (Fetched(200, b"User-agent: *\nDisallow: /"), True),
        (Fetched(404), True),
        (Fetched(403), True),
        (Fetched(429), False),
        (Fetched(500), False),
        (Fetched(302, location="/"), False),
        (Fetched(trouble=Trouble.TIMEOUT), False),
    ],
)
def test_a_host_that_cannot_be_asked_for_its_rules_is_left_alone(fetched: Fetched, reachable: bool) -> None:
    assert read_robots(fetched)[0] is reachable
