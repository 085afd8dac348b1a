"""Which representation an Accept header prefers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.web.serving.negotiation import prefers_html

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/html", True),
        (FIREFOX, True),
        ("text/*", True),
        ("application/*", False),
        ("text/html, application/json", False),
        ("text/html;q=0.5, application/json;q=0.4", True),
        ("text/html;q=0.4, */*;q=0.5", False),
        ("text/html;q=0", False),
        ("TEXT/HTML", True),
        ("text/html;level=1;q=0.9, application/json;q=0.8", True),
        ("text/html;q=abc", False),
        ("text/html;q=nan", False),
        ("application/problem+json", False),
    ],
)
def test_a_page_is_shown_only_where_html_is_preferred(accept: str | None, html: bool) -> None:
    assert prefers_html(accept) is html


@given(st.text())
def test_any_accept_header_has_an_answer(accept: str) -> None:
    assert prefers_html(accept) in (True, False)
