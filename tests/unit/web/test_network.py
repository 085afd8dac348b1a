"""Whose network a request comes from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.web.serving.network import UNKNOWN, client_network


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "network"),
    [
        ("203.0.113.9", [], 0, "203.0.113.0/24"),
        ("2001:db8:1:2::3", [], 0, "2001:db8:1::/48"),
        ("::ffff:203.0.113.9", [], 0, "203.0.113.0/24"),
        ("fe80::1%eth0", [], 0, "fe80::/48"),
        (None, [], 0, UNKNOWN),
        ("a socket", [], 0, UNKNOWN),
        ("203.0.113.9", ["198.51.100.1"], 0, "203.0.113.0/24"),
        ("10.0.0.1", ["198.51.100.1"], 1, "198.51.100.0/24"),
        ("10.0.0.1", ["192.0.2.1, 198.51.100.1"], 1, "198.51.100.0/24"),
        ("10.0.0.1", ["192.0.2.1", "198.51.100.1"], 1, "198.51.100.0/24"),
        ("10.0.0.1", ["192.0.2.1, 198.51.100.1, 10.0.0.2"], 2, "198.51.100.0/24"),
        ("10.0.0.1", ["198.51.100.1:4711"], 1, "198.51.100.0/24"),
        ("10.0.0.1", ["[2001:db8::1]:4711"], 1, "2001:db8::/48"),
        ("10.0.0.1", ["junk"], 1, UNKNOWN),
        ("10.0.0.1", [], 2, "10.0.0.0/24"),
    ],
)
def test_the_client_is_the_right_most_hop_that_is_not_ours(
    peer: str | None, forwarded: list[str], trusted: int, network: str
) -> None:
    assert client_network(peer, forwarded, trusted) == network


@given(st.lists(st.text()), st.integers(1, 3))
def test_what_a_client_writes_left_of_our_proxies_changes_nothing(written: list[str], trusted: int) -> None:
    ours = [", ".join(["198.51.100.7", *(f"10.0.0.{i}" for i in range(1, trusted))])]

    assert client_network("10.0.0.9", [*written, *ours], trusted) == "198.51.100.0/24"


@given(st.text(), st.lists(st.text()), st.integers(0, 4))
def test_any_header_has_an_answer(peer: str, forwarded: list[str], trusted: int) -> None:
    assert client_network(peer, forwarded, trusted)
