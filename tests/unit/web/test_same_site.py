"""Which writes were led here by another site."""

import pytest

from pennywren.web.serving.same_site import is_forged

OWN = "https://pennywren.example"
HOST = {"host": "pennywren.example"}


@pytest.mark.parametrize(
    ("headers", "forged"),
    [
        ({}, False),
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "cross-site", "origin": OWN}, True),
        ({"origin": OWN}, False),
        ({"origin": "https://evil.example"}, True),
        ({"origin": "null"}, True),
        ({"origin": "https://pennywren.example.evil.example"}, True),
        ({"origin": "chrome-extension://abcdefgh"}, True),
        ({"origin": "chrome-extension://abcdefgh", "authorization": "Bearer x"}, False),
        ({"origin": "http://127.0.0.1:8000", "host": "127.0.0.1:8000"}, False),
        ({"origin": "https://["}, True),
    ],
)
def test_a_write_of_another_site_is_told_by_its_headers(headers: dict[str, str], forged: bool) -> None:
    assert is_forged("POST", {**HOST, **headers}, OWN) is forged


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_never_forged(method: str) -> None:
    assert not is_forged(method, {"origin": "https://evil.example"}, OWN)
