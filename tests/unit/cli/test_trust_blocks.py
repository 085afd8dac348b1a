"""What `trust block` takes for a reporter and for a network."""

import pytest

from pennywren.cli.trust_blocks import Subject, checked_reason, parse_subject
from pennywren.errors import BadInput
from pennywren.trust.hearsay import Voice
from pennywren.trust.judge import Reason
from pennywren.trust.networks import network_name
from pennywren.trust.words import WORDS, in_words


@pytest.mark.parametrize(
    ("typed", "subject"),
    [
        ("5f3a9c0d1e2b4a68", Subject("5f3a9c0d1e2b4a68", False)),
        (" 5F3A9C0D1E2B4A68 ", Subject("5f3a9c0d1e2b4a68", False)),
        (" 192.0.2.77 ", Subject("192.0.2.0/24", True)),
        ("192.0.2.0/24", Subject("192.0.2.0/24", True)),
        ("192.0.2.128/25", Subject("192.0.2.0/24", True)),
        ("2001:db8:1:2::5", Subject("2001:db8:1::/48", True)),
    ],
)
def test_an_address_stands_for_its_network(typed: str, subject: Subject) -> None:
    assert parse_subject(typed) == subject


@pytest.mark.parametrize(
    "typed", ["", "10.0.0.0/8", "2001:db8::/32", "a/b", "192.0.2", "anna", "5f3a9c0d1e2b4a6", "x" * 300]
)
def test_what_is_neither_is_refused(typed: str) -> None:
    with pytest.raises(BadInput):
        parse_subject(typed)


def test_a_network_is_known_by_its_keyed_name() -> None:
    is_theirs = parse_subject("192.0.2.9").is_theirs(b"key")
    said = [
        Voice(999, 1, "anna", network_name(b"key", network), 0.5) for network in ("192.0.2.0/24", "198.51.100.0/24")
    ]
    assert [is_theirs(voice) for voice in said] == [True, False]


def test_a_reason_is_asked_for() -> None:
    assert checked_reason("  it   lies ") == "it lies"
    with pytest.raises(BadInput, match="say why"):
        checked_reason("  ")


def test_every_reason_of_a_verdict_has_its_sentence() -> None:
    assert {reason.value for reason in Reason} <= WORDS.keys()
    assert in_words("unproven").startswith("not likely enough")
    assert in_words("of_a_newer_version") == "of_a_newer_version"
